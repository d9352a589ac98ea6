//! Single objects: put, read, look at, delete.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::time::SystemTime;

use s3s::dto::{ETag, ETagCondition, Range};
use s3s::{S3Error, S3Result, s3_error};

use super::body::Received;
use super::layout::Layout;
use super::records::{self, Attributes, ObjectRecord};
use super::replication::Version;

/// Which object a request is about.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Name {
    /// What is locked while the object or its uploads change.
    pub(super) fn lock(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

/// When an object may be replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

/// An object, and its bytes from the asked range on.
pub(super) struct OpenObject {
    pub(super) record: ObjectRecord,
    pub(super) modified: SystemTime,
    pub(super) file: File,
    /// Of the bytes asked for.
    pub(super) start: u64,
    /// In bytes, of those asked for.
    pub(super) length: u64,
}

/// What is to become an object.
pub(super) struct NewObject {
    pub(super) received: Received,
    pub(super) attributes: Attributes,
    pub(super) version: Option<Version>,
}

/// Makes the received bytes the object, where the conditions hold.
pub(super) fn put(
    layout: &Layout,
    name: &Name,
    NewObject { received, attributes, version }: NewObject,
    conditions: &Conditions,
) -> S3Result<ObjectRecord> {
    check(layout, name, conditions)?;
    let record = ObjectRecord {
        key: name.key.clone(),
        size: received.size,
        etag: received.etag,
        checksums: received.checksums,
        attributes,
        version,
    };
    let place = layout.object(&name.bucket, &name.key)?;
    received.file.put(&place).map_err(S3Error::internal_error)?;
    records::write(layout, &layout.object_record(&name.bucket, &name.key), &record).map_err(S3Error::internal_error)?;
    Ok(record)
}

/// Refuses with 412 where the conditions do not hold.
pub(super) fn check(layout: &Layout, name: &Name, conditions: &Conditions) -> S3Result<()> {
    let existing = find(layout, name)?.map(|record| ETag::Strong(record.etag));
    let meets = |condition: &ETagCondition| match (condition, &existing) {
        (ETagCondition::Any, existing) => existing.is_some(),
        (ETagCondition::ETag(etag), Some(existing)) => existing.strong_cmp(etag),
        (ETagCondition::ETag(_), None) => false,
    };
    if conditions.if_none_match.as_ref().is_some_and(meets) {
        return Err(s3_error!(PreconditionFailed, "There is an object of this key already."));
    }
    if conditions.if_match.as_ref().is_some_and(|condition| !meets(condition)) {
        return Err(s3_error!(PreconditionFailed, "The object is not the one that was named."));
    }
    Ok(())
}

/// Opens an object to be read, whole or in part.
pub(super) fn open(layout: &Layout, name: &Name, range: Option<Range>) -> S3Result<OpenObject> {
    let record = find(layout, name)?.ok_or_else(|| no_such_key(name))?;
    let range = match range {
        Some(range) => range.check(record.size)?,
        None => 0..record.size,
    };
    let mut file = File::open(layout.object(&name.bucket, &name.key)?).map_err(S3Error::internal_error)?;
    file.seek(SeekFrom::Start(range.start)).map_err(S3Error::internal_error)?;
    let modified = file.metadata().and_then(|about| about.modified()).map_err(S3Error::internal_error)?;
    Ok(OpenObject { record, modified, file, start: range.start, length: range.end - range.start })
}

/// Deletes an object. Where there is none, that is fine.
pub(super) fn delete(layout: &Layout, name: &Name) -> S3Result<()> {
    if find(layout, name)?.is_some() {
        fs::remove_file(layout.object_record(&name.bucket, &name.key)).map_err(S3Error::internal_error)?;
        fs::remove_file(layout.object(&name.bucket, &name.key)?).map_err(S3Error::internal_error)?;
    }
    Ok(())
}

fn find(layout: &Layout, name: &Name) -> S3Result<Option<ObjectRecord>> {
    layout.object(&name.bucket, &name.key)?;
    records::read(&layout.object_record(&name.bucket, &name.key)).map_err(S3Error::internal_error)
}

fn no_such_key(name: &Name) -> S3Error {
    s3_error!(NoSuchKey, "There is no object {:?} in the bucket {}.", name.key, name.bucket)
}
