//! Completing a multipart upload. Everything is checked before anything changes, so a refused upload is still open.

use std::fs::{self, File};
use std::io;

use s3s::dto::{
    ChecksumType, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, ETag, PartNumber,
};
use s3s::{S3Error, S3Result, s3_error};

use super::body::{Incoming, Received, etag};
use super::checksums::{Algorithm, Checksums, full_object};
use super::layout::Layout;
use super::objects::{self, Conditions, Name, NewObject};
use super::records::{self, CompletedRecord, ObjectRecord, PartRecord, UploadRecord};
use super::replication::Version;
use super::uploads;

/// Every part but the last: 5 MiB at least.
const MIN_PART_SIZE: u64 = 5 << 20;

/// Makes the parts one object, which is given back. Asked again after it has succeeded, the answer is the same, and there is none.
pub(super) fn complete(
    layout: &Layout,
    asked: CompleteMultipartUploadInput,
    version: Option<Version>,
) -> S3Result<(CompleteMultipartUploadOutput, Option<ObjectRecord>)> {
    let name = Name { bucket: asked.bucket.clone(), key: asked.key.clone() };
    let done = layout.completed(&asked.upload_id)?;
    if let Some(record) = records::read::<CompletedRecord>(&done).map_err(S3Error::internal_error)?
        && (&record.bucket, &record.key) == (&name.bucket, &name.key)
    {
        return Ok((answer(record), None));
    }
    let (upload, folder) = uploads::find(layout, &name, &asked.upload_id)?;
    let stored = records::parts(&folder).map_err(S3Error::internal_error)?;
    let parts = chosen_parts(&upload, &stored, &asked)?;
    let size = parts.iter().map(|part| part.size).sum();
    let pieces = parts.iter().map(|part| (&part.checksums, part.size));
    let checksums = Checksums::combined(pieces, upload.algorithm).ok_or_else(|| {
        s3_error!(InternalError, "A stored part's record is damaged. Abort the upload and start anew.")
    })?;
    check_whole(&upload, &asked, size, &checksums)?;
    let conditions = Conditions { if_match: asked.if_match, if_none_match: asked.if_none_match };

    let file = Incoming::new(layout.incoming());
    join(&parts, &folder, &file).map_err(S3Error::internal_error)?;
    let etag = format!("{}-{}", etag(&checksums, size), parts.len());
    let received = Received { file, size, etag, checksums };
    let new = NewObject { received, attributes: upload.attributes, version };
    let object = objects::put(layout, &name, new, &conditions)?;
    let record = CompletedRecord {
        bucket: name.bucket,
        key: name.key,
        etag: object.etag.clone(),
        checksums: object.checksums.clone(),
        version_id: object.version.as_ref().map(|version| version.id.clone()),
    };
    records::write(layout, &done, &record).map_err(S3Error::internal_error)?;
    fs::remove_dir_all(folder).map_err(S3Error::internal_error)?;
    Ok((answer(record), Some(object)))
}

/// The stored parts that the client named, in order, each as the client knows it.
fn chosen_parts<'a>(
    upload: &UploadRecord,
    stored: &'a [PartRecord],
    asked: &CompleteMultipartUploadInput,
) -> S3Result<Vec<&'a PartRecord>> {
    let named = asked.multipart_upload.as_ref().and_then(|named| named.parts.as_deref()).unwrap_or_default();
    if named.is_empty() {
        return Err(s3_error!(MalformedXML, "Name at least one part."));
    }
    let numbers = named.iter().map(|part| part.part_number.unwrap_or_default());
    if !numbers.clone().is_sorted_by(|one, next| one < next) {
        return Err(s3_error!(InvalidPartOrder, "Name the parts by ascending number, each once."));
    }
    if upload.algorithm.is_some() && !numbers.eq(1..=named.len() as PartNumber) {
        return Err(s3_error!(InvalidPart, "With checksums, parts are numbered from 1 without a gap."));
    }
    let parts = named.iter().map(|part| chosen_part(stored, part)).collect::<S3Result<Vec<_>>>()?;
    let (_, all_but_last) = parts.split_last().expect("at least one part was named");
    match all_but_last.iter().find(|part| part.size < MIN_PART_SIZE) {
        Some(part) => Err(s3_error!(EntityTooSmall, "Part {} is under 5 MiB and not the last one.", part.number)),
        None => Ok(parts),
    }
}

fn chosen_part<'a>(stored: &'a [PartRecord], named: &CompletedPart) -> S3Result<&'a PartRecord> {
    let number = named.part_number.unwrap_or_default();
    let invalid = |why| s3_error!(InvalidPart, "Part {number} {why}. Send it again, then complete.");
    let at = stored.binary_search_by_key(&number, |part| part.number).map_err(|_| invalid("is not stored"))?;
    let part = &stored[at];
    if named.e_tag.as_ref().is_none_or(|etag| etag.value() != part.etag) {
        return Err(invalid("has another ETag than the one named"));
    }
    let has_another =
        |named: &Option<String>, algorithm| named.is_some() && named.as_deref() != part.checksums.get(algorithm);
    if has_another(&named.checksum_crc64nvme, Algorithm::Crc64nvme)
        || has_another(&named.checksum_crc32c, Algorithm::Crc32c)
    {
        return Err(invalid("has another checksum than the one named"));
    }
    Ok(part)
}

fn check_whole(
    upload: &UploadRecord,
    asked: &CompleteMultipartUploadInput,
    size: u64,
    checksums: &Checksums,
) -> S3Result<()> {
    if asked.mpu_object_size.is_some_and(|named| u64::try_from(named) != Ok(size)) {
        return Err(s3_error!(InvalidRequest, "The parts are {size} bytes, not as many as x-amz-mp-object-size says."));
    }
    let Some(algorithm) = upload.algorithm else { return Ok(()) };
    if asked.checksum_type.as_ref().is_some_and(|kind| kind.as_str() != ChecksumType::FULL_OBJECT) {
        return Err(s3_error!(InvalidRequest, "The upload was opened with a checksum of the FULL_OBJECT."));
    }
    let named = match algorithm {
        Algorithm::Crc64nvme => &asked.checksum_crc64nvme,
        Algorithm::Crc32c => &asked.checksum_crc32c,
    };
    if named.is_some() && named.as_deref() != checksums.get(algorithm) {
        return Err(s3_error!(BadDigest, "The parts together do not have the checksum that was given."));
    }
    Ok(())
}

fn join(parts: &[&PartRecord], folder: &std::path::Path, file: &Incoming) -> io::Result<()> {
    let mut whole = File::create(file.path())?;
    for part in parts {
        io::copy(&mut File::open(folder.join(part.number.to_string()))?, &mut whole)?;
    }
    Ok(())
}

fn answer(record: CompletedRecord) -> CompleteMultipartUploadOutput {
    CompleteMultipartUploadOutput {
        bucket: Some(record.bucket),
        key: Some(record.key),
        e_tag: Some(ETag::Strong(record.etag)),
        checksum_crc64nvme: record.checksums.if_shown(Algorithm::Crc64nvme),
        checksum_crc32c: record.checksums.if_shown(Algorithm::Crc32c),
        checksum_type: Some(full_object()),
        version_id: record.version_id,
        ..Default::default()
    }
}
