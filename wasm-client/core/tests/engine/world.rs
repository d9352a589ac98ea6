//! A page under virtual time: it does what the queue asks for, holds the queue to its promises at every step, and can be told to
//! fail.

use std::collections::BTreeMap;

use nearput_core::Millis;
use nearput_core::parts::{Action, Checked, Event, Parts, Request, Signed, Start};
use nearput_core::paths::{Kind, MOST_PER_PATH, Paths};
use nearput_core::queue::{Queue, Step, UploadId};
use nearput_core::report::Report;
use nearput_core::retry::{self, Failure, Remedy};

use crate::upload::{Ending, Upload};

/// How long a signature is good, unless a world says otherwise.
pub(crate) const LIFETIME: Millis = 900_000;

pub(crate) const GIVE_UP: Millis = 3_600_000;
pub(crate) const STALL: Millis = 20_000;

/// The wait of a failed request is half of the longest one.
const RANDOM: f64 = 0.5;

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sent {
    pub(crate) id: UploadId,
    pub(crate) number: u32,
    pub(crate) path: usize,
    pub(crate) begun: Millis,
    pub(crate) bytes: u64,
}

/// Everything that the queue asked for and has no answer yet, in the order asked for.
pub(crate) struct World {
    pub(crate) queue: Queue,
    kinds: Vec<Kind>,
    pub(crate) now: Millis,
    pub(crate) second_copies: bool,
    pub(crate) checksums: bool,
    /// How long signatures are good.
    pub(crate) lifetime: Millis,
    pub(crate) uploads: BTreeMap<UploadId, Upload>,
    pub(crate) opening: Vec<Vec<UploadId>>,
    pub(crate) reading: Vec<(UploadId, u32)>,
    pub(crate) signing: Vec<(UploadId, Vec<Checked>)>,
    pub(crate) sending: Vec<Sent>,
    pub(crate) completing: Vec<UploadId>,
    /// Every request that was begun, and every one that the queue stopped.
    pub(crate) begun: Vec<Sent>,
    pub(crate) stopped: Vec<Sent>,
    pub(crate) asked_to_read: usize,
    /// The storage wants quiet until then.
    hold_until: Millis,
}

impl World {
    /// A world in which `costly` says of each path whether its bytes cost extra.
    pub(crate) fn with_paths(costly: &[bool]) -> Self {
        Self::with_kinds(kinds(costly))
    }

    /// A world with these paths, of as many sites as they name. Each time an upload is opened it goes to the next one.
    pub(crate) fn with_kinds(kinds: Vec<Kind>) -> Self {
        Self {
            queue: Queue::new(Paths::new(&kinds, 64)),
            kinds,
            now: 0,
            second_copies: true,
            checksums: true,
            lifetime: LIFETIME,
            uploads: BTreeMap::new(),
            opening: vec![],
            reading: vec![],
            signing: vec![],
            sending: vec![],
            completing: vec![],
            begun: vec![],
            stopped: vec![],
            asked_to_read: 0,
            hold_until: 0,
        }
    }

    /// A world with one path and so many requests at once.
    pub(crate) fn new(limit: usize) -> Self {
        Self { queue: Queue::new(Paths::new(&kinds(&[false]), limit)), ..Self::with_paths(&[false]) }
    }

    /// The same at a distance of 200 ms, where every connection is used from the start.
    pub(crate) fn far(mut self) -> Self {
        self.queue.paths.pace.measured(200);
        self
    }

    /// The same with one upload of so many bytes, opened.
    pub(crate) fn with_upload(mut self, size: u64) -> Self {
        self.add(1, size);
        self.open_all();
        self
    }

    pub(crate) fn add(&mut self, id: UploadId, size: u64) {
        self.add_with(id, size, 0);
    }

    pub(crate) fn add_with(&mut self, id: UploadId, size: u64, priority: i32) {
        self.uploads.insert(id, Upload::new(size, self.checksums, self.now));
        self.queue.add(id, size, priority, self.now);
        self.pump();
    }

    /// An earlier visit of the page has left some parts of an upload, which is not open yet, with the storage.
    pub(crate) fn hold(&mut self, id: UploadId, is_held: impl Fn(u32) -> bool) {
        let upload = self.upload(id);
        let held: Vec<u32> = (1..=upload.count()).filter(|number| is_held(*number)).collect();
        upload.held = (upload.count() > 1 && !held.is_empty()).then_some(held);
    }

    /// Does all that is asked for.
    pub(crate) fn pump(&mut self) {
        while let Some(step) = self.queue.poll(self.now) {
            match step {
                Step::Open(ids) => self.asked_to_open(ids),
                Step::Part(id, action) => self.act(id, action),
            }
        }
        self.check();
    }

