//! One file's parts on their way: read, signed, sent, and sent again.
//!
//! A part is read for its checksum before it is signed, since the checksum is signed with it. Some parts are read and signed
//! ahead of need, so that no connection waits for the signer; what is signed is good for every path.
//!
//! Kept here, and tested by a model in `tests/engine`:
//! - A part is done once, unless the storage doubts it. Each request for it ends: done, failed or stopped, and nothing else.
//! - A second copy is sent only where the storage bears it, by another path, and the first of the two to arrive ends the other.
//! - While the upload rests, and once it has ended, nothing is sent.
//! - The upload is complete when every part is done, with the checksum that follows from the parts that were sent.

mod event;
mod part;

use nearput_api::Plan;

use crate::paths::{Paths, Wish};
use crate::report::Report;
use crate::retry::{self, Failure, Remedy};
use crate::{Alarm, Millis};
pub use event::{Action, Checked, Event, Means, Request, Signed, Start, Stored};
use part::Part;

/// A request that would begin less than this before its signature ends is signed anew.
const EXPIRY_MARGIN: Millis = 10_000;

/// An upload with so many parts still to be begun may try a path that costs extra.
const LENGTH: u32 = 8;

/// A second copy of a part is worth its bytes where it should be there in so small a share of the time.
const HEDGING_MARGIN: f64 = 1.5;

/// Before that, nobody knows how fast a request is.
const SHORTEST_LOOK: Millis = 1_000;

/// A form may stand still for as long as its bytes take on a slow line, in bytes per millisecond: nothing is heard of them.
const SLOW_LINE: u64 = 16;

/// An upload that the storage cannot complete, although it was sent what it missed, is given up after so many tries.
const MOST_DOUBTS: u32 = 4;

/// One file's parts.
#[derive(Debug)]
pub struct Parts {
    pub report: Report,
    start: Start,
    count: u32,
    /// The next part that nothing has been done about.
    next: u32,
    /// The parts that something is being done about, oldest first.
    active: Vec<Part>,
    /// By ascending number.
    stored: Vec<Stored>,
    stored_bytes: u64,
    /// Requests for parts that have arrived by another path.
    superfluous: Vec<Request>,
    signing: bool,
    paused: bool,
    /// The most bytes that were there or under way since the last part was stored, and since when.
    furthest: (u64, Millis),
    /// Why the latest request failed.
    trouble: Option<Failure>,
    doubts: u32,
    end: End,
}

/// How near its end the upload is.
#[derive(Debug, PartialEq)]
enum End {
    Open,
    Completing,
    GivingUp(Failure),
    Ended,
}

impl Parts {
    /// `report` is that of the same file's earlier tries, or an empty one.
    pub fn new(start: Start, report: Report, now: Millis) -> Self {
        Self {
            report,
            start,
            count: start.plan.part_count(start.size) as u32,
            next: 1,
            active: Vec::new(),
            stored: Vec::new(),
            stored_bytes: 0,
            superfluous: Vec::new(),
            signing: false,
            paused: false,
            furthest: (0, now),
            trouble: None,
            doubts: 0,
            end: End::Open,
        }
    }

    /// Takes over parts that are stored already, by ascending number, since the upload was interrupted.
    pub fn hold(&mut self, held: &[Checked]) {
        for &Checked { number, checksum } in held {
            self.stored.push(Stored { number, checksum, etag: None, doubtful: false });
            self.stored_bytes += self.size_of(number);
        }
        self.skip_stored();
    }

    /// Takes over parts that were read before the upload was opened, with what the signer made of some of them.
    pub fn take_over(&mut self, read: &[Checked], signed: &[Signed]) {
        for &checked in read {
            let mut part = Part::read_before(checked);
            if let Some(signed) = signed.iter().find(|signed| signed.number == checked.number) {
                part.start_signing();
                part.signed(signed.expires);
            }
            self.active.push(part);
            self.next = self.next.max(checked.number + 1);
        }
        self.skip_stored();
    }

