//! Every upload of the page, and whose turn it is.
//!
//! Kept here, and tested by a model in `tests/engine`: never more requests under way than the limit, over all uploads; what was
//! removed is heard of no more.

use std::time::Duration;

use crate::parts::{Action, Event, Parts, Spare};

/// Parts that may be read at once. Two keep the reader busy while a checksum is computed.
const READERS: usize = 2;

/// An upload, as the page numbers them.
pub type UploadId = u32;

/// What is to be done about an upload.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask the signer to open it, then call [`Queue::opened`].
    Open,
    /// Something about its parts.
    Part(Action),
}

/// The uploads of a page.
#[derive(Debug)]
pub struct Queue {
    /// Requests that may be under way at once.
    limit: usize,
    /// In the order of their turns.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: UploadId,
    paused: bool,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Waiting,
    Opening,
    /// Completing as well: the parts are then at their end.
    Moving(Box<Parts>),
}

impl Queue {
    /// A queue that has at most `limit` requests under way.
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), entries: Vec::new() }
    }

    /// Takes an upload in, as the last one.
    pub fn add(&mut self, id: UploadId) {
        self.entries.push(Entry { id, paused: false, phase: Phase::Waiting });
    }

    /// The signer has opened an upload.
    pub fn opened(&mut self, id: UploadId, mut parts: Parts, now: Duration) {
        if let Some(entry) = self.entry(id) {
            if entry.paused {
                parts.handle(Event::Pause, now);
            }
            entry.phase = Phase::Moving(Box::new(parts));
        }
    }

    /// Forgets an upload that has ended. Requests of it that are under way are the caller's to stop.
    pub fn remove(&mut self, id: UploadId) {
        self.entries.retain(|entry| entry.id != id);
    }

    /// Takes note of what happened to an upload.
    pub fn handle(&mut self, id: UploadId, event: Event, now: Duration) {
        let Some(entry) = self.entry(id) else { return };
        match event {
            Event::Pause => entry.paused = true,
            Event::Resume => entry.paused = false,
            Event::Read { .. }
            | Event::Signed(_)
            | Event::Moved { .. }
            | Event::Stored { .. }
            | Event::Failed { .. } => {}
        }
        if let Phase::Moving(parts) = &mut entry.phase {
            parts.handle(event, now);
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self, now: Duration) -> Option<(UploadId, Step)> {
        let (mut requests, mut readers) = (0, 0);
        for parts in self.entries.iter().filter_map(Entry::parts) {
            requests += parts.requests();
            readers += parts.readers();
        }
        let spare = Spare { connection: requests < self.limit, reader: readers < READERS };
        for (turn, entry) in self.entries.iter_mut().enumerate() {
            if let Phase::Moving(parts) = &mut entry.phase
                && let Some(action) = parts.poll(now, spare)
            {
                let id = entry.id;
                if matches!(action, Action::Send(_)) {
                    let entry = self.entries.remove(turn);
                    self.entries.push(entry);
                }
                return Some((id, Step::Part(action)));
            }
        }
        self.open_one()
    }

    /// When something is to be done even though nothing happens.
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        self.entries.iter().filter_map(Entry::parts).filter_map(|parts| parts.wake_at(now)).min()
    }

    /// An upload's parts, once it is open.
    pub fn parts(&self, id: UploadId) -> Option<&Parts> {
        self.entries.iter().find(|entry| entry.id == id)?.parts()
    }

    /// Whether an upload stands still on the user's wish.
    pub fn is_paused(&self, id: UploadId) -> bool {
        self.entries.iter().any(|entry| entry.id == id && entry.paused)
    }

    /// As many uploads are open as there may be requests, so that small files overlap. A paused one holds no place.
    fn open_one(&mut self) -> Option<(UploadId, Step)> {
        let holds_a_place = |entry: &&Entry| !entry.paused && !matches!(entry.phase, Phase::Waiting);
        if self.entries.iter().filter(holds_a_place).count() >= self.limit {
            return None;
        }
        let next = self.entries.iter_mut().find(|entry| !entry.paused && matches!(entry.phase, Phase::Waiting))?;
        next.phase = Phase::Opening;
        Some((next.id, Step::Open))
    }

    fn entry(&mut self, id: UploadId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

impl Entry {
    fn parts(&self) -> Option<&Parts> {
        if let Phase::Moving(parts) = &self.phase { Some(parts) } else { None }
    }
}
