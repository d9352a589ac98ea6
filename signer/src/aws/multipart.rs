//! Multipart uploads: opening them, listing their parts, completing them, giving them up.

use std::time::Duration;

use aws_sdk_s3::config::Config;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, Part, ServerSideEncryption, StorageClass,
};
use nearput_api::ChecksumAlgorithm::{Crc32c, Crc64nvme};
use nearput_api::StoredPart;

use super::connect::timeouts;
use super::{Failure, Storage, StorageError};
use crate::attributes::{Attributes, Encryption};
use crate::checksum::Checksum;

pub(super) const COMPLETE: &str = "CompleteMultipartUpload";
const CREATE: &str = "CreateMultipartUpload";
const LIST: &str = "ListParts";
const ABORT: &str = "AbortMultipartUpload";

/// S3 may take minutes to put a large object together.
const COMPLETE_TIMEOUT: Duration = Duration::from_mins(4);
const MAX_ABORTS: u32 = 3;
/// What is in flight to the storage has landed after it, or lands after the next one.
const ABORT_PAUSE: Duration = Duration::from_millis(200);

/// What an upload is created with.
pub(crate) struct NewUpload<'a> {
    pub(crate) key: &'a str,
    pub(crate) media_type: &'a str,
    pub(crate) attributes: &'a Attributes,
    pub(crate) checksum: Option<nearput_api::ChecksumAlgorithm>,
}

/// What an upload is completed with.
pub(crate) struct UploadToComplete<'a> {
    pub(crate) key: &'a str,
    pub(crate) upload_id: &'a str,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) parts: Vec<PartToComplete>,
    pub(crate) checksum: Option<&'a Checksum>,
    /// Whether it is refused where an object has the key already.
    pub(crate) only_new: bool,
}

/// A part that belongs to the object.
pub(crate) struct PartToComplete {
    pub(crate) number: u32,
    pub(crate) etag: Option<String>,
    pub(crate) checksum: Option<Checksum>,
}

impl Storage {
    /// Opens a multipart upload and returns its id.
    pub(crate) async fn create(&self, new: &NewUpload<'_>) -> Result<String, StorageError> {
        let Attributes { disposition, cache_control, storage_class, encryption, tags, metadata } = new.attributes;
        let encryption = encryption.as_ref();
        let named = metadata.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let algorithm = new.checksum.map(|algorithm| match algorithm {
            nearput_api::ChecksumAlgorithm::Crc64nvme => ChecksumAlgorithm::Crc64Nvme,
            nearput_api::ChecksumAlgorithm::Crc32c => ChecksumAlgorithm::Crc32C,
        });
        let create = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(new.key)
            .content_type(new.media_type)
            .content_disposition(disposition)
            .set_cache_control(cache_control.clone())
            .set_storage_class(storage_class.as_deref().map(StorageClass::from))
            .set_server_side_encryption(encryption.map(|kind| ServerSideEncryption::from(kind.algorithm())))
            .set_ssekms_key_id(encryption.and_then(Encryption::kms_key_id).map(str::to_owned))
            .set_tagging((!tags.is_empty()).then(|| tags.header()))
            .set_metadata((!metadata.is_empty()).then_some(named))
            .set_checksum_type(algorithm.is_some().then_some(ChecksumType::FullObject))
            .set_checksum_algorithm(algorithm);
        let created = self.call(CREATE, create.send()).await?;
        created.upload_id.ok_or_else(|| StorageError::odd(Failure::Unavailable, CREATE, "the answer has no upload id"))
    }

    /// The parts that are stored, by ascending number.
    pub(crate) async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Vec<StoredPart>, StorageError> {
        Ok(self.list(key, upload_id).await?.iter().filter_map(stored_part).collect())
    }

