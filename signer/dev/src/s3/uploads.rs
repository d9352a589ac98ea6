//! Multipart uploads before their end: open, add a part, abort.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use s3s::{S3Error, S3Result, s3_error};
use uuid::Uuid;

use super::body::Received;
use super::checksums::Algorithm;
use super::layout::Layout;
use super::objects::Name;
use super::records::{self, Attributes, PartRecord, UploadRecord};

/// Opens an upload.
pub(super) fn create(
    layout: &Layout,
    name: Name,
    algorithm: Option<Algorithm>,
    attributes: Attributes,
) -> S3Result<UploadRecord> {
    layout.object(&name.bucket, &name.key)?;
    let upload = UploadRecord {
        id: Uuid::new_v4().simple().to_string(),
        bucket: name.bucket,
        key: name.key,
        algorithm,
        initiated: SystemTime::now(),
        attributes,
    };
    let record = layout.upload(&upload.id)?.join("upload");
    records::write(layout, &record, &upload).map_err(S3Error::internal_error)?;
    Ok(upload)
}

/// The open upload of this id and name, with its folder.
pub(super) fn find(layout: &Layout, name: &Name, id: &str) -> S3Result<(UploadRecord, PathBuf)> {
    let folder = layout.upload(id)?;
    let upload: Option<UploadRecord> = records::read(&folder.join("upload")).map_err(S3Error::internal_error)?;
    match upload {
        Some(upload) if upload.bucket == name.bucket && upload.key == name.key => Ok((upload, folder)),
        Some(_) | None => Err(s3_error!(
            NoSuchUpload,
            "There is no such upload of this key: it was completed, aborted or never opened."
        )),
    }
}

/// Part numbers go from 1 to 10,000.
pub(super) fn check_number(number: i32) -> S3Result<()> {
    if (1..=10_000).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(InvalidArgument, "Part numbers go from 1 to 10,000; {number} is not among them."))
}

/// Keeps a part; one of the same number is replaced.
pub(super) fn put_part(
    layout: &Layout,
    name: &Name,
    id: &str,
    number: i32,
    received: Received,
) -> S3Result<PartRecord> {
    let (_, folder) = find(layout, name, id)?;
    let part = PartRecord {
        number,
        size: received.size,
        etag: received.etag,
        checksums: received.checksums,
        stored: SystemTime::now(),
    };
    received.file.put(&folder.join(number.to_string())).map_err(S3Error::internal_error)?;
    records::write(layout, &folder.join(format!("{number}.part")), &part).map_err(S3Error::internal_error)?;
    Ok(part)
}

/// Deletes an upload with all its parts.
pub(super) fn abort(layout: &Layout, name: &Name, id: &str) -> S3Result<()> {
    let (_, folder) = find(layout, name, id)?;
    fs::remove_dir_all(folder).map_err(S3Error::internal_error)
}
