//! Carries out what the queue asks for, and tells it what happened.

mod completing;
mod sending;
mod sites;
mod telling;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use nearput_core::Millis;
use nearput_core::parts::{Action, Event, Parts};
use nearput_core::paths::Paths;
use nearput_core::progress::Progress;
use nearput_core::queue::{Queue, Step, UploadId};
use nearput_core::retry;
pub(crate) use sites::MOST_AT_A_SITE;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clock::{now, random};
use crate::browser::network::{Change, Network};
use crate::browser::timer::Timer;
use crate::error::{Cure, Error};
use crate::events::{Events, State};
use crate::job::{self, Job, PartJob};
use crate::options::EngineOptions;
use crate::reader::Reader;
use crate::signer::Signer;
use crate::sites::{Map, Site};
use crate::upload::{Stage, Upload};
use crate::wire::{self, Json};

/// A browser that says that there is no network is believed for so long: some are wrong.
const BELIEVED_OFFLINE: Millis = 15_000;

/// An upload that has to be opened anew so often will not succeed.
const MOST_RESTARTS: usize = 3;

/// What is to be done with a driver that is still there.
type Call<'a> = dyn Fn(&Rc<Driver>) + 'a;

/// Every upload of the page, and the means to carry it out.
pub(crate) struct Driver {
    pub(crate) signer: Signer,
    pub(crate) options: EngineOptions,
    pub(crate) reader: Reader,
    pub(crate) events: Events,
    /// How often the network has come back.
    pub(crate) revivals: Cell<u32>,
    /// The signer has no credentials to give out, although a site should have them: it signs by itself.
    pub(crate) lacks_credentials: Cell<bool>,
    map: RefCell<Option<Rc<Map>>>,
    queue: RefCell<Queue>,
    uploads: RefCell<Vec<Rc<Upload>>>,
    /// Small files that are stored and not yet completed.
    wholes: RefCell<Vec<Rc<Upload>>>,
    complete_calls: Cell<usize>,
    timer: Cell<Option<Timer>>,
    gathering: Cell<Option<Timer>>,
    network: Cell<Option<Network>>,
    offline: Cell<Option<Timer>>,
    looking: Cell<bool>,
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
            lacks_credentials: Cell::default(),
            map: RefCell::default(),
            queue: RefCell::new(queue),
            options,
            uploads: RefCell::default(),
            wholes: RefCell::default(),
            complete_calls: Cell::new(0),
            timer: Cell::default(),
            gathering: Cell::default(),
            network: Cell::default(),
            offline: Cell::default(),
            looking: Cell::default(),
        });
        let flush = driver.later();
        driver.events.on_frame(move || flush(&|driver| driver.flush()));
        let told = driver.later();
        driver.network.set(Some(Network::watch(move |change| told(&|driver| driver.hear_of_network(change)))));
        driver
    }

    pub(crate) fn add(self: &Rc<Self>, upload: Upload) {
        self.events.state(upload.id, &State::Queued);
        self.queue.borrow_mut().add(upload.id, upload.size(), upload.options.priority, now());
        self.uploads.borrow_mut().push(Rc::new(upload));
        self.pump();
        self.look_later();
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

    pub(crate) fn map(&self) -> Option<Rc<Map>> {
        self.map.borrow().clone()
    }

    /// Something about the site of an upload, once it is known.
    pub(crate) fn site<T>(&self, upload: &Upload, read: impl FnOnce(&Site) -> T) -> Option<T> {
        self.map.borrow().as_ref().map(|map| read(&map.sites[upload.site.get()]))
    }

    /// The sites that files may go to are known.
    pub(crate) fn settle(self: &Rc<Self>, map: Map, paths: Paths) {
        let map = Rc::new(map);
        self.map.replace(Some(map.clone()));
        {
            let mut queue = self.queue.borrow_mut();
            let online = queue.paths.online;
            queue.paths = paths;
            queue.paths.online = online;
        }
        // Until it is known how long the line is, it counts as short.
        let sites = map.choice.borrow_mut().begin();
        self.measure(&map, sites);
        self.look_later();
    }

    /// Requests that may be under way.
    pub(crate) fn limit(&self) -> usize {
        self.queue.borrow().paths.pace.limit()
    }

    /// Whether it has neither ended nor been cancelled.
    pub(crate) fn knows(&self, upload: &Upload) -> bool {
        self.upload(upload.id).is_some()
    }

    /// Does what takes a while.
    pub(crate) fn start(self: &Rc<Self>, job: Job) {
        spawn_local(job::run(self.clone(), job));
    }

    pub(crate) fn open_call_ended(self: &Rc<Self>) {
        self.queue.borrow_mut().open_call_ended();
        self.pump();
    }

    /// The signer has opened an upload, perhaps after it was cancelled.
    pub(crate) fn opened(self: &Rc<Self>, upload: &Rc<Upload>, parts: Parts) {
        if !self.knows(upload) {
            return self.abort(upload);
        }
        upload.failing.set(None);
        upload.asked_another.set(false);
        upload.stage.set(Stage::Moving);
        if let Some(map) = self.map() {
            map.choice.borrow_mut().works(upload.site.get());
        }
        self.queue.borrow_mut().opened(upload.id, parts, now());
        self.pump();
        self.tell(upload);
    }

    /// The signer could not open this upload: that is tried again where the failure is a passing one, or there is another site.
    pub(crate) fn reopen_if_passing(self: &Rc<Self>, upload: &Rc<Upload>, error: &Error) {
        let goes_elsewhere = self.asks_another_signer(upload, error) || self.leaves_site(upload, error);
        let wait = if goes_elsewhere { Some(0) } else { self.wait_after(upload, error) };
        match wait {
            Some(wait) => self.reopen(upload, wait),
            None => self.fail(upload, error),
        }
    }

    /// The same where it has been tried for long enough.
    pub(crate) fn reopen_elsewhere(self: &Rc<Self>, upload: &Rc<Upload>, error: &Error) {
        if self.leaves_site(upload, error) { self.reopen(upload, 0) } else { self.fail(upload, error) }
    }

    /// An upload cannot go on as it is, and begins anew.
    pub(crate) fn restart(self: &Rc<Self>, upload: &Rc<Upload>, reason: &Error) {
        if !self.knows(upload) {
            return;
        }
        let sent = self.queue.borrow().parts(upload.id).map_or(0, Parts::loaded);
        let report = self.queue.borrow_mut().take_report(upload.id);
        let restarts = {
            let mut kept = upload.report.borrow_mut();
            *kept = report.unwrap_or_else(|| std::mem::take(&mut kept));
            kept.wasted += sent;
            kept.restarts.push(reason.code());
            kept.restarts.len()
        };
        if restarts > MOST_RESTARTS + upload.moves.get() {
            return self.fail(upload, reason);
        }
        self.abort(upload);
        upload.end_all();
        upload.progress.replace(Progress::new(upload.size()));
        self.events.restarted(upload.id, reason);
        self.reopen(upload, 0);
    }

    /// An upload whose job has failed is opened anew if that helps, and fails otherwise.
    pub(crate) fn failed_if(self: &Rc<Self>, upload: &Rc<Upload>, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => {}
            Err(error) if self.leaves_site(upload, &error) => self.move_on(upload, &error),
            Err(error) if error.cure == Cure::Reopen => self.restart(upload, &error),
            Err(error) => self.fail(upload, &error),
        }
    }

    pub(crate) fn fail_all(self: &Rc<Self>, uploads: &[Rc<Upload>], error: &Error) {
        uploads.iter().for_each(|upload| self.fail(upload, error));
    }

    pub(crate) fn fail(self: &Rc<Self>, upload: &Rc<Upload>, error: &Error) {
        if !self.knows(upload) {
            return;
        }
        let is_resumable = error.is_passing()
            && upload.ticket().exists()
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

    fn pump(self: &Rc<Self>) {
        let now = loop {
            let now = now();
            let step = self.queue.borrow_mut().poll(now);
            match step {
                Some(Step::Open(ids)) => self.open(&ids),
                Some(Step::Part(id, action)) => {
                    if let Some(upload) = self.upload(id) {
                        self.perform(&upload, action);
                        self.tell(&upload);
                    }
                }
                None => break now,
            }
        };
        // By the same clock: what fell due since then would be waited for for ever.
        let wake = self.queue.borrow().wake_at(now);
        let later = self.later();
        self.timer.set(wake.map(|at| Timer::after(at - now, move || later(&Self::pump))));
    }

    /// Calls this driver back, if it is still there then.
    fn later(self: &Rc<Self>) -> impl Fn(&Call<'_>) + 'static {
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
                self.start(Job::Resume(upload));
            } else {
                fresh.push(upload);
            }
        }
        self.start(Job::Open(fresh));
    }

    fn reopen(self: &Rc<Self>, upload: &Upload, wait: Millis) {
        upload.stage.set(Stage::Queued);
        self.queue.borrow_mut().reopen(upload.id, now() + wait);
        self.pump();
        self.tell(upload);
    }

    /// How long to wait before another try, where this upload alone has failed at the signer and a try is worth it.
    fn wait_after(&self, upload: &Upload, error: &Error) -> Option<Millis> {
        let (since, failures) = upload.failing.get().unwrap_or((now(), 0));
        if error.cure != Cure::Time || now() >= since + self.options.give_up_after {
            return None;
        }
        upload.failing.set(Some((since, failures + 1)));
        self.troubled(upload, Some(error.clone()));
        Some(retry::delay_as_asked(failures + 1, random(), error.wait))
    }

    fn perform(self: &Rc<Self>, upload: &Rc<Upload>, action: Action) {
        match action {
            Action::Read(number) => self.start_part(upload, PartJob::Read(number)),
            Action::Sign(parts) => self.start_part(upload, PartJob::Sign(parts)),
            Action::Send(request) => self.send(upload, request),
            Action::Stop(request) => upload.end(request),
            Action::Complete(checksum) => {
                upload.stage.set(Stage::Completing);
                let whole = Json::object().with("ticket", upload.ticket()).with("checksum", wire::checksum(checksum));
                if upload.leaves_parts_behind() {
                    let queue = self.queue.borrow();
                    let parts = queue.parts(upload.id).map_or(&[][..], Parts::stored);
                    whole.set("parts", wire::completed_parts(parts).into());
                }
                upload.whole.replace(whole);
                self.whole(upload);
            }
            Action::GiveUp(failure) => match Error::from(&failure) {
                error if error.cure == Cure::Reopen => self.restart(upload, &error),
                error => self.fail(upload, &error),
            },
        }
    }

    fn start_part(self: &Rc<Self>, upload: &Rc<Upload>, job: PartJob) {
        self.start(Job::Part(upload.clone(), upload.opening.get(), job));
    }

    fn hear_of_network(self: &Rc<Self>, change: Change) {
        match change {
            Change::Online | Change::Offline => self.set_online(change == Change::Online),
            Change::Perhaps => self.suspect(false),
        }
    }

    fn set_online(self: &Rc<Self>, online: bool) {
        let later = self.later();
        let believed = || Timer::after(BELIEVED_OFFLINE, move || later(&|driver| driver.set_online(true)));
        self.offline.set((!online).then(believed));
        if online {
            self.revivals.set(self.revivals.get() + 1);
            self.network_changed();
        }
        self.queue.borrow_mut().set_online(online, now());
        self.pump();
    }

    /// Ends an upload's requests and makes room for the next one.
    fn forget(self: &Rc<Self>, upload: &Upload) {
        for list in [&self.uploads, &self.wholes] {
            list.borrow_mut().retain(|known| known.id != upload.id);
        }
        self.queue.borrow_mut().remove(upload.id);
        upload.end_all();
        self.pump();
    }

    pub(crate) fn abort(self: &Rc<Self>, upload: &Upload) {
        let ticket = upload.open(Json::default());
        if ticket.exists() && upload.leaves_parts_behind() {
            self.start(Job::Abort(ticket));
        }
    }
}
