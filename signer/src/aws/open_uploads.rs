//! Listing the multipart uploads that are open.

use std::time::SystemTime;

use aws_sdk_s3::types::MultipartUpload;

use super::{Storage, StorageError};

const LIST: &str = "ListMultipartUploads";

/// An upload that is neither completed nor aborted.
pub(crate) struct OpenUpload {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) opened: SystemTime,
}

/// What is left to be listed. The SDK has no pages for this call, since two markers together say where the next one begins.
pub(crate) struct Pages<'a> {
    storage: &'a Storage,
    prefix: &'a str,
    next: Option<Markers>,
}

#[derive(Default)]
struct Markers {
    key: Option<String>,
    id: Option<String>,
}

impl Storage {
    /// The open uploads whose keys begin with `prefix`.
    pub(crate) fn open_uploads<'a>(&'a self, prefix: &'a str) -> Pages<'a> {
        Pages { storage: self, prefix, next: Some(Markers::default()) }
    }
}

impl Pages<'_> {
    /// None after the last page.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<OpenUpload>>, StorageError> {
        let Some(Markers { key, id }) = self.next.take() else { return Ok(None) };
        let list = self.storage.client.list_multipart_uploads().bucket(&self.storage.bucket).prefix(self.prefix);
        let list = list.set_key_marker(key).set_upload_id_marker(id);
        let page = self.storage.call(LIST, list.send()).await?;
        let next = Markers { key: page.next_key_marker, id: page.next_upload_id_marker };
        self.next = (page.is_truncated == Some(true) && next.key.is_some()).then_some(next);
        Ok(Some(page.uploads.unwrap_or_default().into_iter().filter_map(open_upload).collect()))
    }
}

/// None where the storage does not say which one it is, or since when.
fn open_upload(listed: MultipartUpload) -> Option<OpenUpload> {
    Some(OpenUpload { key: listed.key?, id: listed.upload_id?, opened: SystemTime::try_from(listed.initiated?).ok()? })
}