    /// Whether there is such an upload, of this key.
    pub(crate) async fn has_upload(&self, key: &str, upload_id: &str) -> Result<bool, StorageError> {
        let list = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload_id).max_parts(1);
        let listed = self.call(LIST, list.send()).await?;
        let is = |said: Option<&str>, asked: &str| said.is_none_or(|said| said == asked);
        Ok(is(listed.key(), key) && is(listed.upload_id(), upload_id))
    }

    /// The ETag of each stored part, by its number.
    pub(crate) async fn list_etags(
        &self,
        key: &str,
        upload_id: &str,
    ) -> Result<std::collections::BTreeMap<u32, Option<String>>, StorageError> {
        let parts = self.list(key, upload_id).await?;
        Ok(parts.into_iter().filter_map(|part| Some((part_number(&part)?, part.e_tag))).collect())
    }

    async fn list(&self, key: &str, upload_id: &str) -> Result<Vec<Part>, StorageError> {
        let pages = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload_id).into_paginator();
        let mut parts = self.call(LIST, pages.items().send().collect::<Result<Vec<_>, _>>()).await?;
        parts.sort_by_key(|part| part.part_number);
        Ok(parts)
    }

    /// Puts the parts together. The storage compares size and checksum with what it has.
    pub(crate) async fn complete(&self, upload: UploadToComplete<'_>) -> Result<(), StorageError> {
        let parts = upload.parts.into_iter().map(|part| {
            CompletedPart::builder()
                .part_number(i32::try_from(part.number).unwrap_or(i32::MAX))
                .set_e_tag(part.etag)
                .set_checksum_crc64_nvme(of_algorithm(part.checksum.as_ref(), Crc64nvme))
                .set_checksum_crc32_c(of_algorithm(part.checksum.as_ref(), Crc32c))
                .build()
        });
        let complete = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(upload.key)
            .upload_id(upload.upload_id)
            .set_if_none_match(upload.only_new.then(|| "*".to_owned()))
            .mpu_object_size(i64::try_from(upload.size).unwrap_or(i64::MAX))
            .set_checksum_type(upload.checksum.map(|_| ChecksumType::FullObject))
            .set_checksum_crc64_nvme(of_algorithm(upload.checksum, Crc64nvme))
            .set_checksum_crc32_c(of_algorithm(upload.checksum, Crc32c))
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build())
            .customize()
            .config_override(Config::builder().timeout_config(timeouts(COMPLETE_TIMEOUT, COMPLETE_TIMEOUT)));
        self.call(COMPLETE, complete.send()).await.map(|_| ())
    }

    /// Gives an upload up. An upload that is not there is given up.
    ///
    /// Parts that were in flight may land after an abort, so it is repeated until none is left.
    pub(crate) async fn abort(&self, key: &str, upload_id: &str) -> Result<(), StorageError> {
        for attempt in 0..MAX_ABORTS {
            tokio::time::sleep(ABORT_PAUSE * attempt).await;
            let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload_id);
            match self.call(ABORT, abort.send()).await {
                Err(error) if error.failure == Failure::NoSuchUpload => return Ok(()),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            match self.list(key, upload_id).await {
                Err(error) if error.failure == Failure::NoSuchUpload => return Ok(()),
                Err(error) => return Err(error),
                Ok(parts) if parts.is_empty() => return Ok(()),
                Ok(_) => {}
            }
        }
        Err(StorageError::odd(Failure::Unavailable, ABORT, "parts are still arriving"))
    }
}

fn of_algorithm(checksum: Option<&Checksum>, algorithm: nearput_api::ChecksumAlgorithm) -> Option<String> {
    checksum.filter(|checksum| checksum.algorithm == algorithm).map(|checksum| checksum.as_str().to_owned())
}

fn stored_part(part: &Part) -> Option<StoredPart> {
    Some(StoredPart {
        number: part_number(part)?,
        size: part.size.and_then(|size| u64::try_from(size).ok())?,
        checksum: part.checksum_crc64_nvme.clone().or_else(|| part.checksum_crc32_c.clone()),
    })
}

fn part_number(part: &Part) -> Option<u32> {
    u32::try_from(part.part_number?).ok()
}
