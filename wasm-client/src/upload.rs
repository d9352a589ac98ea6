//! One file on its way.

use std::cell::{Cell, RefCell};

use js_sys::Array;
use nearput_api::Plan;
use nearput_core::Millis;
use nearput_core::parts::{Checked, Request};
use nearput_core::progress::Progress;
use nearput_core::queue::UploadId;
use nearput_core::report::Report;
use nearput_core::sites::SiteIndex;

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
    /// Where it goes, or will.
    pub(crate) site: Cell<SiteIndex>,
    /// Until when its site is worth waiting for, which holds parts of it from before it was interrupted.
    pub(crate) holds_until: Cell<Millis>,
    /// How often it has begun anew since its site failed.
    pub(crate) moves: Cell<usize>,
    pub(crate) plan: Cell<Plan>,
    pub(crate) stage: Cell<Stage>,
    pub(crate) progress: RefCell<Progress>,
    /// What the page last heard,
    pub(crate) state: RefCell<State>,
    /// and whether there may be more to hear.
    pub(crate) has_moved: Cell<bool>,
    /// Parts that the page has not heard of as stored.
    pub(crate) news: RefCell<Vec<Checked>>,
    /// Why a call to the signer is being repeated.
    pub(crate) trouble: RefCell<Option<Error>>,
    /// Since when the signer has failed for this upload alone, at whichever sites, and how often it was tried again.
    pub(crate) failing: Cell<Option<(Millis, u32)>>,
    /// Whether another signer was asked whether it reaches the storage, since the upload was open.
    pub(crate) asked_another: Cell<bool>,
    /// Undefined until the upload is open.
    ticket: RefCell<Json>,
    /// Another number each time it is opened.
    pub(crate) opening: Cell<u32>,
    /// What is known from before the upload was interrupted, until that has been tried.
    pub(crate) interrupted: RefCell<Json>,
    /// The first parts, while the upload is being opened.
    pub(crate) read: RefCell<Vec<Checked>>,
    /// What the signer is told to complete the upload.
    pub(crate) whole: RefCell<Json>,
    /// Of the tries before the present one.
    pub(crate) report: RefCell<Report>,
    /// A part as the signer signed it, which says where the upload is,
    pub(crate) sample: RefCell<Json>,
    /// and temporary credentials for it, with the time at which they came.
    pub(crate) credentials: RefCell<(Json, Millis)>,
    /// What the signer signed for each part, by its number, kept for as often as it is sent.
    signed: RefCell<Array>,
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
            site: Cell::default(),
            holds_until: Cell::default(),
            moves: Cell::default(),
            plan: Cell::new(Plan::Put),
            stage: Cell::new(Stage::Queued),
            progress: RefCell::new(Progress::new(file.size() as u64)),
            file,
            state: RefCell::new(State::Queued),
            has_moved: Cell::default(),
            news: RefCell::default(),
            trouble: RefCell::default(),
            failing: Cell::default(),
            asked_another: Cell::default(),
            ticket: RefCell::default(),
            opening: Cell::default(),
            interrupted: RefCell::new(options.resume.clone()),
            options,
            read: RefCell::default(),
            whole: RefCell::default(),
            report: RefCell::default(),
            sample: RefCell::default(),
            credentials: RefCell::default(),
            signed: RefCell::default(),
            under_way: RefCell::default(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.file.size() as u64
    }

    pub(crate) fn ticket(&self) -> Json {
        self.ticket.borrow().clone()
    }

    /// The ticket of an upload that has been opened; an undefined one where it is closed. Gives the one before.
    pub(crate) fn open(&self, ticket: Json) -> Json {
        self.opening.set(self.opening.get() + 1);
        self.renew(ticket)
    }

    /// Another ticket of the same upload.
    pub(crate) fn renew(&self, ticket: Json) -> Json {
        self.ticket.replace(ticket)
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

    pub(crate) fn keep_signed(&self, number: u32, request: Json) {
        self.signed.borrow().set(number, request.0);
    }

    /// Undefined where nothing is signed for the part.
    pub(crate) fn signed(&self, number: u32) -> Json {
        Json(self.signed.borrow().get(number))
    }

    pub(crate) fn begin(&self, request: Request, xhr: Xhr) {
        self.under_way.borrow_mut().push((request, xhr));
    }

    /// Ends a request, if it is under way.
    pub(crate) fn end(&self, request: Request) {
        let mut under_way = self.under_way.borrow_mut();
        if let Some(index) = under_way.iter().position(|(of, _)| *of == request) {
            under_way.swap_remove(index);
        }
    }

    /// Ends every request, and forgets what was signed.
    pub(crate) fn end_all(&self) {
        self.under_way.borrow_mut().clear();
        self.signed.take();
        self.sample.take();
        self.credentials.take();
        self.news.borrow_mut().clear();
        self.read.borrow_mut().clear();
    }
}
