//! What the page hears of its uploads.

use js_sys::Function;
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;
use wasm_bindgen::JsValue;

use crate::error::Error;
use crate::wire::Json;

/// Where an upload stands.
#[derive(Clone, PartialEq)]
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

/// What the page calls the properties of a result, and the signer.
const RESULT: [(&str, &str); 9] = [
    ("site", "site"),
    ("region", "region"),
    ("bucket", "bucket"),
    ("key", "key"),
    ("size", "size"),
    ("etag", "etag"),
    ("versionId", "version_id"),
    ("checksum", "checksum"),
    ("downloadUrl", "download_url"),
];

/// The page's ear.
pub(crate) struct Events {
    listener: Function,
}

impl Events {
    pub(crate) fn new(listener: Function) -> Self {
        Self { listener }
    }

    pub(crate) fn state(&self, id: UploadId, state: &State) {
        let event = Json::object();
        let name = match state {
            State::Queued => "queued",
            State::Preparing => "preparing",
            State::Uploading => "uploading",
            State::Waiting(reason) => {
                event.set("reason", reason.json.clone().into());
                "waiting"
            }
            State::Paused => "paused",
            State::Finishing => "finishing",
            State::Cancelled => "cancelled",
        };
        self.tell(id, "state", event.with("state", name));
    }

    pub(crate) fn progress(&self, id: UploadId, progress: &Progress) {
        let event = Json::object()
            .with("loaded", progress.loaded() as f64)
            .with("total", progress.total() as f64)
            .with("rate", progress.rate())
            .with("left", progress.left());
        self.tell(id, "progress", event);
    }

    /// `upload` is the signer's word for it.
    pub(crate) fn done(&self, id: UploadId, upload: &Json) {
        let result = Json::object();
        for (name, signers_name) in &RESULT {
            result.set(name, upload.get(signers_name).into());
        }
        self.tell(id, "done", Json::object().with("result", result));
    }

    pub(crate) fn failed(&self, id: UploadId, error: &Error) {
        self.tell(id, "failed", Json::object().with("error", error.json.clone()));
    }

    fn tell(&self, id: UploadId, kind: &str, event: Json) {
        // What the page's own code throws is the page's own affair.
        let _ = self.listener.call1(&JsValue::UNDEFINED, &event.with("id", id).with("type", kind).0);
    }
}