    fn asked_to_open(&mut self, ids: Vec<UploadId>) {
        assert!(self.queue.paths.online, "nothing is opened offline");
        assert!(!ids.is_empty() && ids.len() <= 250, "{} files in one call", ids.len());
        for id in &ids {
            assert!(!self.queue.is_paused(*id) && self.uploads[id].ending.is_none());
            assert!(!self.opening.iter().flatten().any(|other| other == id), "each is opened once");
        }
        self.opening.push(ids);
        assert!(self.opening.len() <= 2, "two calls at most");
    }

    fn act(&mut self, id: UploadId, action: Action) {
        assert!(self.uploads[&id].ending.is_none(), "an upload that has ended is left alone");
        match action {
            Action::Read(number) => {
                self.asked_to_read += 1;
                assert!(!self.reading.contains(&(id, number)), "a part is read once at a time");
                self.reading.push((id, number));
                assert!(self.reading.len() <= 2, "two readers at most");
            }
            Action::Sign(parts) => {
                assert!(!parts.is_empty() && self.signing.iter().all(|(other, _)| *other != id), "one call at a time");
                assert!(parts.len() <= 100, "as many as the signer takes by default");
                self.signing.push((id, parts));
            }
            Action::Send(request) => self.send(id, request),
            Action::Stop(request) => {
                let stopped = take(&mut self.sending, |sent| sent.is(id, request));
                self.stopped.push(stopped.expect("only what was begun is stopped"));
            }
            Action::Complete(checksum) => {
                self.assert_quiet(id);
                let parts = self.queue.parts(id).expect("it is open").stored().to_vec();
                self.upload(id).completed(parts, checksum);
                self.completing.push(id);
            }
            Action::GiveUp(failure) => self.gave_up(id, failure),
        }
    }

    fn send(&mut self, id: UploadId, Request { number, path }: Request) {
        assert!(self.queue.paths.online, "nothing is sent offline");
        assert!(self.now >= self.hold_until, "nothing is sent while the storage wants quiet");
        assert!(!self.queue.is_paused(id), "a paused upload sends nothing");
        let first: Vec<_> = self.sending.iter().filter(|sent| (sent.id, sent.number) == (id, number)).collect();
        if let [first] = first[..] {
            assert!(
                self.second_copies && first.path != path,
                "a second copy only where it does no harm, and elsewhere"
            );
        }
        assert!(first.len() < 2, "no third copy");
        assert_eq!(self.kinds[path].site, self.uploads[&id].site, "an upload keeps to its site");
        let now = self.now;
        self.upload(id).begin(number, now);
        let sent = Sent { id, number, path, begun: self.now, bytes: 0 };
        self.begun.push(sent);
        self.sending.push(sent);
        assert!(self.sending.len() <= self.queue.paths.pace.limit(), "no more requests than the limit");
        assert!(self.sending.iter().filter(|sent| sent.path == path).count() <= MOST_PER_PATH, "six to a host");
    }

    fn gave_up(&mut self, id: UploadId, failure: Failure) {
        self.assert_quiet(id);
        if retry::remedy(&failure) == Remedy::Reopen {
            self.reopen(id);
        } else {
            let now = self.now;
            self.upload(id).assert_hopeless(&failure, now);
            self.end(id, Ending::GaveUp(failure));
        }
    }

    fn assert_quiet(&self, id: UploadId) {
        assert!(self.sending.iter().all(|sent| sent.id != id), "every request has ended before the upload does");
    }

    /// What holds whenever the queue has nothing more to ask for.
    fn check(&mut self) {
        assert_eq!(self.queue.paths.requests(), self.sending.len(), "every place that was taken is given back");
        // To look at each of thousands after each step takes minutes.
        for (id, upload) in self.uploads.iter_mut().take(20).filter(|(_, upload)| upload.ending.is_none()) {
            let Some(parts) = self.queue.parts(*id) else { continue };
            let of_it = self.sending.iter().filter(|sent| sent.id == *id);
            assert_eq!(parts.requests(), of_it.clone().count());
            assert!(
                of_it.clone().all(|sent| !upload.stored.contains(&sent.number)),
                "what is stored is under way no more"
            );
            assert!(!self.queue.is_paused(*id) || parts.requests() == 0, "a pause stops everything");
            upload.heard(parts.loaded(), self.now);
        }
        let wake = self.queue.wake_at(self.now);
        assert!(wake.is_none_or(|at| at > self.now), "time goes forward");
        let waits = |(id, upload): (&UploadId, &Upload)| upload.ending.is_none() && !self.queue.is_paused(*id);
        let goes_on = wake.is_some() || self.is_busy() || !self.queue.paths.online;
        assert!(goes_on || !self.uploads.iter().any(waits), "nobody would ever go on");
    }

