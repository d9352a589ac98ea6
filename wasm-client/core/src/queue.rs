//! Every upload of the page, and whose turn it is.
//!
//! Small files go before large ones of the same priority, since each is soon out of the way, and are opened many in a call. Large
//! ones take turns. Thousands may wait: only some are open at a time.
//!
//! Kept here, and tested by a model in `tests/engine`: never more requests under way than the limit, over all uploads; what was
//! removed is heard of no more.

use std::cmp::Reverse;

use crate::parts::{Action, Event, Means, Parts};
use crate::paths::Paths;
use crate::plan::SINGLE_REQUEST_BYTES;
use crate::report::Report;
use crate::{Alarm, Millis};

/// Parts that may be read at once. Two keep the reader busy while a checksum is computed.
const READERS: usize = 2;

/// The first file waits so long for others that are to be opened by the same call.
const GATHERING: Millis = 4;

/// Calls to open uploads that may be under way.
const MOST_OPEN_CALLS: usize = 2;

/// Files, and bytes to be read of them, that one call opens.
const MOST_FILES_PER_CALL: usize = 250;
const MOST_BYTES_PER_CALL: u64 = 64 << 20;

/// Small files that may be open and wait for a connection; when half of them are gone, more are opened.
const OPEN_AHEAD: usize = 250;

/// Timers of a page in the background are so late at most: <https://developer.chrome.com/blog/timer-throttling-in-chrome-88>.
const LATEST_TIMER: Millis = 60_000;

/// Large files that take turns.
const MOST_LARGE: usize = 6;

/// An upload, as the page numbers them.
pub type UploadId = u32;

/// What is to be done about an upload.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask the signer by one call to open them, then call [`Queue::opened`] for each, and [`Queue::open_call_ended`].
    Open(Vec<UploadId>),
    /// Something about an upload's parts.
    Part(UploadId, Action),
}

/// The uploads of a page.
#[derive(Debug)]
pub struct Queue {
    pub paths: Paths,
    /// In the order in which they are to be opened.
    waiting: Vec<Waiting>,
    /// In the order of their turns.
    active: Vec<Entry>,
    open_calls: usize,
    /// When it was last looked at.
    seen: Millis,
}

/// Whose turn is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: Reverse<i32>,
    is_large: bool,
}

#[derive(Debug)]
struct Waiting {
    id: UploadId,
    rank: Rank,
    size: u64,
    since: Millis,
    paused: bool,
}

#[derive(Debug)]
struct Entry {
    id: UploadId,
    rank: Rank,
    size: u64,
    paused: bool,
    /// None while it is being opened.
    parts: Option<Box<Parts>>,
}

impl Queue {
    /// A queue for a site's paths.
    pub fn new(paths: Paths) -> Self {
        Self { paths, waiting: Vec::new(), active: Vec::new(), open_calls: 0, seen: 0 }
    }

    /// Takes an upload in, as the last one of its kind.
    pub fn add(&mut self, id: UploadId, size: u64, priority: i32, now: Millis) {
        let rank = Rank { priority: Reverse(priority), is_large: size > SINGLE_REQUEST_BYTES };
        self.wait(Waiting { id, rank, size, since: now, paused: false });
    }

    /// The signer has opened an upload.
    pub fn opened(&mut self, id: UploadId, mut parts: Parts, now: Millis) {
        let Some(index) = self.active.iter().position(|entry| entry.id == id) else { return };
        let entry = &mut self.active[index];
        if entry.paused {
            parts.handle(Event::Pause, now, &mut self.paths);
        }
        entry.parts = Some(Box::new(parts));
    }

    /// A call that [`Step::Open`] asked for is over.
    pub fn open_call_ended(&mut self) {
        self.open_calls -= 1;
    }

    /// An upload is to be opened anew, from a time on.
    pub fn reopen(&mut self, id: UploadId, since: Millis) {
        let Some(index) = self.active.iter().position(|entry| entry.id == id) else { return };
        let Entry { id, rank, size, paused, parts } = self.active.remove(index);
        if let Some(parts) = parts {
            parts.release(&mut self.paths);
        }
        self.wait(Waiting { id, rank, size, since, paused });
    }

    /// Forgets an upload that has ended. Requests of it that are under way are the caller's to stop.
    pub fn remove(&mut self, id: UploadId) {
        self.waiting.retain(|waiting| waiting.id != id);
        if let Some(index) = self.active.iter().position(|entry| entry.id == id)
            && let Some(parts) = self.active.remove(index).parts
        {
            parts.release(&mut self.paths);
        }
    }

