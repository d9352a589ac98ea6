//! Clearing away: multipart uploads that nobody has completed or given up, and that cost storage until somebody does.
//!
//! A lifecycle rule of the bucket does the same by the day: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>.
//! This is for services that have none, and for those who want to look first.

use std::time::{Duration, SystemTime};

use crate::app::{BuildError, connect_all};
use crate::aws::StorageError;
use crate::config::{Config, Secrets};
use crate::metrics::Metrics;

/// What is to be cleared away.
#[derive(Debug, Clone)]
pub struct SweepOptions {
    /// Only what was opened longer ago.
    pub older_than: Duration,
    /// Only at this site; at all of them without one.
    pub site: Option<String>,
    /// Only keys that begin so.
    pub prefix: String,
    /// Whether they are aborted, or only told of.
    pub abort: bool,
}

/// An upload that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// The id of the site.
    pub site: String,
    pub key: String,
    pub age: Duration,
}

/// Why the work is not done.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("an upload may be alive for {} h, by tickets.max_lifetime; abort only what is older", lifetime.as_secs() / 3600)]
    MayBeAlive { lifetime: Duration },
    #[error("there is no site `{0}` in the configuration")]
    UnknownSite(String),
    #[error("the site `{site}` does not do it: {problem}")]
    Storage { site: String, problem: String },
}

/// Looks for uploads, page by page, and tells `found` of each one, after it is aborted where that is asked for.
pub async fn sweep(
    config: &Config,
    mut secrets: Secrets,
    options: &SweepOptions,
    now: SystemTime,
    mut found: impl FnMut(&Stale),
) -> Result<(), SweepError> {
    let lifetime = config.tickets.max_lifetime;
    if options.abort && options.older_than < lifetime {
        return Err(SweepError::MayBeAlive { lifetime });
    }
    let mut sites = connect_all(config, &mut secrets, &Metrics::new()).await?;
    if let Some(only) = &options.site {
        sites.retain(|site| site.id == *only);
        if sites.is_empty() {
            return Err(SweepError::UnknownSite(only.clone()));
        }
    }
    for site in &sites {
        let failed = |error: StorageError| SweepError::Storage { site: site.id.clone(), problem: error.to_string() };
        let mut pages = site.storage.open_uploads(&options.prefix);
        while let Some(uploads) = pages.next().await.map_err(failed)? {
            for upload in uploads {
                let age = now.duration_since(upload.opened).unwrap_or_default();
                if age < options.older_than {
                    continue;
                }
                if options.abort {
                    site.storage.abort(&upload.key, &upload.id).await.map_err(failed)?;
                }
                found(&Stale { site: site.id.clone(), key: upload.key, age });
            }
        }
    }
    Ok(())
}
