//! Looking at an object as it is stored.

use std::time::SystemTime;

use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::types::ChecksumMode;
use nearput_api::ChecksumAlgorithm;

use super::{Storage, StorageError};
use crate::replication::Replication;

const HEAD: &str = "HeadObject";

/// What the storage says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredObject {
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) version_id: Option<String>,
    pub(crate) media_type: Option<String>,
    /// Base64 of the whole object's checksum, where the storage keeps one.
    pub(crate) checksum: Option<String>,
    /// What it knows of its copies; none where it has none.
    pub(crate) replication: Option<Replication>,
    pub(crate) stored_at: Option<SystemTime>,
}

impl StoredObject {
    /// Whether it is the same object at another site. A copy has the version id of its source:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html>
    pub(crate) fn is_copy_of(&self, source: &Self) -> bool {
        let agree = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
        self.size == source.size
            && agree(&self.version_id, &source.version_id)
            && agree(&self.checksum, &source.checksum)
    }
}

impl Storage {
    /// Whether the bucket is there, and the signer may use it.
    pub(crate) async fn look(&self) -> Result<(), StorageError> {
        self.credentials().await?;
        let look = self.client.head_bucket().bucket(&self.bucket).send();
        self.call("HeadBucket", look).await.map(|_| ())
    }

    /// The object with its checksum of this algorithm. None where there is no such object.
    pub(crate) async fn head(
        &self,
        key: &str,
        algorithm: Option<ChecksumAlgorithm>,
    ) -> Result<Option<StoredObject>, StorageError> {
        let head = self.client.head_object().bucket(&self.bucket).key(key).checksum_mode(ChecksumMode::Enabled).send();
        let found = self.call(HEAD, async {
            match head.await {
                Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
                head => head.map(Some),
            }
        });
        Ok(found.await?.map(|head| StoredObject {
            size: head.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            etag: head.e_tag.unwrap_or_default(),
            version_id: head.version_id,
            replication: head.replication_status.map(|status| match status.as_str() {
                "COMPLETED" | "COMPLETE" => Replication::Completed,
                "FAILED" => Replication::Failed,
                "REPLICA" => Replication::Replica,
                _ => Replication::Pending,
            }),
            stored_at: head.last_modified.and_then(|at| at.try_into().ok()),
            media_type: head.content_type,
            checksum: match algorithm {
                Some(ChecksumAlgorithm::Crc32c) => head.checksum_crc32_c,
                Some(ChecksumAlgorithm::Crc64nvme) | None => head.checksum_crc64_nvme,
            },
        }))
    }
}
