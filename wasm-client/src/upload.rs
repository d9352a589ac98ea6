//! One file on its way.

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use crate::browser::blob::Blob;
use nearput_api::Plan;
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;

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
    /// None until the upload is open.
    pub(crate) ticket: OnceCell<Json>,
    requests: RefCell<Vec<Request>>,
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Queued,
    Opening,
    Moving,
    Completing,
}

/// What the signer signed for a part, kept for as often as it is sent.
struct Request {
    number: u32,
    signed: Json,
    under_way: Option<Xhr>,
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
            ticket: OnceCell::new(),
            requests: RefCell::new(Vec::new()),
        }
    }

    /// The bytes of a part.
    pub(crate) fn part(&self, number: u32) -> Option<Blob> {
        let range = self.plan.get().part_range(self.file.size() as u64, number)?;
        Some(slice(&self.file, range.start, range.end))
    }

    /// Whether the storage keeps parts until the upload is completed or aborted.
    pub(crate) fn leaves_parts_behind(&self) -> bool {
        matches!(self.plan.get(), Plan::Multipart { .. })
    }

    pub(crate) fn keep_signed(&self, number: u32, signed: Json) {
        self.forget_request(number);
        self.requests.borrow_mut().push(Request { number, signed, under_way: None });
    }

    /// Sends what was signed for a part; `send` may find that it cannot.
    pub(crate) fn send(&self, number: u32, send: impl FnOnce(&Json) -> Option<Xhr>) -> bool {
        let mut requests = self.requests.borrow_mut();
        let Some(request) = requests.iter_mut().find(|request| request.number == number) else { return false };
        request.under_way = send(&request.signed);
        request.under_way.is_some()
    }

    /// Ends the request for a part, if it is under way. It can be sent again.
    pub(crate) fn end_request(&self, number: u32) {
        self.send(number, |_| None);
    }

    pub(crate) fn forget_request(&self, number: u32) {
        self.requests.borrow_mut().retain(|request| request.number != number);
    }

    pub(crate) fn forget_requests(&self) {
        self.requests.borrow_mut().clear();
    }
}
