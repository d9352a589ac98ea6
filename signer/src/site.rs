//! A site, ready for work: its bucket's address, what its storage can do, and the signer's way to it.

use nearput_api::{PathKind, Profile};

use crate::aws::{Storage, StorageError};
use crate::key::ObjectKey;
use crate::metrics::SiteMetrics;
use crate::presign::{PresignError, Presigner, StorageRequest};
use crate::routing::{Bucket, Path, escape_key};

/// One bucket in one region, or one S3-compatible service.
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) bucket: Bucket,
    pub(crate) profile: Profile,
    /// Whether the storage knows `if-none-match: *`.
    pub(crate) conditional_writes: bool,
    pub(crate) storage: Storage,
    pub(crate) metrics: SiteMetrics,
    /// Whether an access point, where the bucket is behind one, may choose the bucket of an upload.
    pub(crate) access_point: bool,
}

/// What a caller's rules let it use of a site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) forms: bool,
    pub(crate) credentials: bool,
}

impl Site {
    /// As clients see it to whom this much is offered, by these of its paths.
    pub(crate) fn describe(&self, offer: Offer, paths: &[&Path]) -> nearput_api::Site {
        let path = |path: &&Path| nearput_api::Path {
            id: path.id.clone(),
            kind: path.kind,
            probe_url: path.url("nearput-probe"),
        };
        nearput_api::Site {
            id: self.id.clone(),
            region: self.bucket.region.clone(),
            paths: paths.iter().map(path).collect(),
            profile: Profile { form: self.profile.form && offer.forms, ..self.profile.clone() },
            credentials: self.storage.delegates() && offer.credentials,
            access_point: self.access_point && paths.iter().any(|path| path.kind == PathKind::Mrap),
        }
    }

    /// Whether requests by this path may come to the site's bucket.
    pub(crate) fn is_behind(&self, path: &Path) -> bool {
        self.bucket.paths.iter().any(|own| own.address == path.address)
    }

    /// Signs an address that reads an object.
    pub(crate) fn sign_download(&self, key: &ObjectKey, presigner: &Presigner<'_>) -> Result<String, PresignError> {
        let path = self.bucket.default_path();
        let url = path.url(&escape_key(key.as_str()));
        presigner.sign(&StorageRequest { method: "GET", url: &url, headers: &[], by: path.kind })
    }

    /// The credentials with which requests to this site are signed.
    pub(crate) async fn credentials(&self) -> Result<aws_sdk_s3::config::Credentials, StorageError> {
        self.storage.credentials().await
    }
}
