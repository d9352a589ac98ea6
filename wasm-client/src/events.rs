//! What the page hears of its uploads.

use js_sys::Function;
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;
use wasm_bindgen::JsValue;

use crate::error::Error;
use crate::wire::{Json, object, set};

/// Where an upload stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Preparing,
    Uploading,
    /// For what failed to be worth another try.
    Waiting(Error),
    Paused,
    Finishing,
    Cancelled,
}

/// The page's ear.
pub(crate) struct Events {
    listener: Function,
}

impl Events {
    pub(crate) fn new(listener: Function) -> Self {
        Self { listener }
    }

    pub(crate) fn state(&self, id: UploadId, state: &State) {
        let (name, reason) = match state {
            State::Queued => ("queued", None),
            State::Preparing => ("preparing", None),
            State::Uploading => ("uploading", None),
            State::Waiting(reason) => ("waiting", Some(reason)),
            State::Paused => ("paused", None),
            State::Finishing => ("finishing", None),
            State::Cancelled => ("cancelled", None),
        };
        self.tell(id, "state", &[("state", name.into()), ("reason", reason.map(error).into())]);
    }

    pub(crate) fn progress(&self, id: UploadId, progress: &Progress) {
        let loaded = (progress.loaded() as f64).into();
        let total = (progress.total() as f64).into();
        let (rate, left) = (progress.rate().into(), progress.left().into());
        self.tell(id, "progress", &[("loaded", loaded), ("total", total), ("rate", rate), ("left", left)]);
    }

    /// `upload` is the signer's word for it.
    pub(crate) fn done(&self, id: UploadId, upload: &Json) {
        let property = |name| upload.get(name).map(|value| value.0).unwrap_or_default();
        let result = object(&[
            ("site", property("site")),
            ("region", property("region")),
            ("bucket", property("bucket")),
            ("key", property("key")),
            ("size", property("size")),
            ("etag", property("etag")),
            ("versionId", property("version_id")),
            ("checksum", property("checksum")),
            ("downloadUrl", property("download_url")),
        ]);
        self.tell(id, "done", &[("result", result)]);
    }

    pub(crate) fn failed(&self, id: UploadId, failure: &Error) {
        self.tell(id, "failed", &[("error", error(failure))]);
    }

    fn tell(&self, id: UploadId, kind: &str, details: &[(&str, JsValue)]) {
        let event = object(details);
        set(&event, "id", &id.into());
        set(&event, "type", &kind.into());
        // What the page's own code throws is the page's own affair.
        let _ = self.listener.call1(&JsValue::UNDEFINED, &event);
    }
}

fn error(error: &Error) -> JsValue {
    object(&[
        ("code", (&error.code).into()),
        ("message", (&error.message).into()),
        ("retryable", error.retryable.into()),
    ])
}
