//! Carries out what the queue asks for, and tells it, and the page, what happened.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use nearput_core::parts::{Action, Event, Parts};
use nearput_core::queue::{Queue, Step, UploadId};
use nearput_core::retry::Failure;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clock::now;
use crate::browser::timer::Timer;
use crate::browser::xhr::{Heard, Xhr};
use crate::error::Error;
use crate::events::{Events, State};
use crate::job::{self, Home, Job};
use crate::options::EngineOptions;
use crate::reader::Reader;
use crate::signer::Signer;
use crate::upload::{Stage, Upload};
use crate::wire::Json;

/// The page hears of an upload's progress no more often than this.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(66);

/// Every upload of the page, and the means to carry it out.
pub(crate) struct Driver {
    pub(crate) signer: Signer,
    pub(crate) options: EngineOptions,
    pub(crate) reader: Reader,
    /// The site that files go to, once the signer has named it.
    pub(crate) home: OnceCell<Home>,
    events: Events,
    queue: RefCell<Queue>,
    uploads: RefCell<Vec<Rc<Upload>>>,
    timer: Cell<Option<Timer>>,
}

impl Driver {
    pub(crate) fn new(signer: Signer, options: EngineOptions, events: Events) -> Rc<Self> {
        Rc::new(Self {
            signer,
            reader: Reader::new(),
            home: OnceCell::new(),
            events,
            queue: RefCell::new(Queue::new(options.concurrency)),
            options,
            uploads: RefCell::new(Vec::new()),
            timer: Cell::new(None),
        })
    }

    pub(crate) fn add(self: &Rc<Self>, upload: Upload) {
        let id = upload.id;
        self.events.state(id, &State::Queued);
        self.uploads.borrow_mut().push(Rc::new(upload));
        self.queue.borrow_mut().add(id);
        self.pump();
    }

    /// Tells the queue what happened, and does what it then asks for.
    pub(crate) fn handle(self: &Rc<Self>, id: UploadId, event: Event) {
        self.queue.borrow_mut().handle(id, event, now());
        self.pump();
        if let Some(upload) = self.upload(id) {
            self.tell(&upload);
        }
    }

    pub(crate) fn cancel(self: &Rc<Self>, id: UploadId) {
        if let Some(upload) = self.upload(id) {
            self.give_up(&upload);
            self.events.state(id, &State::Cancelled);
        }
    }

    /// The signer fails, for the time being, or does so no more.
    pub(crate) fn troubled(&self, upload: &Upload, trouble: Option<Error>) {
        upload.trouble.replace(trouble);
        self.tell(upload);
    }

    fn upload(&self, id: UploadId) -> Option<Rc<Upload>> {
        self.uploads.borrow().iter().find(|upload| upload.id == id).cloned()
    }

    fn poll(&self) -> Option<(UploadId, Step)> {
        self.queue.borrow_mut().poll(now())
    }

    fn pump(self: &Rc<Self>) {
        while let Some((id, step)) = self.poll() {
            if let Some(upload) = self.upload(id) {
                self.perform(&upload, step);
                self.tell(&upload);
            }
        }
        let now = now();
        let wake = self.queue.borrow().wake_at(now);
        let driver = Rc::downgrade(self);
        let timer = wake.map(|at| {
            Timer::after(at - now, move || {
                if let Some(driver) = driver.upgrade() {
                    driver.pump();
                }
            })
        });
        self.timer.set(timer);
    }

    fn perform(self: &Rc<Self>, upload: &Rc<Upload>, step: Step) {
        match step {
            Step::Open => {
                upload.stage.set(Stage::Opening);
                self.start(upload, Job::Open);
            }
            Step::Part(Action::Read(number)) => self.start(upload, Job::Read(number)),
            Step::Part(Action::Sign(parts)) => self.start(upload, Job::Sign(parts)),
            Step::Part(Action::Send(number)) => self.send(upload, number),
            Step::Part(Action::Stop(number)) => upload.end_request(number),
            Step::Part(Action::Complete { parts, checksum }) => {
                upload.stage.set(Stage::Completing);
                self.start(upload, Job::Complete { parts, checksum });
            }
            Step::Part(Action::GiveUp(failure)) => self.fail(upload, &Error::from(&failure)),
        }
    }

