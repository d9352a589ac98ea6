//! What the page may choose. The values were checked before they came here.

use js_sys::Function;
use nearput_core::Millis;
use wasm_bindgen::JsCast;

use crate::wire::Json;

/// For all uploads of the page.
pub(crate) struct EngineOptions {
    /// Requests to the storage that may be under way at once, however well the line bears them.
    pub(crate) concurrency: usize,
    /// In bytes.
    pub(crate) part_size: Option<u64>,
    /// Passing failures are repeated until no byte has moved for this long.
    pub(crate) give_up_after: Millis,
    /// A request of which no byte has moved for so long is sent again.
    pub(crate) stall_after: Millis,
    /// Signs parts by temporary credentials, where the page wants that: a function of what to sign by, and the parts.
    pub(crate) sign: Option<Function>,
    /// Opens an upload by an access point: a function of the site and the file, which gives a promise of the signer's reply.
    pub(crate) create: Option<Function>,
}

impl EngineOptions {
    pub(crate) fn read(options: &Json) -> Self {
        let number = |name, default| options.number(name).unwrap_or(default);
        Self {
            concurrency: number("concurrency", 64.0) as usize,
            part_size: options.number("partSize").map(|bytes| bytes as u64),
            give_up_after: number("giveUpAfter", 3_600_000.0) as Millis,
            stall_after: number("stallAfter", 20_000.0) as Millis,
            sign: options.get("sign").0.dyn_into().ok(),
            create: options.get("create").0.dyn_into().ok(),
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
    /// The higher, the sooner.
    pub(crate) priority: i32,
    /// What is known of the upload from before it was interrupted; `false` where nobody will ask for it again.
    pub(crate) resume: Json,
}

impl FileOptions {
    pub(crate) fn read(options: &Json, file: &Json) -> Self {
        Self {
            name: options.get("name").or(|| file.get("name")).or(|| Json("blob".into())),
            content_type: options.get("type").or(|| file.get("type")),
            access: options.get("access"),
            metadata: options.get("metadata"),
            priority: options.number("priority").unwrap_or_default() as i32,
            resume: options.get("resume"),
        }
    }

    /// Whether an upload that fails for a while only is to be left as it is, for another day.
    pub(crate) fn can_be_resumed(&self) -> bool {
        self.resume.0.as_bool().unwrap_or(true)
    }
}
