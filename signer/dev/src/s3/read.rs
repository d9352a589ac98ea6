//! What a GET and a HEAD answer about an object.

use s3s::dto::{
    ChecksumMode, ETag, GetObjectOutput, HeadObjectOutput, Range, ServerSideEncryption, StorageClass, StreamingBlob,
    Timestamp,
};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::checksums::{Algorithm, full_object};
use super::objects::OpenObject;

/// One read from the disk, in bytes.
const BLOCK_SIZE: usize = 256 << 10;

/// How an object is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    is_partial: bool,
    with_checksum: bool,
}

impl Reading {
    pub(super) fn of(range: Option<Range>, checksum_mode: Option<ChecksumMode>) -> Self {
        let is_partial = range.is_some();
        let asked = checksum_mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
        Self { is_partial, with_checksum: asked && !is_partial }
    }
}

/// The object's bytes, and what is known about it.
pub(super) fn get(object: OpenObject, reading: Reading) -> GetObjectOutput {
    let about = head(&object, reading);
    let bytes = tokio::fs::File::from_std(object.file).take(object.length);
    GetObjectOutput {
        body: Some(StreamingBlob::wrap(ReaderStream::with_capacity(bytes, BLOCK_SIZE))),
        accept_ranges: about.accept_ranges,
        content_length: about.content_length,
        content_range: about.content_range,
        content_type: about.content_type,
        content_disposition: about.content_disposition,
        content_encoding: about.content_encoding,
        content_language: about.content_language,
        cache_control: about.cache_control,
        storage_class: about.storage_class,
        server_side_encryption: about.server_side_encryption,
        ssekms_key_id: about.ssekms_key_id,
        tag_count: object.record.attributes.tags.count(),
        metadata: about.metadata,
        e_tag: about.e_tag,
        last_modified: about.last_modified,
        checksum_crc64nvme: about.checksum_crc64nvme,
        checksum_crc32c: about.checksum_crc32c,
        checksum_type: about.checksum_type,
        version_id: about.version_id,
        replication_status: about.replication_status,
        ..Default::default()
    }
}

/// What is known about the object.
pub(super) fn head(object: &OpenObject, reading: Reading) -> HeadObjectOutput {
    let record = object.record.clone();
    let shown = |algorithm| record.checksums.if_shown(algorithm).filter(|_| reading.with_checksum);
    let last = (object.start + object.length).saturating_sub(1);
    HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(object.length).ok(),
        content_range: reading.is_partial.then(|| format!("bytes {}-{last}/{}", object.start, record.size)),
        content_type: record.attributes.content_type.or_else(|| Some("binary/octet-stream".to_owned())),
        content_disposition: record.attributes.content_disposition,
        content_encoding: record.attributes.content_encoding,
        content_language: record.attributes.content_language,
        cache_control: record.attributes.cache_control,
        storage_class: record.attributes.storage_class.map(StorageClass::from),
        server_side_encryption: record.attributes.encryption.map(ServerSideEncryption::from),
        ssekms_key_id: record.attributes.kms_key_id,
        metadata: record.attributes.metadata,
        e_tag: Some(ETag::Strong(record.etag)),
        last_modified: Some(Timestamp::from(object.modified)),
        checksum_crc64nvme: shown(Algorithm::Crc64nvme),
        checksum_crc32c: shown(Algorithm::Crc32c),
        checksum_type: reading.with_checksum.then(full_object),
        replication_status: record.version.as_ref().map(|version| version.status.to_dto()),
        version_id: record.version.map(|version| version.id),
        ..Default::default()
    }
}