    /// Whether the queue waits for an answer.
    fn is_busy(&self) -> bool {
        let asked =
            [self.opening.len(), self.reading.len(), self.signing.len(), self.sending.len(), self.completing.len()];
        asked.iter().any(|count| *count > 0)
    }

    pub(crate) fn upload(&mut self, id: UploadId) -> &mut Upload {
        self.uploads.get_mut(&id).expect("it was added")
    }

    // What the page can be told to do.

    pub(crate) fn open_all(&mut self) {
        if self.opening.is_empty()
            && let Some(at) = self.queue.wake_at(self.now)
            && at <= self.now + 4
        {
            self.sleep();
        }
        while !self.opening.is_empty() {
            self.open(0, |_| true);
        }
    }

    /// Ends an open call. Those uploads for which the signer was not there are opened again.
    pub(crate) fn open(&mut self, call: usize, is_opened: impl Fn(UploadId) -> bool) {
        for id in self.opening.remove(call) {
            if self.uploads[&id].ending.is_some() {
                continue;
            }
            if is_opened(id) {
                self.opened(id);
            } else {
                self.reopen(id);
            }
        }
        self.queue.open_call_ended();
        self.pump();
    }

    fn opened(&mut self, id: UploadId) {
        let (now, second_copies, lifetime) = (self.now, self.second_copies, self.lifetime);
        let sites = self.kinds.iter().map(|kind| kind.site + 1).max().expect("there is a path");
        let upload = self.upload(id);
        upload.site = (upload.site + 1) % sites;
        let start = Start {
            site: upload.site,
            plan: upload.plan,
            size: upload.size,
            give_up_after: GIVE_UP,
            stall_after: STALL,
            second_copies,
        };
        let mut parts = Parts::new(start, Report::default(), now);
        if let Some(held) = upload.opened(now) {
            parts.hold(&held);
        } else {
            let first: Vec<_> = (1..=upload.count().min(2)).map(|number| upload.checked(number)).collect();
            let signed: Vec<_> = first.iter().map(|part| upload.sign(part.number, now + lifetime)).collect();
            parts.take_over(&first, &signed);
        }
        self.queue.opened(id, parts, now);
    }

    /// What the driver does when the storage does not know an upload: it ends what is under way, and has it opened anew.
    pub(crate) fn reopen(&mut self, id: UploadId) {
        self.forget(id);
        let now = self.now;
        self.upload(id).reopened(now);
        self.queue.reopen(id, now);
        self.pump();
    }

    pub(crate) fn event(&mut self, id: UploadId, event: Event) {
        let now = self.now;
        if event == Event::Resume
            && let Some(upload) = self.uploads.get_mut(&id)
        {
            upload.moved_at = now;
        }
        self.queue.handle(id, event, self.now);
        self.pump();
    }

    pub(crate) fn read(&mut self, (id, number): (UploadId, u32)) {
        self.reading.retain(|part| *part != (id, number));
        let checked = self.uploads[&id].checked(number);
        self.event(id, Event::Read(checked));
    }

    /// Ends a call for signatures; `is_signed` says which parts the signer has not left out.
    pub(crate) fn sign(&mut self, id: UploadId, lifetime: Millis, is_signed: impl Fn(u32) -> bool) {
        let Some((_, parts)) = take(&mut self.signing, |(other, _)| *other == id) else { return };
        let expires = self.now + lifetime;
        let signed = parts.iter().filter(|part| is_signed(part.number));
        let upload = self.upload(id);
        let signed: Vec<Signed> = signed.map(|part| upload.sign(part.number, expires)).collect();
        self.event(id, Event::Signed(signed));
    }

    pub(crate) fn moved(&mut self, Sent { id, number, path, .. }: Sent, bytes: u64) {
        let request = Request { number, path };
        if let Some(sent) = self.sending.iter_mut().find(|sent| sent.is(id, request)) {
            sent.bytes = sent.bytes.max(bytes);
            self.event(id, Event::Moved { request, sent: bytes });
        }
    }

    pub(crate) fn store(&mut self, Sent { id, number, path, .. }: Sent) {
        let request = Request { number, path };
        take(&mut self.sending, |sent| sent.is(id, request)).expect("it is under way");
        let now = self.now;
        self.upload(id).store(number, now);
        self.event(id, Event::Stored { request, etag: None });
    }

    pub(crate) fn fail(&mut self, Sent { id, number, path, .. }: Sent, failure: Failure) {
        let request = Request { number, path };
        take(&mut self.sending, |sent| sent.is(id, request)).expect("it is under way");
        if let Failure::Reply { retry_after, .. } = &failure
            && retry::remedy(&failure) == Remedy::SlowDown
        {
            let wait = retry_after.unwrap_or_else(|| retry::delay(2, RANDOM));
            self.hold_until = self.hold_until.max(self.now + wait);
        }
        self.upload(id).failed(number, &failure);
        self.event(id, Event::Failed { request, failure, random: RANDOM });
    }

