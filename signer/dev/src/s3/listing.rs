//! Pages of parts and of open uploads.

use s3s::dto::{
    ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload,
    Part, Timestamp,
};
use s3s::{S3Error, S3Result, s3_error};

use super::checksums::{Algorithm, full_object};
use super::layout::Layout;
use super::objects::Name;
use super::records::{self, PartRecord, UploadRecord};
use super::uploads;

/// The most entries of one page.
const PAGE: i32 = 1000;

/// The stored parts after the marker, by ascending number.
pub(super) fn parts(layout: &Layout, asked: ListPartsInput) -> S3Result<ListPartsOutput> {
    let (upload, folder) = uploads::find(layout, &Name { bucket: asked.bucket, key: asked.key }, &asked.upload_id)?;
    let stored = records::parts(&folder).map_err(S3Error::internal_error)?;
    let marker = asked.part_number_marker.unwrap_or_default();
    let (max_parts, size) = page_size(asked.max_parts)?;
    let after = stored.iter().filter(|part| part.number > marker);
    let is_truncated = after.clone().count() > size;
    let page: Vec<Part> = after.take(size).map(|part| about_part(&upload, part)).collect();
    Ok(ListPartsOutput {
        bucket: Some(upload.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        part_number_marker: Some(marker),
        next_part_number_marker: page.last().and_then(|part| part.part_number).filter(|_| is_truncated),
        max_parts: Some(max_parts),
        is_truncated: Some(is_truncated),
        checksum_algorithm: upload.algorithm.map(Algorithm::to_dto),
        checksum_type: upload.algorithm.map(|_| full_object()),
        parts: Some(page),
        ..Default::default()
    })
}

/// The open uploads of a bucket after the markers, by key and id.
pub(super) fn uploads(layout: &Layout, asked: ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
    if asked.delimiter.is_some() {
        return Err(s3_error!(NotImplemented, "Open uploads are not grouped by a delimiter here; ask by prefix."));
    }
    let prefix = asked.prefix.as_deref().unwrap_or_default();
    let marker = asked.key_marker.as_deref().map(|key| (key, asked.upload_id_marker.as_deref()));
    let (max_uploads, size) = page_size(asked.max_uploads)?;
    let mut open = records::open_uploads(layout).map_err(S3Error::internal_error)?;
    open.retain(|upload| {
        let key = upload.key.as_str();
        let after =
            marker.is_none_or(|(marker, id)| key > marker || key == marker && id.is_some_and(|id| *upload.id > *id));
        upload.bucket == asked.bucket && key.starts_with(prefix) && after
    });
    open.sort_unstable_by(|one, other| (&one.key, &one.id).cmp(&(&other.key, &other.id)));
    let is_truncated = open.len() > size;
    open.truncate(size);
    let last = open.last().filter(|_| is_truncated);
    Ok(ListMultipartUploadsOutput {
        next_key_marker: last.map(|upload| upload.key.clone()),
        next_upload_id_marker: last.map(|upload| upload.id.clone()),
        uploads: Some(open.into_iter().map(about_upload).collect()),
        is_truncated: Some(is_truncated),
        max_uploads: Some(max_uploads),
        bucket: Some(asked.bucket),
        prefix: asked.prefix,
        key_marker: asked.key_marker,
        upload_id_marker: asked.upload_id_marker,
        ..Default::default()
    })
}

fn page_size(asked: Option<i32>) -> S3Result<(i32, usize)> {
    let size = asked.unwrap_or(PAGE).min(PAGE);
    match usize::try_from(size) {
        Ok(entries) => Ok((size, entries)),
        Err(_) => Err(s3_error!(InvalidArgument, "A page cannot have {size} entries.")),
    }
}

fn about_part(upload: &UploadRecord, part: &PartRecord) -> Part {
    let wanted = |algorithm| {
        let checksum = part.checksums.get(algorithm).filter(|_| upload.algorithm == Some(algorithm));
        checksum.map(str::to_owned)
    };
    Part {
        part_number: Some(part.number),
        size: i64::try_from(part.size).ok(),
        e_tag: Some(ETag::Strong(part.etag.clone())),
        checksum_crc64nvme: wanted(Algorithm::Crc64nvme),
        checksum_crc32c: wanted(Algorithm::Crc32c),
        last_modified: Some(Timestamp::from(part.stored)),
        ..Default::default()
    }
}

fn about_upload(upload: UploadRecord) -> MultipartUpload {
    MultipartUpload {
        key: Some(upload.key),
        upload_id: Some(upload.id),
        initiated: Some(Timestamp::from(upload.initiated)),
        checksum_algorithm: upload.algorithm.map(Algorithm::to_dto),
        checksum_type: upload.algorithm.map(|_| full_object()),
        ..Default::default()
    }
}
