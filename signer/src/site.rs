//! A site, ready for work: its bucket's address, what its storage can do, and the signer's way to it.

use nearput_api::{Path, Profile};

use crate::aws::{Storage, StorageError};
use crate::routing::Bucket;

/// One bucket in one region, or one S3-compatible service.
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) bucket: Bucket,
    pub(crate) profile: Profile,
    pub(crate) storage: Storage,
}

impl Site {
    /// As clients see it.
    pub(crate) fn describe(&self) -> nearput_api::Site {
        let probe = |kind| Some(Path { kind, probe_url: self.bucket.url(kind, "nearput-probe")? });
        nearput_api::Site {
            id: self.id.clone(),
            region: self.bucket.region.clone(),
            paths: self.bucket.paths().into_iter().filter_map(probe).collect(),
            profile: self.profile.clone(),
        }
    }

    /// The credentials with which requests to this site are signed.
    pub(crate) async fn credentials(&self) -> Result<aws_sdk_s3::config::Credentials, StorageError> {
        self.storage.credentials().await
    }
}
