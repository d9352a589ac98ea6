//! One file on its way.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use nearput_api::Plan;
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use crate::browser::xhr::Xhr;
use crate::error::Error;
use crate::events::State;
use crate::options::FileOptions;
use crate::reader::slice;
use crate::wire::Json;

pub(crate) struct Upload {
    pub(crate) id: UploadId,
    pub(crate) file: Blob,
    pub(crate) options: FileOptions,
    pub(crate) plan: Cell<Plan>,
    pub(crate) stage: Cell<Stage>,
    pub(crate) progress: RefCell<Progress>,
    /// When the page last heard of the progress.
    pub(crate) told: Cell<Duration>,
    /// What the page last heard.
    pub(crate) state: RefCell<State>,
    /// Why a call to the signer is being repeated.
    pub(crate) trouble: RefCell<Option<Error>>,
    /// By part.
    pub(crate) requests: RefCell<Vec<(u32, Xhr)>>,
    /// By part.
    signed: RefCell<Vec<(u32, Json)>>,
    ticket: RefCell<JsValue>,
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Queued,
    Opening,
    Moving,
    Completing,
}

impl Upload {
    pub(crate) fn new(id: UploadId, file: Blob, options: FileOptions) -> Self {
        Self {
            id,
            plan: Cell::new(Plan::Put),
            stage: Cell::new(Stage::Queued),
            progress: RefCell::new(Progress::new(file.size() as u64)),
            file,
            options,
            told: Cell::new(Duration::ZERO),
            state: RefCell::new(State::Queued),
            trouble: RefCell::new(None),
            requests: RefCell::new(Vec::new()),
            signed: RefCell::new(Vec::new()),
            ticket: RefCell::new(JsValue::UNDEFINED),
        }
    }

    /// The bytes of a part.
    pub(crate) fn part(&self, number: u32) -> Result<Blob, Error> {
        let range = self.plan.get().part_range(self.file.size() as u64, number);
        let part = range.and_then(|range| slice(&self.file, range.start, range.end).ok());
        part.ok_or_else(|| Error::file_unreadable(&self.options.name))
    }

    pub(crate) fn open(&self, ticket: Option<Json>) {
        self.ticket.replace(ticket.map(|ticket| ticket.0).unwrap_or_default());
    }

    /// Undefined until the upload is open.
    pub(crate) fn ticket(&self) -> JsValue {
        self.ticket.borrow().clone()
    }

    /// Whether the storage keeps parts until the upload is completed or aborted.
    pub(crate) fn leaves_parts_behind(&self) -> bool {
        matches!(self.plan.get(), Plan::Multipart { .. })
    }

    /// Keeps the signed request for a part, for as often as it is sent.
    pub(crate) fn keep_signed(&self, number: u32, request: Json) {
        self.forget_signed(number);
        self.signed.borrow_mut().push((number, request));
    }

    pub(crate) fn signed(&self, number: u32) -> Option<Json> {
        self.signed.borrow().iter().find(|(other, _)| *other == number).map(|(_, request)| request.clone())
    }

    pub(crate) fn forget_signed(&self, number: u32) {
        self.signed.borrow_mut().retain(|(other, _)| *other != number);
    }

    /// Ends the request for a part, if it is under way.
    pub(crate) fn end_request(&self, number: u32) {
        self.requests.borrow_mut().retain(|(other, _)| *other != number);
    }
}