    /// The signer completes an upload, which is done with.
    pub(crate) fn complete(&mut self, id: UploadId) {
        if take(&mut self.completing, |other| *other == id).is_some() {
            let upload = self.upload(id);
            upload.assert_complete();
            let ending = Ending::Complete(upload.completion.clone());
            self.end(id, ending);
        }
    }

    /// The storage holds only `held` of it, and will not complete it.
    pub(crate) fn doubt(&mut self, id: UploadId, held: Vec<Checked>) {
        if take(&mut self.completing, |other| *other == id).is_some() {
            let now = self.now;
            self.upload(id).doubted(&held, now);
            self.event(id, Event::Doubted { held });
        }
    }

    pub(crate) fn cancel(&mut self, id: UploadId) {
        if self.uploads.get(&id).is_some_and(|upload| upload.ending.is_none()) {
            self.end(id, Ending::Cancelled);
        }
    }

    pub(crate) fn set_online(&mut self, online: bool) {
        if online {
            self.uploads.values_mut().for_each(|upload| upload.moved_at = self.now);
        }
        self.queue.set_online(online, self.now);
        self.pump();
    }

    fn end(&mut self, id: UploadId, ending: Ending) {
        let report = self.queue.parts(id).map(|parts| parts.report.clone());
        self.upload(id).report = report.unwrap_or_default();
        self.upload(id).ending = Some(ending);
        self.forget(id);
        self.queue.remove(id);
        self.pump();
    }

    fn forget(&mut self, id: UploadId) {
        self.reading.retain(|(other, _)| *other != id);
        self.signing.retain(|(other, _)| *other != id);
        self.sending.retain(|sent| sent.id != id);
        self.completing.retain(|other| *other != id);
    }

    /// Lets time pass until the queue wants to be woken.
    pub(crate) fn sleep(&mut self) -> bool {
        let wake = self.queue.wake_at(self.now);
        if let Some(at) = wake {
            self.now = at;
            self.pump();
        }
        wake.is_some()
    }

    /// Lets time pass while nobody looks, as when a laptop sleeps.
    pub(crate) fn nap(&mut self, time: Millis) {
        let wake = self.queue.wake_at(self.now);
        self.now += time;
        // Timers may be late by a minute.
        if wake.is_some_and(|at| self.now > at + 60_000) {
            self.uploads.values_mut().for_each(|upload| upload.moved_at = self.now);
        }
        self.pump();
    }

    /// Reads, signs and opens until there is nothing to do but to wait for requests.
    pub(crate) fn prepare(&mut self) {
        self.prepare_but_open();
        while !self.opening.is_empty() {
            self.open(0, |_| true);
            self.prepare_but_open();
        }
    }

    /// Reads and signs until there is nothing to do but to wait for requests, and for uploads to be opened.
    pub(crate) fn prepare_but_open(&mut self) {
        loop {
            if let Some(part) = self.reading.first().copied() {
                self.read(part);
            } else if let Some(id) = self.signing.first().map(|(id, _)| *id) {
                self.sign(id, self.lifetime, |_| true);
            } else {
                return;
            }
        }
    }

    /// Lets everything succeed until nothing is left to do.
    pub(crate) fn finish(&mut self) {
        loop {
            self.prepare();
            if let Some(sent) = self.sending.first().copied() {
                self.store(sent);
            } else if let Some(id) = self.completing.first().copied() {
                self.complete(id);
            } else if !self.sleep() {
                return;
            }
        }
    }

    /// The parts of an upload that are under way, with their paths.
    pub(crate) fn under_way(&self, id: UploadId) -> Vec<(u32, usize)> {
        self.sending.iter().filter(|sent| sent.id == id).map(|sent| (sent.number, sent.path)).collect()
    }

    pub(crate) fn ending(&self, id: UploadId) -> Option<&Ending> {
        self.uploads[&id].ending.as_ref()
    }

    pub(crate) fn is_complete(&self, id: UploadId) -> bool {
        matches!(self.ending(id), Some(Ending::Complete(_)))
    }
}

impl Sent {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.id, self.number, self.path, self.begun) == (other.id, other.number, other.path, other.begun)
    }

    pub(crate) fn is(&self, id: UploadId, request: Request) -> bool {
        (self.id, self.number, self.path) == (id, request.number, request.path)
    }
}

fn take<T>(items: &mut Vec<T>, is: impl Fn(&T) -> bool) -> Option<T> {
    let index = items.iter().position(is)?;
    Some(items.remove(index))
}

/// Paths of one site, of which is said whether their bytes cost extra.
pub(crate) fn kinds(costly: &[bool]) -> Vec<Kind> {
    costly.iter().map(|costly| Kind { site: 0, costly: *costly }).collect()
}
