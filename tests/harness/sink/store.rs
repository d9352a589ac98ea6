//! What the sink remembers: sizes, checksums and ETags, never bytes.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An object as the sink would have stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// In bytes.
    pub size: u64,
    pub etag: String,
    /// Base64 of its CRC64NVME, where it is known.
    pub checksum: Option<String>,
}

/// A part of an upload.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) checksum: Option<String>,
}

#[derive(Default)]
pub(super) struct Store {
    last_id: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    objects: HashMap<Name, StoredObject>,
    uploads: HashMap<String, BTreeMap<u32, Part>>,
}

/// Bucket and key.
type Name = (String, String);

impl Store {
    pub(super) fn open(&self) -> String {
        let id = self.new_id();
        self.kept().uploads.insert(id.clone(), BTreeMap::new());
        id
    }

    /// None where there is no such upload.
    pub(super) fn put_part(&self, upload: &str, number: u32, size: u64, checksum: Option<String>) -> Option<Part> {
        let part = Part { size, etag: self.new_etag(), checksum };
        self.kept().uploads.get_mut(upload)?.insert(number, part.clone());
        Some(part)
    }

    pub(super) fn parts(&self, upload: &str) -> Option<BTreeMap<u32, Part>> {
        self.kept().uploads.get(upload).cloned()
    }

    /// Makes an object of all parts. None where there is no such upload.
    pub(super) fn complete(&self, upload: &str, name: Name, checksum: Option<String>) -> Option<StoredObject> {
        let parts = self.kept().uploads.remove(upload)?;
        let size = parts.values().map(|part| part.size).sum();
        Some(self.put_object(name, size, checksum))
    }

    /// Whether there was such an upload.
    pub(super) fn abort(&self, upload: &str) -> bool {
        self.kept().uploads.remove(upload).is_some()
    }

    pub(super) fn put_object(&self, name: Name, size: u64, checksum: Option<String>) -> StoredObject {
        let object = StoredObject { size, etag: self.new_etag(), checksum };
        self.kept().objects.insert(name, object.clone());
        object
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> Option<StoredObject> {
        self.kept().objects.get(&(bucket.to_owned(), key.to_owned())).cloned()
    }

    pub(super) fn open_uploads(&self) -> usize {
        self.kept().uploads.len()
    }

    fn new_etag(&self) -> String {
        format!("\"{}\"", self.new_id())
    }

    fn new_id(&self) -> String {
        format!("{:032x}", self.last_id.fetch_add(1, Ordering::Relaxed))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