    /// Takes note of what happened. What comes too late, or is about a request that is not under way, changes nothing.
    pub fn handle(&mut self, event: Event, now: Millis, paths: &mut Paths) {
        match event {
            Event::Read(checked) => {
                if let Some(part) = self.part(checked.number) {
                    part.read(checked.checksum);
                }
            }
            Event::Signed(signed) => {
                self.signing = false;
                for Signed { number, expires } in signed {
                    if let Some(part) = self.part(number) {
                        // One that is good for less would be renewed for ever.
                        part.signed(expires.max(now + EXPIRY_MARGIN));
                    }
                }
                // What was asked for and did not come is asked for again.
                self.active.iter_mut().for_each(Part::unsigned);
            }
            Event::Moved { request, sent } => {
                // A form is larger than its file.
                let sent = sent.min(self.size_of(request.number));
                if let Some(part) = self.part(request.number) {
                    part.moved(request.path, sent, now);
                    self.look_how_far(now);
                }
            }
            Event::Stored { request, etag } => self.note_stored(request, etag, now, paths),
            // It was signed for a key that no object has. So its bytes have arrived, and the reply was lost: whether they have is
            // what the signer verifies when it completes the upload.
            Event::Failed { request, failure: Failure::Reply { status: 412, .. }, .. }
                if self.start.plan == Plan::Put =>
            {
                self.note_stored(request, None, now, paths);
            }
            Event::Failed { request, failure, random } => {
                if let Some(sent) = self.end_request(request, paths) {
                    self.failed(request, failure, sent, (now, random), paths);
                }
            }
            Event::Doubted { held } => {
                self.doubted(&held);
                self.look_anew(now);
            }
            Event::Online => {
                self.active.iter_mut().for_each(Part::hurry);
                self.look_anew(now);
            }
            Event::Pause => self.paused = true,
            Event::Resume => {
                self.paused = false;
                self.look_anew(now);
            }
        }
    }

    /// The next thing to do, if there is one that the page can spare the means for.
    pub fn poll(&mut self, now: Millis, means: &mut Means<'_>) -> Option<Action> {
        if let Some(request) = self.superfluous.pop() {
            means.paths.release(request.path);
            return Some(Action::Stop(request));
        }
        match &self.end {
            End::Ended | End::Completing => return None,
            End::GivingUp(failure) => {
                let failure = failure.clone();
                return Some(self.stop_one(means.paths).unwrap_or_else(|| {
                    self.end = End::Ended;
                    Action::GiveUp(failure)
                }));
            }
            End::Open => {}
        }
        if self.paused {
            return self.stop_one(means.paths);
        }
        if self.active.is_empty() && self.next > self.count {
            self.end = End::Completing;
            return Some(self.complete());
        }
        if let Some(action) = self.stop_stalled(now, means.paths) {
            return Some(action);
        }
        if let Some(action) = self.send_one(now, means.paths).or_else(|| self.hedge(now, means.paths)) {
            return Some(action);
        }
        if !self.signing
            && let Some(action) = self.sign_some(means.window)
        {
            return Some(action);
        }
        if means.reader { self.read_one(means.window) } else { None }
    }

    /// When something is to be done even though nothing happens.
    pub(crate) fn set(&self, alarm: &mut Alarm, now: Millis) {
        if self.paused || self.end != End::Open {
            return;
        }
        for part in &self.active {
            alarm.set(part.due().unwrap_or(0));
            part.stalls(self.stall_after()).for_each(|(_, at)| alarm.set(at));
        }
        if self.may_hedge(now) {
            alarm.set(now + SHORTEST_LOOK);
        }
    }

    /// Bytes that are stored or under way.
    pub fn loaded(&self) -> u64 {
        self.stored_bytes + self.active.iter().map(Part::sent).sum::<u64>()
    }

    /// The parts that are stored, by ascending number.
    pub fn stored(&self) -> &[Stored] {
        &self.stored
    }

    /// Requests under way.
    pub fn requests(&self) -> usize {
        self.superfluous.len() + self.active.iter().map(|part| part.copies().len()).sum::<usize>()
    }

    /// Parts that are being read.
    pub fn readers(&self) -> usize {
        self.active.iter().filter(|part| part.is_reading()).count()
    }

    /// Whether nothing of it has been sent yet.
    pub fn is_unstarted(&self) -> bool {
        self.end == End::Open && self.stored.is_empty() && self.requests() == 0
    }

    /// Whether the upload stands still on the user's wish.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether something should have moved for so long, and has not.
    pub fn stands_still(&self, time: Millis, now: Millis) -> bool {
        let is_sending = self.requests() > 0 || self.trouble.is_some();
        !self.paused && is_sending && now >= self.furthest.1 + time
    }

    /// Why nothing moves: what failed waits to be repeated, or is being repeated and has stood still for as long as a stall takes.
    pub fn trouble(&self, now: Millis) -> Option<&Failure> {
        let stands_still = self.requests() == 0 || now >= self.furthest.1 + self.stall_after();
        self.trouble.as_ref().filter(|_| stands_still)
    }

    /// Gives every request's place back, since the caller ends them all.
    pub(crate) fn release(&self, paths: &mut Paths) {
        let under_way = self.active.iter().flat_map(Part::copies).map(|copy| copy.path);
        under_way.chain(self.superfluous.iter().map(|request| request.path)).for_each(|path| paths.release(path));
    }

