//! What the page may choose. The values were checked before they came here.

use std::time::Duration;

use wasm_bindgen::JsValue;

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
    pub(crate) fn read(options: JsValue) -> Self {
        let options = Json(options);
        Self {
            concurrency: options.number("concurrency").unwrap_or(6.0) as usize,
            part_size: options.number("partSize").map(|bytes| bytes as u64),
            give_up_after: Duration::from_millis(options.number("giveUpAfter").unwrap_or(60_000.0) as u64),
        }
    }
}

/// For one file.
pub(crate) struct FileOptions {
    pub(crate) name: String,
    /// The media type, a string.
    pub(crate) content_type: JsValue,
    /// The access level; undefined for the signer's default.
    pub(crate) access: JsValue,
    /// An object of strings, or undefined.
    pub(crate) metadata: JsValue,
}

impl FileOptions {
    pub(crate) fn read(options: JsValue, file: JsValue) -> Self {
        let (options, file) = (Json(options), Json(file));
        let value = |json: Option<Json>| json.map(|value| value.0).unwrap_or_default();
        Self {
            name: options.string("name").or_else(|| file.string("name")).unwrap_or_else(|| "blob".to_owned()),
            content_type: value(options.get("type").or_else(|| file.get("type"))),
            access: value(options.get("access")),
            metadata: value(options.get("metadata")),
        }
    }
}