    /// Takes note of what happened to an upload.
    pub fn handle(&mut self, id: UploadId, event: Event, now: Millis) {
        self.look_at_the_clock(now);
        let paused = match event {
            Event::Pause => Some(true),
            Event::Resume => Some(false),
            Event::Read(_)
            | Event::Signed(_)
            | Event::Moved { .. }
            | Event::Stored { .. }
            | Event::Failed { .. }
            | Event::Doubted { .. }
            | Event::Online => None,
        };
        if let Some(entry) = self.active.iter_mut().find(|entry| entry.id == id) {
            entry.paused = paused.unwrap_or(entry.paused);
            if let Some(parts) = &mut entry.parts {
                parts.handle(event, now, &mut self.paths);
            }
        } else if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.id == id) {
            waiting.paused = paused.unwrap_or(waiting.paused);
        }
    }

    /// The network is there, or is not.
    pub fn set_online(&mut self, online: bool, now: Millis) {
        self.paths.set_online(online);
        if online {
            self.hurry(now);
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self, now: Millis) -> Option<Step> {
        self.look_at_the_clock(now);
        let readers: usize = self.active.iter().filter_map(Entry::parts).map(Parts::readers).sum();
        let large = self.active.iter().filter(|entry| entry.rank.is_large && !entry.paused).count();
        let window = (2 * self.paths.pace.limit() / large.max(1)).max(2);
        let mut means = Means { paths: &mut self.paths, reader: readers < READERS, window };
        for turn in 0..self.active.len() {
            let entry = &mut self.active[turn];
            if let Some(action) = entry.parts.as_mut().and_then(|parts| parts.poll(now, &mut means)) {
                let id = entry.id;
                if matches!(action, Action::Send(_)) {
                    self.take_turn(turn);
                }
                return Some(Step::Part(id, action));
            }
        }
        self.open_some(now)
    }

    /// When something is to be done even though nothing happens, seen from the time of the last [`Self::poll`].
    pub fn wake_at(&self, now: Millis) -> Option<Millis> {
        let mut alarm = Alarm::new(now);
        self.paths.set(&mut alarm);
        for entry in &self.active {
            if let Some(parts) = &entry.parts {
                parts.set(&mut alarm, now);
            }
        }
        self.waiting.iter().for_each(|waiting| alarm.set(waiting.since + GATHERING));
        alarm.at
    }

    /// An upload's parts, once it is open.
    pub fn parts(&self, id: UploadId) -> Option<&Parts> {
        self.active.iter().find(|entry| entry.id == id)?.parts()
    }

    /// An upload's report, to be gone on with in another try.
    pub fn take_report(&mut self, id: UploadId) -> Option<Report> {
        let entry = self.active.iter_mut().find(|entry| entry.id == id)?;
        Some(std::mem::take(&mut entry.parts.as_mut()?.report))
    }

    /// Whether an upload stands still on the user's wish.
    pub fn is_paused(&self, id: UploadId) -> bool {
        self.active.iter().any(|entry| entry.id == id && entry.paused)
            || self.waiting.iter().any(|waiting| waiting.id == id && waiting.paused)
    }

    /// Whoever wakes up much too late was asleep, as laptops are. Meanwhile nothing was tried, so that time counts for nothing.
    fn look_at_the_clock(&mut self, now: Millis) {
        let seen = std::mem::replace(&mut self.seen, now);
        if now > seen + LATEST_TIMER && self.wake_at(seen).is_some_and(|at| now > at + LATEST_TIMER) {
            self.hurry(now);
        }
    }

    fn hurry(&mut self, now: Millis) {
        for parts in self.active.iter_mut().filter_map(|entry| entry.parts.as_mut()) {
            parts.handle(Event::Online, now, &mut self.paths);
        }
    }

    fn wait(&mut self, waiting: Waiting) {
        let place = self.waiting.partition_point(|other| other.rank <= waiting.rank);
        self.waiting.insert(place, waiting);
    }

    /// Whoever has sent something is the last of its kind.
    fn take_turn(&mut self, turn: usize) {
        let entry = self.active.remove(turn);
        self.join(entry);
    }

    fn join(&mut self, entry: Entry) {
        let place = self.active.partition_point(|other| other.rank <= entry.rank);
        self.active.insert(place, entry);
    }

    /// A paused upload holds no place.
    fn open_some(&mut self, now: Millis) -> Option<Step> {
        let gathered = self.waiting.iter().any(|waiting| waiting.since + GATHERING <= now);
        if !gathered || self.open_calls >= MOST_OPEN_CALLS || !self.paths.online {
            return None;
        }
        let mut opened = Vec::new();
        let mut bytes = 0;
        let mut index = 0;
        let mut room = (None, 0);
        while index < self.waiting.len() && opened.len() < MOST_FILES_PER_CALL && bytes < MOST_BYTES_PER_CALL {
            let rank = self.waiting[index].rank;
            if room.0 != Some(rank) {
                room = (Some(rank), self.room(rank));
            }
            if room.1 == 0 {
                index = self.waiting.partition_point(|waiting| waiting.rank <= rank);
                continue;
            }
            if self.waiting[index].paused || self.waiting[index].since > now {
                index += 1;
                continue;
            }
            room.1 -= 1;
            let Waiting { id, rank, size, .. } = self.waiting.remove(index);
            bytes += size.min(2 * SINGLE_REQUEST_BYTES);
            self.join(Entry { id, rank, size, paused: false, parts: None });
            opened.push(id);
        }
        if opened.is_empty() {
            return None;
        }
        self.open_calls += 1;
        Some(Step::Open(opened))
    }

    /// How many more uploads of this rank may be open. Those of a lower one are not in their way.
    fn room(&self, rank: Rank) -> usize {
        let of_the_kind = |entry: &&Entry| entry.rank.is_large == rank.is_large && entry.rank <= rank && !entry.paused;
        let ahead = self.active.iter().filter(of_the_kind);
        if rank.is_large {
            return MOST_LARGE.saturating_sub(ahead.count());
        }
        let ahead = ahead.filter(|entry| entry.parts().is_none_or(Parts::is_unstarted)).count();
        if ahead <= OPEN_AHEAD / 2 { OPEN_AHEAD - ahead } else { 0 }
    }
}

impl Entry {
    fn parts(&self) -> Option<&Parts> {
        self.parts.as_deref()
    }
}