    fn part(&mut self, number: u32) -> Option<&mut Part> {
        self.active.iter_mut().find(|part| part.number == number)
    }

    fn look_how_far(&mut self, now: Millis) {
        let loaded = self.loaded();
        if loaded > self.furthest.0 {
            self.trouble = None;
            self.look_anew(now);
        }
    }

    /// What moves from here on is progress, even where bytes were lost.
    fn look_anew(&mut self, now: Millis) {
        self.furthest = (self.loaded(), now);
    }

    /// Ends a request that is under way, and says how much of it was sent.
    fn end_request(&mut self, request: Request, paths: &mut Paths) -> Option<u64> {
        let ended = self.part(request.number)?.end(request.path)?;
        paths.release(request.path);
        Some(ended.sent)
    }

    fn note_stored(&mut self, request: Request, etag: Option<String>, now: Millis, paths: &mut Paths) {
        let Request { number, path } = request;
        let Some(index) = self.active.iter().position(|part| part.number == number) else { return };
        let Some(copy) = self.active[index].end(path) else { return };
        paths.release(path);
        let part = self.active.remove(index);
        for other in part.copies() {
            self.superfluous.push(Request { number, path: other.path });
            self.report.wasted += other.sent;
        }
        let (size, took) = (self.size_of(number), now - copy.begun);
        paths.stored(path, size, took, now);
        self.report.stored(path, size, took);
        self.stored_bytes += size;
        let index = self.stored.partition_point(|other| other.number < number);
        self.stored.insert(index, Stored { number, checksum: part.checksum, etag, doubtful: part.begun > 1 });
        self.trouble = None;
        self.look_anew(now);
    }

    fn failed(
        &mut self,
        request: Request,
        failure: Failure,
        sent: u64,
        (now, random): (Millis, f64),
        paths: &mut Paths,
    ) {
        self.report.failed(request.path, &failure, sent);
        let too_long = now.saturating_sub(self.furthest.1) >= self.start.give_up_after;
        let remedy = retry::remedy(&failure);
        let Some(part) = self.part(request.number) else { return };
        part.failed_by = Some(request.path);
        match (remedy, &failure) {
            (Remedy::SlowDown, Failure::Reply { retry_after, .. }) => {
                paths.pace.slow_down(retry_after.unwrap_or_else(|| retry::delay(2, random)), now);
            }
            (Remedy::Repeat, Failure::Network | Failure::Stalled) => paths.failed(request.path, now),
            (Remedy::Repeat | Remedy::SlowDown | Remedy::StartOver | Remedy::Reopen | Remedy::GiveUp, _) => {}
        }
        let helped = match remedy {
            // A copy that is still under way needs no help.
            Remedy::Repeat | Remedy::SlowDown | Remedy::StartOver if !part.copies().is_empty() => true,
            Remedy::Repeat | Remedy::SlowDown => {
                if failure == Failure::Stalled {
                    // It has waited long enough.
                    part.be_patient();
                } else {
                    part.repeat(now, random);
                }
                !too_long
            }
            Remedy::StartOver => part.start_over() && !too_long,
            Remedy::Reopen | Remedy::GiveUp => false,
        };
        if helped {
            self.trouble = Some(failure);
        } else {
            self.end = End::GivingUp(failure);
        }
    }

    /// What the storage lacks, what it holds otherwise than it was sent, and what may have arrived twice is sent again; if there is
    /// no such part, all are.
    fn doubted(&mut self, held: &[Checked]) {
        if self.end != End::Completing {
            return;
        }
        self.doubts += 1;
        self.report.repeated("doubted");
        if self.doubts >= MOST_DOUBTS {
            let code = "InvalidPart".to_owned();
            self.end = End::GivingUp(Failure::Reply { status: 400, code, retry_after: None });
            return;
        }
        let is_held = |part: &Stored| {
            let same = |other: &&Checked| other.checksum.is_none() || other.checksum == part.checksum;
            held.iter().find(|other| other.number == part.number).filter(same).is_some()
        };
        let good = |part: &Stored| !part.doubtful && is_held(part);
        let all = self.stored.iter().all(good);
        for part in std::mem::take(&mut self.stored) {
            if good(&part) && !all {
                self.stored.push(part);
            } else {
                self.stored_bytes -= self.size_of(part.number);
                let Stored { number, checksum, .. } = part;
                self.active.push(Part::read_before(Checked { number, checksum }));
            }
        }
        self.end = End::Open;
    }

    fn stop_one(&mut self, paths: &mut Paths) -> Option<Action> {
        let part = self.active.iter().find(|part| !part.copies().is_empty())?;
        let request = Request { number: part.number, path: part.copies()[0].path };
        self.end_request(request, paths);
        Some(Action::Stop(request))
    }

