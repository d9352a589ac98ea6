//! One file's parts on their way: read, signed, sent, and sent again.
//!
//! A part is read for its checksum before it is signed, since the checksum is signed with it. A few parts are read and signed
//! ahead of need, so that no connection waits for the signer.
//!
//! Kept here, and tested by a model in `tests/engine`:
//! - A part is done once. What was sent for it is done, failed or stopped, and nothing else.
//! - While the upload rests, and once it has ended, nothing is sent.
//! - The upload is complete when every part is done, with the checksum that follows from the parts that were sent.

mod event;
mod part;

use std::mem;
use std::time::Duration;

use crate::checksum::Checksum;
use crate::retry::{self, Failure, Remedy};
pub use event::{Action, Checked, Event, Signed, Spare, Start, Stored};
use part::Part;

/// A request that would begin less than this before its signature ends is signed anew.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// A storage that answers, but with a passing error, is asked this often for each part. One that does not answer may be away for
/// as long as [`Start::give_up_after`] says.
const MOST_REFUSALS: u32 = 10;

/// One file's parts.
#[derive(Debug)]
pub struct Parts {
    start: Start,
    count: u32,
    /// The next part that nothing has been done about.
    next: u32,
    /// The parts that something is being done about, oldest first.
    active: Vec<Part>,
    /// By ascending number.
    stored: Vec<Stored>,
    stored_bytes: u64,
    signing: bool,
    paused: bool,
    last_moved: Duration,
    /// Why the latest request failed.
    trouble: Option<Failure>,
    end: End,
}

/// How near its end the upload is.
#[derive(Debug, PartialEq)]
enum End {
    Open,
    GivingUp(Failure),
    Ended,
}

impl Parts {
    pub fn new(start: Start, now: Duration) -> Self {
        let count = start.plan.part_count(start.size) as u32;
        Self {
            start,
            count,
            next: 1,
            active: Vec::new(),
            stored: Vec::new(),
            stored_bytes: 0,
            signing: false,
            paused: false,
            last_moved: now,
            trouble: None,
            end: End::Open,
        }
    }

    /// Takes over parts that were read before the upload was opened, with what the signer made of them.
    pub fn take_over(&mut self, read: &[Checked], signed: Vec<Signed>, now: Duration) {
        for checked in read {
            let mut part = Part::new(checked.number);
            part.start_reading();
            part.read(checked.checksum);
            part.start_signing();
            self.active.push(part);
            self.next = self.next.max(checked.number + 1);
        }
        self.handle(Event::Signed(signed), now);
    }

