//! Whether this signer can do its work: it has credentials, and its sites answer to them.
//!
//! Anybody may ask, so the sites are asked once in a while, however many ask for the answer.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use crate::aws::Failure;
use crate::site::Site;

/// How long an answer is given again.
const REMEMBERED: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(3);

/// What was found last.
#[derive(Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Report)>>,
}

/// What was found of each site.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct Report {
    /// Whether the home site can be used: a signer whose home is gone is to be left for another region's.
    pub(crate) ready: bool,
    /// By the site's id.
    sites: BTreeMap<String, State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Ready)]
enum State {
    Ok,
    /// It answers, and refuses the signer.
    Refused,
    /// It does not answer, or there are no credentials for it.
    Unavailable,
}

impl Readiness {
    pub(crate) async fn report(&self, sites: &[Site], home: &str) -> Report {
        let mut last = self.last.lock().await;
        if let Some((_, report)) = last.as_ref().filter(|(at, _)| at.elapsed() < REMEMBERED) {
            return report.clone();
        }
        let states = join_all(sites.iter().map(async |site| (site.id.clone(), look(site).await))).await;
        let sites: BTreeMap<_, _> = states.into_iter().collect();
        let report = Report { ready: sites.get(home) == Some(&State::Ok), sites };
        last.insert((Instant::now(), report)).1.clone()
    }
}

async fn look(site: &Site) -> State {
    let Ok(found) = timeout(TIMEOUT, site.storage.look()).await else { return State::Unavailable };
    match found {
        Ok(()) => State::Ok,
        Err(error) => {
            tracing::warn!(site = site.id, %error, "the site is not ready");
            match error.failure {
                Failure::Unavailable | Failure::NoCredentials => State::Unavailable,
                Failure::Refused
                | Failure::NoSuchUpload
                | Failure::Conflict
                | Failure::Exists
                | Failure::Incomplete
                | Failure::Mismatch => State::Refused,
            }
        }
    }
}
