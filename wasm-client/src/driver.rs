//! Carries out what the queue asks for, and tells it, and the page, what happened.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use nearput_core::Millis;
use nearput_core::parts::{Action, Checked, Event, Parts, Request};
use nearput_core::paths::Paths;
use nearput_core::queue::{Queue, Step, UploadId};
use nearput_core::report::Report;
use nearput_core::retry::Failure;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clock::now;
use crate::browser::network::Network;
use crate::browser::timer::Timer;
use crate::browser::xhr::{Heard, Xhr};
use crate::error::{Cure, Error};
use crate::events::{Events, State};
use crate::home::Home;
use crate::job::{self, Whole};
use crate::options::EngineOptions;
use crate::reader::Reader;
use crate::report;
use crate::signer::Signer;
use crate::upload::{Stage, Upload};
use crate::wire::Json;

/// A browser that says that there is no network is believed for so long: some are wrong.
const BELIEVED_OFFLINE: Millis = 15_000;

/// Small files that are stored wait so long for others that are to be completed by the same call,
const GATHERING: Millis = 10;

/// of which so many may be under way,
const MOST_COMPLETE_CALLS: usize = 4;

/// each for so many files.
const MOST_FILES_PER_CALL: usize = 250;

/// An upload that has to be opened anew so often will not succeed.
const MOST_RESTARTS: usize = 3;

/// Every upload of the page, and the means to carry it out.
pub(crate) struct Driver {
    pub(crate) signer: Signer,
    pub(crate) options: EngineOptions,
    pub(crate) reader: Reader,
    pub(crate) events: Events,
    /// How often the network has come back.
    pub(crate) revivals: Cell<u32>,
    home: RefCell<Option<Rc<Home>>>,
    queue: RefCell<Queue>,
    uploads: RefCell<Vec<Rc<Upload>>>,
    /// Small files that are stored and not yet completed.
    wholes: RefCell<Vec<Whole>>,
    complete_calls: Cell<usize>,
    timer: Cell<Option<Timer>>,
    gathering: Cell<Option<Timer>>,
    network: Cell<Option<Network>>,
    offline: Cell<Option<Timer>>,
}

impl Driver {
    pub(crate) fn new(signer: Signer, options: EngineOptions, events: Events) -> Rc<Self> {
        // Without a path nothing is sent: the signer names them.
        let queue = Queue::new(Paths::new(&[], options.concurrency));
        let driver = Rc::new(Self {
            signer,
            reader: Reader::new(),
            events,
            revivals: Cell::new(0),
            home: RefCell::default(),
            queue: RefCell::new(queue),
            options,
            uploads: RefCell::default(),
            wholes: RefCell::default(),
            complete_calls: Cell::new(0),
            timer: Cell::default(),
            gathering: Cell::default(),
            network: Cell::default(),
            offline: Cell::default(),
        });
        let flush = driver.later();
        driver.events.on_frame(move || flush(&|driver| driver.flush()));
        let told = driver.later();
        driver.network.set(Some(Network::watch(move |online| told(&|driver| driver.set_online(online)))));
        driver
    }