    /// Takes note of what happened. What comes too late, or is about a part that is not under way, changes nothing.
    pub fn handle(&mut self, event: Event, now: Duration) {
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
                        part.signed(expires);
                    }
                }
                // What was asked for and did not come is asked for again.
                self.active.iter_mut().for_each(Part::unsigned);
            }
            Event::Moved { number, sent } => {
                if self.part(number).is_some_and(|part| part.moved(sent)) {
                    self.has_moved(now);
                }
            }
            Event::Stored { number, etag } => self.stored(number, etag, now),
            Event::Failed { number, failure, random } => self.failed(number, failure, now, random),
            Event::Pause => self.paused = true,
            Event::Resume => {
                self.paused = false;
                self.last_moved = now;
            }
        }
    }

    /// The next thing to do, if there is one that the page can spare the means for.
    pub fn poll(&mut self, now: Duration, spare: Spare) -> Option<Action> {
        match &self.end {
            End::Ended => return None,
            End::GivingUp(failure) => {
                let failure = failure.clone();
                return Some(self.stop_one().unwrap_or_else(|| {
                    self.end = End::Ended;
                    Action::GiveUp(failure)
                }));
            }
            End::Open => {}
        }
        if self.paused {
            return self.stop_one();
        }
        if self.active.is_empty() && self.next > self.count {
            self.end = End::Ended;
            return Some(self.complete());
        }
        if spare.connection
            && let Some(action) = self.send_one(now)
        {
            return Some(action);
        }
        if !self.signing
            && let Some(action) = self.sign_all()
        {
            return Some(action);
        }
        if spare.reader { self.read_one() } else { None }
    }

    /// When something is to be done even though nothing happens.
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        if self.paused || self.end != End::Open {
            return None;
        }
        self.active.iter().filter_map(Part::due).filter(|due| *due > now).min()
    }

    /// Bytes that are stored or under way.
    pub fn loaded(&self) -> u64 {
        self.stored_bytes + self.active.iter().map(Part::sent).sum::<u64>()
    }

    /// Requests under way.
    pub fn requests(&self) -> usize {
        self.active.iter().filter(|part| part.is_sending()).count()
    }

    /// Parts that are being read.
    pub fn readers(&self) -> usize {
        self.active.iter().filter(|part| part.is_reading()).count()
    }

    /// Whether the upload stands still on the user's wish.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Why nothing moves, while the upload waits to repeat what failed.
    pub fn trouble(&self) -> Option<&Failure> {
        self.trouble.as_ref()
    }

    fn part(&mut self, number: u32) -> Option<&mut Part> {
        self.active.iter_mut().find(|part| part.number == number)
    }

    fn has_moved(&mut self, now: Duration) {
        self.last_moved = now;
        self.trouble = None;
    }

    fn stored(&mut self, number: u32, etag: Option<String>, now: Duration) {
        let Some(index) = self.active.iter().position(|part| part.number == number && part.is_sending()) else {
            return;
        };
        let part = self.active.remove(index);
        self.stored_bytes += self.size_of(number);
        let index = self.stored.partition_point(|other| other.number < number);
        self.stored.insert(index, Stored { number, checksum: part.checksum, etag });
        self.has_moved(now);
    }

    fn failed(&mut self, number: u32, failure: Failure, now: Duration, random: f64) {
        let too_long = now.saturating_sub(self.last_moved) >= self.start.give_up_after;
        let Some(part) = self.part(number).filter(|part| part.is_sending()) else { return };
        let helped = match (retry::remedy(&failure), &failure) {
            (Remedy::Repeat, Failure::Network) => part.repeat(now, random) > 0 && !too_long,
            (Remedy::Repeat, Failure::Reply { .. }) => part.repeat(now, random) < MOST_REFUSALS && !too_long,
            (Remedy::StartOver, _) => part.start_over(),
            (Remedy::GiveUp, _) => {
                part.stop();
                false
            }
        };
        if helped {
            self.trouble = Some(failure);
        } else {
            self.end = End::GivingUp(failure);
        }
    }

    fn stop_one(&mut self) -> Option<Action> {
        let part = self.active.iter_mut().find(|part| part.is_sending())?;
        part.stop();
        Some(Action::Stop(part.number))
    }

    fn send_one(&mut self, now: Duration) -> Option<Action> {
        self.active.iter_mut().for_each(|part| part.drop_expired(now + EXPIRY_MARGIN));
        self.active.iter_mut().find_map(|part| part.start_sending(now).then_some(part.number)).map(Action::Send)
    }

    fn sign_all(&mut self) -> Option<Action> {
        let mut parts = Vec::new();
        for part in &mut self.active {
            parts.extend(part.start_signing());
        }
        self.signing = !parts.is_empty();
        self.signing.then_some(Action::Sign(parts))
    }

    fn read_one(&mut self) -> Option<Action> {
        if self.next <= self.count && self.active.len() < self.start.window {
            self.active.push(Part::new(self.next));
            self.next += 1;
        }
        self.active.iter_mut().find_map(|part| part.start_reading().then_some(part.number)).map(Action::Read)
    }

    fn complete(&mut self) -> Action {
        let parts = mem::take(&mut self.stored);
        let mut checksum = Some(Checksum::EMPTY);
        for part in &parts {
            let size = self.size_of(part.number);
            checksum = checksum.zip(part.checksum).map(|(before, part)| before.followed_by(part, size));
        }
        Action::Complete { parts, checksum }
    }

    fn size_of(&self, number: u32) -> u64 {
        self.start.plan.part_range(self.start.size, number).map_or(0, |range| range.end - range.start)
    }
}
