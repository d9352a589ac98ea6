//! Where everything lies below the data folder.
//!
//! ```text
//! BUCKET/KEY                        an object's bytes
//! .nearput/objects/BUCKET/HASH      what is known about it
//! .nearput/uploads/ID/upload        an open multipart upload
//! .nearput/uploads/ID/N             a part's bytes, and beside them N.part: what is known about it
//! .nearput/completed/ID             what the upload's Complete has answered
//! .nearput/incoming/                bytes that are not checked yet; emptied at each start
//! ```

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use s3s::crypto::{Checksum, Sha256};
use s3s::{S3Result, s3_error};
use uuid::Uuid;

/// Paths below one data folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the folders that are missing.
    pub(super) fn open(root: &Path, buckets: &[String]) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let layout = Self { root: root.canonicalize()? };
        for folder in [layout.uploads(), layout.own("completed"), layout.own("incoming")] {
            fs::create_dir_all(folder)?;
        }
        for bucket in buckets {
            fs::create_dir_all(layout.root.join(bucket))?;
        }
        Ok(layout)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Deletes what earlier runs had begun to receive.
    pub(super) fn discard_incoming(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.own("incoming"))? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// The file of an object, which need not exist. Refuses keys that cannot be a path below the bucket.
    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        let folder = self.root.join(bucket);
        if !s3s::path::check_bucket_name(bucket) || !folder.is_dir() {
            return Err(s3_error!(NoSuchBucket, "There is no bucket {bucket:?} here."));
        }
        if key.split('/').any(|segment| segment.len() > 255) {
            return Err(s3_error!(KeyTooLongError, "Keys are kept as paths here: 255 bytes at most between slashes."));
        }
        let plain = Path::new(key).components().all(|component| matches!(component, Component::Normal(_)));
        if !plain || key.contains('\0') || key.split('/').any(|segment| segment.is_empty() || segment == ".") {
            return Err(s3_error!(InvalidArgument, "Keys are kept as paths here: no empty, `.` or `..` segments."));
        }
        Ok(folder.join(key))
    }

    /// What is known about an object.
    pub(super) fn object_record(&self, bucket: &str, key: &str) -> PathBuf {
        let hash: String = Sha256::checksum(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.object_records(bucket).join(hash)
    }

    /// What is known about all objects of a bucket; the folder need not exist.
    pub(super) fn object_records(&self, bucket: &str) -> PathBuf {
        self.own("objects").join(bucket)
    }

    /// The folder of all open uploads.
    pub(super) fn uploads(&self) -> PathBuf {
        self.own("uploads")
    }

    /// The folder of one upload, which need not exist.
    pub(super) fn upload(&self, id: &str) -> S3Result<PathBuf> {
        Ok(self.uploads().join(file_name(id)?))
    }

    /// What a Complete has answered.
    pub(super) fn completed(&self, id: &str) -> S3Result<PathBuf> {
        Ok(self.own("completed").join(file_name(id)?))
    }

    /// A new file for bytes that are not checked yet.
    pub(super) fn incoming(&self) -> PathBuf {
        self.own("incoming").join(Uuid::new_v4().simple().to_string())
    }

    fn own(&self, folder: &str) -> PathBuf {
        self.root.join(".nearput").join(folder)
    }
}

/// Upload ids are made here, so one of another form is unknown, and never a path.
fn file_name(upload_id: &str) -> S3Result<String> {
    match Uuid::parse_str(upload_id) {
        Ok(id) => Ok(id.simple().to_string()),
        Err(_) => Err(s3_error!(NoSuchUpload, "There is no such upload here.")),
    }
}
