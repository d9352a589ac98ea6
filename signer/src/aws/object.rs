//! Looking at an object as it is stored.

use aws_sdk_s3::types::ChecksumMode;
use nearput_api::ChecksumAlgorithm;

use super::{Storage, StorageError};

/// What the storage says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredObject {
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) version_id: Option<String>,
    /// Base64 of the whole object's checksum, where the storage keeps one.
    pub(crate) checksum: Option<String>,
}

impl Storage {
    /// The object with its checksum of this algorithm. None where there is no such object.
    pub(crate) async fn head(
        &self,
        key: &str,
        algorithm: Option<ChecksumAlgorithm>,
    ) -> Result<Option<StoredObject>, StorageError> {
        let head =
            self.client.head_object().bucket(&self.bucket).key(key).checksum_mode(ChecksumMode::Enabled).send().await;
        match head {
            Ok(head) => Ok(Some(StoredObject {
                size: head.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                etag: head.e_tag.unwrap_or_default(),
                version_id: head.version_id,
                checksum: match algorithm {
                    Some(ChecksumAlgorithm::Crc32c) => head.checksum_crc32_c,
                    Some(ChecksumAlgorithm::Crc64nvme) | None => head.checksum_crc64_nvme,
                },
            })),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(StorageError::from_sdk("HeadObject", &error)),
        }
    }
}