    pub(crate) fn add(self: &Rc<Self>, upload: Upload) {
        self.events.state(upload.id, &State::Queued);
        self.queue.borrow_mut().add(upload.id, upload.size(), upload.options.priority, now());
        self.uploads.borrow_mut().push(Rc::new(upload));
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
            self.forget(&upload);
            self.abort(&upload);
            self.events.state(id, &State::Cancelled);
        }
    }

    /// The signer fails, for the time being, or does so no more.
    pub(crate) fn troubled(&self, upload: &Upload, trouble: Option<Error>) {
        upload.trouble.replace(trouble);
        self.tell(upload);
    }

    pub(crate) fn home(&self) -> Option<Rc<Home>> {
        self.home.borrow().clone()
    }

    /// The site that files go to is known.
    pub(crate) fn settle(&self, home: Home, paths: Paths) {
        self.home.replace(Some(Rc::new(home)));
        self.queue.borrow_mut().paths = paths;
    }

    /// The round trip to the storage has been measured.
    pub(crate) fn measured(self: &Rc<Self>, round_trip: Millis) {
        self.queue.borrow_mut().paths.pace.measured(round_trip);
        self.pump();
    }

    /// Requests that may be under way.
    pub(crate) fn limit(&self) -> usize {
        self.queue.borrow().paths.pace.limit()
    }

    /// Whether it has neither ended nor been cancelled.
    pub(crate) fn knows(&self, upload: &Upload) -> bool {
        self.upload(upload.id).is_some()
    }

    /// The signer has opened an upload, perhaps after it was cancelled.
    pub(crate) fn opened(self: &Rc<Self>, upload: &Rc<Upload>, parts: Parts) {
        if !self.knows(upload) {
            return self.abort(upload);
        }
        upload.failing.set(None);
        upload.stage.set(Stage::Moving);
        self.queue.borrow_mut().opened(upload.id, parts, now());
        self.pump();
        self.tell(upload);
    }

    /// Opening an upload is to be tried again.
    pub(crate) fn reopen(self: &Rc<Self>, upload: &Upload) {
        self.queue.borrow_mut().reopen(upload.id, now());
        self.pump();
    }

    /// An upload cannot go on as it is, and begins anew.
    pub(crate) fn restart(self: &Rc<Self>, upload: &Rc<Upload>, reason: &Error) {
        if !self.knows(upload) {
            return;
        }
        let mut report = self.report(upload);
        report.restarts.push(reason.code());
        if report.restarts.len() > MOST_RESTARTS {
            return self.fail(upload, reason);
        }
        self.abort(upload);
        upload.report.replace(report);
        upload.end_all();
        upload.news.take();
        upload.stage.set(Stage::Queued);
        self.events.restarted(upload.id, reason);
        self.reopen(upload);
        self.tell(upload);
    }

    /// All parts of an upload are stored.
    pub(crate) fn whole(self: &Rc<Self>, whole: Whole) {
        if whole.upload.leaves_parts_behind() {
            let driver = self.clone();
            return spawn_local(async move { job::complete(&driver, vec![whole]).await });
        }
        self.wholes.borrow_mut().push(whole);
        self.gather();
    }

    /// The storage has other bytes than the file, or none.
    pub(crate) fn doubted(self: &Rc<Self>, upload: &Upload, held: Vec<Checked>) {
        upload.stage.set(Stage::Moving);
        self.handle(upload.id, Event::Doubted { held });
    }

    /// The signer has completed an upload, perhaps after it was cancelled.
    pub(crate) fn completed(self: &Rc<Self>, upload: &Upload, result: &Json) {
        if self.knows(upload) {
            self.tell_news(upload);
            let report = self.write_report(upload);
            self.forget(upload);
            self.events.progress(upload.id, &upload.progress.borrow());
            self.events.done(upload.id, result, report);
        }
    }

    /// An upload is opened anew if that helps, and fails otherwise.
    pub(crate) fn failed(self: &Rc<Self>, upload: &Rc<Upload>, error: &Error) {
        if error.cure == Cure::Reopen {
            self.restart(upload, error);
        } else {
            self.fail(upload, error);
        }
    }

    pub(crate) fn fail(self: &Rc<Self>, upload: &Rc<Upload>, error: &Error) {
        if !self.knows(upload) {
            return;
        }
        let is_resumable = error.is_passing()
            && upload.ticket.borrow().is_some()
            && upload.leaves_parts_behind()
            && upload.options.can_be_resumed();
        self.tell_news(upload);
        let report = self.write_report(upload);
        self.forget(upload);
        if !is_resumable {
            self.abort(upload);
        }
        self.events.failed(upload.id, error, report, is_resumable);
    }

    fn upload(&self, id: UploadId) -> Option<Rc<Upload>> {
        self.uploads.borrow().iter().find(|upload| upload.id == id).cloned()
    }

    fn poll(&self) -> Option<Step> {
        self.queue.borrow_mut().poll(now())
    }

    fn pump(self: &Rc<Self>) {
        while let Some(step) = self.poll() {
            match step {
                Step::Open(ids) => self.open(&ids),
                Step::Part(id, action) => {
                    if let Some(upload) = self.upload(id) {
                        self.perform(&upload, action);
                        self.tell(&upload);
                    }
                }
            }
        }
        let now = now();
        let wake = self.queue.borrow().wake_at(now);
        let later = self.later();
        self.timer.set(wake.map(|at| Timer::after(at - now, move || later(&Self::pump))));
    }

    /// Calls this driver back, if it is still there then.
    fn later(self: &Rc<Self>) -> impl Fn(&dyn Fn(&Rc<Self>)) + 'static {
        let driver = Rc::downgrade(self);
        move |call| {
            if let Some(driver) = driver.upgrade() {
                call(&driver);
            }
        }
    }

    fn open(self: &Rc<Self>, ids: &[UploadId]) {
        let mut fresh = Vec::new();
        for upload in ids.iter().filter_map(|id| self.upload(*id)) {
            upload.stage.set(Stage::Opening);
            self.tell(&upload);
            if upload.interrupted.borrow().get("ticket").exists() {
                let driver = self.clone();
                spawn_local(async move { job::resume(&driver, &upload).await });
            } else {
                fresh.push(upload);
            }
        }
        let driver = self.clone();
        spawn_local(async move {
            if !fresh.is_empty() {
                job::open(&driver, fresh).await;
            }
            driver.queue.borrow_mut().open_call_ended();
            driver.pump();
        });
    }

    fn perform(self: &Rc<Self>, upload: &Rc<Upload>, action: Action) {
        match action {
            Action::Read(number) => {
                self.spawn(upload, async move |driver, upload| job::read_one(driver, upload, number).await);
            }
            Action::Sign(parts) => {
                self.spawn(upload, async move |driver, upload| job::sign(driver, upload, parts).await);
            }
            Action::Send(request) => self.send(upload, request),
            Action::Stop(request) => upload.end(request),
            Action::Complete { parts, checksum } => {
                upload.stage.set(Stage::Completing);
                self.whole(Whole { upload: upload.clone(), parts, checksum });
            }
            Action::GiveUp(failure) => self.failed(upload, &Error::from(&failure)),
        }
    }

    /// Does what takes a while; where it fails for good, so does the upload.
    fn spawn(
        self: &Rc<Self>,
        upload: &Rc<Upload>,
        job: impl AsyncFnOnce(&Rc<Self>, &Rc<Upload>) -> Result<(), Error> + 'static,
    ) {
        let (driver, upload) = (self.clone(), upload.clone());
        spawn_local(async move {
            if let Err(error) = job(&driver, &upload).await {
                driver.failed(&upload, &error);
            }
        });
    }

    fn send(self: &Rc<Self>, upload: &Rc<Upload>, request: Request) {
        let (later, id) = (self.later(), upload.id);
        // The request is held by the upload, which is held by the driver.
        let heard = move |heard: Heard| later(&|driver| driver.heard(id, request, heard.clone()));
        let send = |(signed, url): (Json, Json)| Xhr::send(&signed, &url.0, &upload.part(request.number)?, heard).ok();
        let sent = self.signed_request(upload, request).and_then(send);
        match sent {
            Some(xhr) => upload.under_way(request, xhr),
            None => self.doubt(upload, request, Failure::Network),
        }
    }

    fn signed_request(&self, upload: &Upload, request: Request) -> Option<(Json, Json)> {
        let signed = upload.signed(request.number)?;
        let path = self.home()?.paths.get(request.path)?.string("id")?;
        let url = signed.get("urls").get(&path);
        url.exists().then_some((signed, url))
    }

    fn heard(self: &Rc<Self>, id: UploadId, request: Request, heard: Heard) {
        let Some(upload) = self.upload(id) else { return };
        match heard {
            Heard::Moved(sent) => self.handle(id, Event::Moved { request, sent }),
            Heard::Stored(etag) => {
                upload.end(request);
                upload.forget_signed(request.number);
                self.queue.borrow_mut().handle(id, Event::Stored { request, etag }, now());
                let stored = self.queue.borrow().parts(id).and_then(|parts| parts.stored_part(request.number));
                upload.news.borrow_mut().extend(stored);
                self.pump();
                self.tell(&upload);
            }
            Heard::Failed(failure) => {
                upload.end(request);
                self.doubt(&upload, request, failure);
            }
        }
    }

    fn doubt(self: &Rc<Self>, upload: &Rc<Upload>, request: Request, failure: Failure) {
        self.spawn(upload, async move |driver, upload| job::doubt(driver, upload, request, failure).await);
    }

    /// Completes small files together, once there has been time for some to come.
    fn gather(self: &Rc<Self>) {
        let later = self.later();
        self.gathering.set(Some(Timer::after(GATHERING, move || later(&Self::complete_some))));
    }

    fn complete_some(self: &Rc<Self>) {
        let mut wholes = self.wholes.borrow_mut();
        if wholes.is_empty() || self.complete_calls.get() >= MOST_COMPLETE_CALLS {
            return;
        }
        let count = wholes.len().min(MOST_FILES_PER_CALL);
        let batch: Vec<_> = wholes.drain(..count).collect();
        drop(wholes);
        self.complete_calls.set(self.complete_calls.get() + 1);
        let driver = self.clone();
        spawn_local(async move {
            job::complete(&driver, batch).await;
            driver.complete_calls.set(driver.complete_calls.get() - 1);
            driver.complete_some();
        });
    }

    fn set_online(self: &Rc<Self>, online: bool) {
        let later = self.later();
        let believed = || Timer::after(BELIEVED_OFFLINE, move || later(&|driver| driver.set_online(true)));
        self.offline.set((!online).then(believed));
        if online {
            self.revivals.set(self.revivals.get() + 1);
        }
        self.queue.borrow_mut().set_online(online, now());
        self.pump();
    }

    /// Ends an upload's requests and makes room for the next one.
    fn forget(self: &Rc<Self>, upload: &Upload) {
        self.uploads.borrow_mut().retain(|known| known.id != upload.id);
        self.wholes.borrow_mut().retain(|whole| whole.upload.id != upload.id);
        self.queue.borrow_mut().remove(upload.id);
        upload.end_all();
        self.pump();
    }

    fn abort(self: &Rc<Self>, upload: &Rc<Upload>) {
        if let Some(ticket) = upload.ticket.take()
            && upload.leaves_parts_behind()
        {
            spawn_local(job::abort(self.clone(), upload.clone(), ticket));
        }
    }

    /// Has the page told what it does not know yet, with the next frame.
    fn tell(&self, upload: &Upload) {
        if !self.knows(upload) {
            return;
        }
        let state = state(&self.queue.borrow(), upload);
        if *upload.state.borrow() != state {
            self.events.state(upload.id, &state);
            upload.state.replace(state);
        }
        self.events.has_moved(upload.id);
    }

    fn flush(&self) {
        for upload in self.events.take_moved().into_iter().filter_map(|id| self.upload(id)) {
            self.tell_news(&upload);
        }
        self.events.flush();
    }

    /// Tells of bytes that have moved and of parts that are stored.
    fn tell_news(&self, upload: &Upload) {
        let queue = self.queue.borrow();
        let Some(parts) = queue.parts(upload.id) else { return };
        let mut progress = upload.progress.borrow_mut();
        if parts.is_paused() {
            progress.rest();
        }
        if progress.update(parts.loaded(), now()) {
            self.events.progress(upload.id, &progress);
        }
        let news = upload.news.take();
        if !news.is_empty() {
            self.events.stored(upload.id, &news);
        }
    }

    fn report(&self, upload: &Upload) -> Report {
        let queue = self.queue.borrow();
        queue.parts(upload.id).map_or_else(|| upload.report.borrow().clone(), |parts| parts.report.clone())
    }

    fn write_report(&self, upload: &Upload) -> Json {
        report::write(upload, &self.report(upload), self.home().as_deref())
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
