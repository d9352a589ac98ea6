//! One file on its way.

use std::cell::{Cell, RefCell};

use nearput_api::Plan;
use nearput_core::Millis;
use nearput_core::parts::{Checked, Request};
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;
use nearput_core::report::Report;

use crate::browser::blob::Blob;
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
    pub(crate) began: Millis,
    pub(crate) plan: Cell<Plan>,
    pub(crate) stage: Cell<Stage>,
    pub(crate) progress: RefCell<Progress>,
    /// What the page last heard.
    pub(crate) state: RefCell<State>,
    /// Why a call to the signer is being repeated.
    pub(crate) trouble: RefCell<Option<Error>>,
    /// Since when, and how often, the signer has failed for this upload alone.
    pub(crate) failing: Cell<Option<(Millis, u32)>>,
    /// None until the upload is open. Another one after it was opened anew.
    pub(crate) ticket: RefCell<Option<Json>>,
    /// What is known from before the upload was interrupted, until that has been tried.
    pub(crate) interrupted: RefCell<Json>,
    /// Parts that the page has not heard of as stored.
    pub(crate) news: RefCell<Vec<Checked>>,
    /// Of the tries before the present one.
    pub(crate) report: RefCell<Report>,
    /// What the signer signed for each part, kept for as often as it is sent.
    signed: RefCell<Vec<(u32, Json)>>,
    under_way: RefCell<Vec<(Request, Xhr)>>,
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
    pub(crate) fn new(id: UploadId, file: Blob, options: FileOptions, now: Millis) -> Self {
        Self {
            id,
            began: now,
            plan: Cell::new(Plan::Put),
            stage: Cell::new(Stage::Queued),
            progress: RefCell::new(Progress::new(file.size() as u64)),
            file,
            interrupted: RefCell::new(Json(options.resume.0.clone())),
            options,
            state: RefCell::new(State::Queued),
            trouble: RefCell::new(None),
            failing: Cell::new(None),
            ticket: RefCell::new(None),
            news: RefCell::default(),
            report: RefCell::default(),
            signed: RefCell::default(),
            under_way: RefCell::default(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.file.size() as u64
    }

    /// The bytes of a part.
    pub(crate) fn part(&self, number: u32) -> Option<Blob> {
        let range = self.plan.get().part_range(self.size(), number)?;
        Some(slice(&self.file, range.start, range.end))
    }

    /// Whether the storage keeps parts until the upload is completed or aborted.
    pub(crate) fn leaves_parts_behind(&self) -> bool {
        matches!(self.plan.get(), Plan::Multipart { .. })
    }

    /// Whether a call was made under a ticket that the upload still has.
    pub(crate) fn is_under(&self, ticket: &Option<Json>) -> bool {
        *self.ticket.borrow() == *ticket
    }

    pub(crate) fn keep_signed(&self, number: u32, request: Json) {
        self.forget_signed(number);
        self.signed.borrow_mut().push((number, request));
    }

    pub(crate) fn signed(&self, number: u32) -> Option<Json> {
        self.signed.borrow().iter().find(|(of, _)| *of == number).map(|(_, request)| request.clone())
    }

    pub(crate) fn forget_signed(&self, number: u32) {
        self.signed.borrow_mut().retain(|(of, _)| *of != number);
    }

    pub(crate) fn under_way(&self, request: Request, xhr: Xhr) {
        self.under_way.borrow_mut().push((request, xhr));
    }

    /// Ends a request, if it is under way.
    pub(crate) fn end(&self, request: Request) {
        self.under_way.borrow_mut().retain(|(of, _)| *of != request);
    }

    pub(crate) fn end_all(&self) {
        self.under_way.borrow_mut().clear();
        self.signed.borrow_mut().clear();
    }
}