    fn start(self: &Rc<Self>, upload: &Rc<Upload>, job: Job) {
        let (driver, upload) = (self.clone(), upload.clone());
        spawn_local(async move {
            if let Err(error) = job::run(&driver, &upload, job).await {
                driver.fail(&upload, &error);
            }
        });
    }

    /// The signer has opened an upload, perhaps after it was cancelled.
    pub(crate) fn opened(self: &Rc<Self>, upload: &Rc<Upload>, parts: Parts) {
        if self.upload(upload.id).is_none() {
            return self.abort(upload);
        }
        upload.stage.set(Stage::Moving);
        self.queue.borrow_mut().opened(upload.id, parts, now());
        self.pump();
        self.tell(upload);
    }

    /// The signer has completed an upload, perhaps after it was cancelled.
    pub(crate) fn completed(self: &Rc<Self>, upload: &Upload, result: &Json) {
        if self.upload(upload.id).is_some() {
            self.forget(upload);
            self.events.progress(upload.id, &upload.progress.borrow());
            self.events.done(upload.id, result);
        }
    }

    fn send(self: &Rc<Self>, upload: &Rc<Upload>, number: u32) {
        // The request is held by the upload, which is held by the driver.
        let (driver, id) = (Rc::downgrade(self), upload.id);
        let heard = move |heard| {
            if let Some(driver) = driver.upgrade() {
                driver.heard(id, number, heard);
            }
        };
        let send = |signed: &Json| Xhr::send(signed, &upload.part(number)?, heard).ok();
        if !upload.send(number, send) {
            self.start(upload, Job::Doubt { number, failure: Failure::Network });
        }
    }

    fn heard(self: &Rc<Self>, id: UploadId, number: u32, heard: Heard) {
        let Some(upload) = self.upload(id) else { return };
        match heard {
            Heard::Moved(sent) => self.handle(id, Event::Moved { number, sent }),
            Heard::Stored(etag) => {
                upload.forget_request(number);
                self.handle(id, Event::Stored { number, etag });
            }
            Heard::Failed(failure) => {
                upload.end_request(number);
                self.start(&upload, Job::Doubt { number, failure });
            }
        }
    }

    fn fail(self: &Rc<Self>, upload: &Rc<Upload>, error: &Error) {
        if self.upload(upload.id).is_some() {
            self.give_up(upload);
            self.events.failed(upload.id, error);
        }
    }

    fn give_up(self: &Rc<Self>, upload: &Rc<Upload>) {
        self.forget(upload);
        self.abort(upload);
    }

    /// Ends an upload's requests and makes room for the next one.
    fn forget(self: &Rc<Self>, upload: &Upload) {
        self.uploads.borrow_mut().retain(|known| known.id != upload.id);
        self.queue.borrow_mut().remove(upload.id);
        upload.forget_requests();
        self.pump();
    }

    fn abort(self: &Rc<Self>, upload: &Rc<Upload>) {
        if upload.ticket.get().is_some() && upload.leaves_parts_behind() {
            self.start(upload, Job::Abort);
        }
    }

    /// Tells the page what it does not know yet.
    fn tell(&self, upload: &Upload) {
        if self.upload(upload.id).is_none() {
            return;
        }
        let queue = self.queue.borrow();
        let state = state(&queue, upload);
        if *upload.state.borrow() != state {
            self.events.state(upload.id, &state);
            upload.state.replace(state);
        }
        let Some(parts) = queue.parts(upload.id) else { return };
        let mut progress = upload.progress.borrow_mut();
        if parts.is_paused() {
            progress.rest();
        }
        progress.update(parts.loaded(), now());
        if now() - upload.told.get() >= PROGRESS_INTERVAL {
            upload.told.set(now());
            self.events.progress(upload.id, &progress);
        }
    }
}

fn state(queue: &Queue, upload: &Upload) -> State {
    let completing = upload.stage.get() == Stage::Completing;
    if queue.is_paused(upload.id) && !completing {
        return State::Paused;
    }
    if let Some(error) = &*upload.trouble.borrow() {
        return State::Waiting(error.clone());
    }
    match upload.stage.get() {
        Stage::Queued => State::Queued,
        Stage::Opening => State::Preparing,
        Stage::Completing => State::Finishing,
        Stage::Moving => {
            let still = queue.parts(upload.id).filter(|parts| parts.requests() == 0);
            let trouble = still.and_then(|parts| parts.trouble());
            trouble.map_or(State::Uploading, |failure| State::Waiting(Error::from(failure)))
        }
    }
}
