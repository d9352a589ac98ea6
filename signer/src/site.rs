//! A site, ready for work: its bucket's address, what its storage can do, and the signer's way to it.

use nearput_api::{Path, Profile};

use crate::aws::{Storage, StorageError};
use crate::metrics::SiteMetrics;
use crate::routing::{self, Bucket};

/// One bucket in one region, or one S3-compatible service.
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) bucket: Bucket,
    pub(crate) profile: Profile,
    /// Whether the storage knows `if-none-match: *`.
    pub(crate) conditional_writes: bool,
    pub(crate) storage: Storage,
    pub(crate) metrics: SiteMetrics,
}

/// What a caller's rules let it use of a site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) forms: bool,
    pub(crate) credentials: bool,
}

impl Site {
    /// As clients see it to whom this much is offered.
    pub(crate) fn describe(&self, offer: Offer) -> nearput_api::Site {
        let path =
            |path: &routing::Path| Path { id: path.id.clone(), kind: path.kind, probe_url: path.url("nearput-probe") };
        nearput_api::Site {
            id: self.id.clone(),
            region: self.bucket.region.clone(),
            paths: self.bucket.paths.iter().map(path).collect(),
            profile: Profile { form: self.profile.form && offer.forms, ..self.profile.clone() },
            credentials: self.storage.delegates() && offer.credentials,
        }
    }

    /// The credentials with which requests to this site are signed.
    pub(crate) async fn credentials(&self) -> Result<aws_sdk_s3::config::Credentials, StorageError> {
        self.storage.credentials().await
    }
}
