//! What is remembered about objects, uploads and parts: small JSON files, each replaced whole or not at all.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checksums::{Algorithm, Checksums};
use super::layout::Layout;
use super::replication::Version;
use super::tags::Tags;

/// What a client said about an object, given back with it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    #[serde(default)]
    pub(super) storage_class: Option<String>,
    /// Nothing is encrypted here; what was asked for is remembered.
    #[serde(default)]
    pub(super) encryption: Option<String>,
    #[serde(default)]
    pub(super) kms_key_id: Option<String>,
    #[serde(default)]
    pub(super) tags: Tags,
    pub(super) metadata: Option<HashMap<String, String>>,
}

/// What is known about an object beside its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ObjectRecord {
    pub(super) key: String,
    /// In bytes.
    pub(super) size: u64,
    pub(super) etag: String,
    #[serde(flatten)]
    pub(super) checksums: Checksums,
    pub(super) attributes: Attributes,
    /// Where objects are replicated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Version>,
}

/// An open multipart upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct UploadRecord {
    pub(super) id: String,
    pub(super) bucket: String,
    pub(super) key: String,
    /// What Create named: then every part must carry it.
    #[serde(default)]
    pub(super) algorithm: Option<Algorithm>,
    pub(super) initiated: SystemTime,
    pub(super) attributes: Attributes,
}

/// A stored part of an open upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) number: i32,
    /// In bytes.
    pub(super) size: u64,
    pub(super) etag: String,
    #[serde(flatten)]
    pub(super) checksums: Checksums,
    pub(super) stored: SystemTime,
}

/// An upload that has become an object; kept so that a repeated Complete can be answered as the first one was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CompletedRecord {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) etag: String,
    #[serde(flatten)]
    pub(super) checksums: Checksums,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version_id: Option<String>,
}

/// The record in this file, or none where there is no such file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the record in this file.
pub(super) fn write(layout: &Layout, path: &Path, record: &impl Serialize) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = layout.incoming();
    fs::write(&new, serde_json::to_vec(record)?)?;
    fs::rename(new, path)
}

/// Every upload that has been neither completed nor aborted.
pub(super) fn open_uploads(layout: &Layout) -> io::Result<Vec<UploadRecord>> {
    let mut uploads = Vec::new();
    for entry in fs::read_dir(layout.uploads())? {
        uploads.extend(read::<UploadRecord>(&entry?.path().join("upload"))?);
    }
    Ok(uploads)
}

/// Every object of a bucket, in no order.
pub(super) fn objects(layout: &Layout, bucket: &str) -> io::Result<Vec<ObjectRecord>> {
    let folder = layout.object_records(bucket);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let records = fs::read_dir(folder)?.map(|entry| read::<ObjectRecord>(&entry?.path()));
    Ok(records.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Every stored part of an upload, by ascending number.
pub(super) fn parts(upload: &Path) -> io::Result<Vec<PartRecord>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(upload)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "part") {
            parts.extend(read::<PartRecord>(&path)?);
        }
    }
    parts.sort_unstable_by_key(|part| part.number);
    Ok(parts)
}
