//! What the page may choose. The values were checked before they came here.

use std::time::Duration;

use crate::wire::Json;

/// For all uploads of the page.
pub(crate) struct EngineOptions {
    /// Requests to the storage that may be under way at once.
    pub(crate) concurrency: usize,
    /// In bytes.
    pub(crate) part_size: Option<u64>,
    /// Passing failures are repeated until no byte has moved for this long.
    pub(crate) give_up_after: Duration,
}

impl EngineOptions {
    pub(crate) fn read(options: &Json) -> Self {
        Self {
            concurrency: options.number("concurrency").unwrap_or(6.0) as usize,
            part_size: options.number("partSize").map(|bytes| bytes as u64),
            give_up_after: Duration::from_millis(options.number("giveUpAfter").unwrap_or(60_000.0) as u64),
        }
    }
}

/// For one file.
pub(crate) struct FileOptions {
    pub(crate) name: Json,
    /// The media type, a string.
    pub(crate) content_type: Json,
    /// The access level; undefined for the signer's default.
    pub(crate) access: Json,
    /// An object of strings, or undefined.
    pub(crate) metadata: Json,
}

impl FileOptions {
    pub(crate) fn read(options: &Json, file: &Json) -> Self {
        Self {
            name: options.get("name").or(|| file.get("name")).or(|| Json("blob".into())),
            content_type: options.get("type").or(|| file.get("type")),
            access: options.get("access"),
            metadata: options.get("metadata"),
        }
    }
}
