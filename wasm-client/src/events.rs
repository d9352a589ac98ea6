//! What the page hears of its uploads: many events in one call, about once per frame.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function};
use nearput_api::Plan;
use nearput_core::Millis;
use nearput_core::parts::Checked;
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;
use wasm_bindgen::JsValue;

use crate::browser::timer::Timer;
use crate::error::Error;
use crate::wire::{self, Json};

/// One frame of most screens.
const FRAME: Millis = 16;

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
    pending: RefCell<Array>,
    timer: Cell<Option<Timer>>,
    frame: OnceCell<Rc<dyn Fn()>>,
}

impl Events {
    pub(crate) fn new(listener: Function) -> Self {
        Self { listener, pending: RefCell::default(), timer: Cell::new(None), frame: OnceCell::new() }
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

    /// Which site the upload goes to.
    pub(crate) fn site(&self, id: UploadId, site: &Json) {
        self.tell(id, "site", Json::object().with("site", site.clone()));
    }

    /// What is known of all sites: to whoever has asked, or by the number 0 since it has changed.
    pub(crate) fn sites(&self, id: UploadId, sites: &Json) {
        self.tell(id, "sites", Json::object().with("sites", sites.clone()));
    }

    /// An upload that could be resumed is open. `opened` is the signer's word for it.
    pub(crate) fn opened(&self, id: UploadId, opened: &Json, plan: Plan) {
        let Plan::Multipart { part_size } = plan else { return };
        let record = Json::object()
            .with("ticket", opened.get("ticket"))
            .with("site", opened.get("site"))
            .with("key", opened.get("key"))
            .with("expiresAt", opened.get("expires_at"))
            .with("partSize", part_size as f64);
        self.tell(id, "opened", Json::object().with("record", record));
    }

    /// The ticket of an open upload lasts longer. `renewed` is the signer's word for it.
    pub(crate) fn renewed(&self, id: UploadId, renewed: &Json) {
        self.tell(id, "renewed", Json::object().with("renewed", renewed.clone()));
    }

    pub(crate) fn stored(&self, id: UploadId, parts: &[Checked]) {
        self.tell(id, "stored", Json::object().with("parts", wire::parts_to_sign(parts)));
    }

    pub(crate) fn restarted(&self, id: UploadId, reason: &Error) {
        self.tell(id, "restarted", Json::object().with("reason", reason.json.clone()));
    }

    /// `upload` is the signer's word for it.
    pub(crate) fn done(&self, id: UploadId, upload: &Json, report: Json, ticket: Json) {
        let result = Json::object();
        for (name, signers_name) in &RESULT {
            result.set(name, upload.get(signers_name).into());
        }
        self.tell(id, "done", Json::object().with("result", result).with("report", report).with("ticket", ticket));
    }

    /// Whether it can be resumed another day is said with it.
    pub(crate) fn failed(&self, id: UploadId, error: &Error, report: Json, resumable: bool) {
        let event = Json::object().with("error", error.json.clone()).with("report", report);
        self.tell(id, "failed", event.with("resumable", resumable));
    }

    /// Has this called for each frame in which there is something to tell.
    pub(crate) fn on_frame(&self, flush: impl Fn() + 'static) {
        let _ = self.frame.set(Rc::new(flush));
    }

    /// Tells the page all that it has not heard.
    pub(crate) fn flush(&self) {
        self.timer.take();
        let events = self.pending.take();
        if events.length() > 0 {
            // What the page's own code throws is the page's own affair.
            let _ = self.listener.call1(&JsValue::UNDEFINED, &events);
        }
    }

    fn tell(&self, id: UploadId, kind: &str, event: Json) {
        self.pending.borrow().push(&event.with("id", id).with("type", kind).0);
        self.schedule();
    }

    /// There may be something to tell when the next frame comes.
    pub(crate) fn schedule(&self) {
        let timer = self.timer.take().or_else(|| {
            let flush = self.frame.get()?.clone();
            Some(Timer::after(FRAME, move || flush()))
        });
        self.timer.set(timer);
    }
}