    fn stop_stalled(&mut self, now: Millis, paths: &mut Paths) -> Option<Action> {
        let stall_after = self.stall_after();
        let request = self.active.iter().find_map(|part| {
            let (path, _) = part.stalls(stall_after).find(|(_, at)| *at <= now)?;
            Some(Request { number: part.number, path })
        })?;
        let sent = self.end_request(request, paths)?;
        self.failed(request, Failure::Stalled, sent, (now, 0.0), paths);
        Some(Action::Stop(request))
    }

    fn stall_after(&self) -> Millis {
        let unheard = if self.start.plan == Plan::Form { self.start.size / SLOW_LINE } else { 0 };
        self.start.stall_after + unheard
    }

    fn send_one(&mut self, now: Millis, paths: &mut Paths) -> Option<Action> {
        self.active.iter_mut().for_each(|part| part.drop_expired(now + EXPIRY_MARGIN));
        let is_long = self.count.saturating_sub(self.next) >= LENGTH;
        let part = self.active.iter_mut().find(|part| part.due().is_some_and(|due| due <= now))?;
        let wish = match part.failed_by {
            Some(path) => Wish::NotIfPossible(path),
            None if is_long => Wish::AnyAtLength,
            None => Wish::Any,
        };
        let path = paths.take(self.start.site, wish, now)?;
        part.begin(path, now);
        Some(Action::Send(Request { number: part.number, path }))
    }

    /// Whether the last parts are on their way, and a second copy would do no harm. One of a whole object would be another version.
    fn may_hedge(&self, now: Millis) -> bool {
        let is_multipart = matches!(self.start.plan, Plan::Multipart { .. });
        is_multipart
            && self.start.second_copies
            && self.next > self.count
            && self.active.iter().all(|part| !part.copies().is_empty())
            && self.active.iter().any(|part| part.only_copy(now + EXPIRY_MARGIN).is_some())
    }

    /// Sends a second copy of the slowest of the last parts, if it should be there long before the first one.
    fn hedge(&mut self, now: Millis, paths: &mut Paths) -> Option<Action> {
        if !self.may_hedge(now) {
            return None;
        }
        let mut slowest = (0.0, 0, 0);
        for (index, part) in self.active.iter().enumerate() {
            if let Some(copy) = part.only_copy(now + EXPIRY_MARGIN)
                && now - copy.begun >= SHORTEST_LOOK
            {
                let rate = copy.sent as f64 / (now - copy.begun) as f64;
                let left = (self.size_of(part.number) - copy.sent) as f64 / rate;
                if left > slowest.0 {
                    slowest = (left, index, copy.path);
                }
            }
        }
        let (left, index, path) = slowest;
        if left == 0.0 {
            return None;
        }
        let number = self.active[index].number;
        let by = paths.take(self.start.site, Wish::Not(path), now)?;
        let anew = self.size_of(number) as f64 / paths.rate(by, now);
        if anew * HEDGING_MARGIN < left {
            self.active[index].begin(by, now);
            self.report.repeated("hedged");
            return Some(Action::Send(Request { number, path: by }));
        }
        paths.release(by);
        None
    }

    /// After a doubt there may be thousands, which the signer would refuse.
    fn sign_some(&mut self, window: usize) -> Option<Action> {
        let parts: Vec<Checked> = self.active.iter_mut().take(window).filter_map(Part::start_signing).collect();
        self.signing = !parts.is_empty();
        self.signing.then_some(Action::Sign(parts))
    }

    fn read_one(&mut self, window: usize) -> Option<Action> {
        if self.next <= self.count && self.active.len() < window {
            self.active.push(Part::new(self.next));
            self.next += 1;
            self.skip_stored();
        }
        self.active.iter_mut().find_map(|part| part.start_reading().then_some(part.number)).map(Action::Read)
    }

    /// What is stored already needs nothing done.
    fn skip_stored(&mut self) {
        let next = self.next;
        let from = self.stored.partition_point(|part| part.number < next);
        let run = self.stored[from..].iter().zip(next..).take_while(|(part, number)| part.number == *number);
        self.next += run.count() as u32;
    }

    fn complete(&mut self) -> Action {
        let mut checksum = self.stored.first().and_then(|part| part.checksum);
        for part in self.stored.iter().skip(1) {
            let size = self.size_of(part.number);
            checksum = checksum.zip(part.checksum).map(|(before, part)| before.followed_by(part, size));
        }
        Action::Complete(checksum)
    }

    fn size_of(&self, number: u32) -> u64 {
        self.start.plan.part_range(self.start.size, number).map_or(0, |range| range.end - range.start)
    }
}
