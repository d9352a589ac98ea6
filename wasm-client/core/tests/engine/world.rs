//! A page under virtual time: it does what the queue asks for, and can be told to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nearput_api::Plan;
use nearput_core::checksum::{Checksum, Hasher};
use nearput_core::parts::{Action, Checked, Event, Parts, Signed, Start, Stored};
use nearput_core::queue::{Queue, Step, UploadId};
use nearput_core::retry::Failure;

pub(crate) const PART: u64 = 8 << 20;
pub(crate) const GIVE_UP: Duration = Duration::from_secs(60);

/// What came of an upload.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    Complete(Vec<Stored>, Option<Checksum>),
    GaveUp(Failure),
}

/// Everything that the queue asked for and has no answer yet, in the order asked for.
pub(crate) struct World {
    pub(crate) queue: Queue,
    pub(crate) now: Duration,
    limit: usize,
    sizes: BTreeMap<UploadId, u64>,
    pub(crate) opening: Vec<UploadId>,
    pub(crate) reading: Vec<(UploadId, u32)>,
    pub(crate) signing: Vec<(UploadId, Vec<Checked>)>,
    pub(crate) sending: Vec<(UploadId, u32)>,
    pub(crate) stored: BTreeSet<(UploadId, u32)>,
    pub(crate) endings: BTreeMap<UploadId, Ending>,
    pub(crate) cancelled: BTreeSet<UploadId>,
    removed: BTreeSet<UploadId>,
    pub(crate) asked_to_read: usize,
    /// How many requests were begun.
    pub(crate) sent: usize,
}

impl World {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            queue: Queue::new(limit),
            now: Duration::ZERO,
            limit,
            sizes: BTreeMap::new(),
            opening: vec![],
            reading: vec![],
            signing: vec![],
            sending: vec![],
            stored: BTreeSet::new(),
            endings: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            removed: BTreeSet::new(),
            asked_to_read: 0,
            sent: 0,
        }
    }

    /// A world with one upload of this many parts, opened.
    pub(crate) fn with_upload(limit: usize, parts: u64) -> Self {
        let mut world = Self::new(limit);
        world.add(1, parts * PART);
        world.open();
        world
    }

    pub(crate) fn add(&mut self, id: UploadId, size: u64) {
        self.sizes.insert(id, size);
        self.queue.add(id);
        self.pump();
    }

    pub(crate) fn plan(&self, id: UploadId) -> Plan {
        if self.sizes[&id] <= PART { Plan::Put } else { Plan::Multipart { part_size: PART } }
    }

    pub(crate) fn part_count(&self, id: UploadId) -> u64 {
        self.plan(id).part_count(self.sizes[&id])
    }

    /// Does all that is asked for, holding the queue to its promises.
    pub(crate) fn pump(&mut self) {
        while let Some((id, step)) = self.queue.poll(self.now) {
            let over = self.endings.contains_key(&id) || self.cancelled.contains(&id);
            assert!(!over, "an upload that has ended is left alone");
            match step {
                Step::Open => self.opening.push(id),
                Step::Part(action) => self.act(id, action),
            }
        }
        assert!(self.sending.len() <= self.limit, "no more requests than the limit");
    }

    fn act(&mut self, id: UploadId, action: Action) {
        match action {
            Action::Read(number) => {
                self.asked_to_read += 1;
                self.reading.push((id, number));
            }
            Action::Sign(parts) => {
                assert!(!parts.is_empty() && self.signing.iter().all(|(other, _)| *other != id), "one call at a time");
                self.signing.push((id, parts));
            }
            Action::Send(number) => {
                let part = (id, number);
                assert!(!self.queue.is_paused(id), "a paused upload sends nothing");
                assert!(!self.sending.contains(&part) && !self.stored.contains(&part), "a part is sent once");
                self.sending.push(part);
                self.sent += 1;
            }
            Action::Stop(number) => {
                assert!(
                    take(&mut self.sending, |part| *part == (id, number)).is_some(),
                    "only what was begun is stopped"
                );
            }
            Action::Complete { parts, checksum } => self.end(id, Ending::Complete(parts, checksum)),
            Action::GiveUp(failure) => self.end(id, Ending::GaveUp(failure)),
        }
    }

    fn end(&mut self, id: UploadId, ending: Ending) {
        assert!(self.sending.iter().all(|(other, _)| *other != id), "every request has ended before the upload does");
        self.endings.insert(id, ending);
    }

    pub(crate) fn open(&mut self) {
        for id in std::mem::take(&mut self.opening) {
            let count = self.plan(id).part_count(self.sizes[&id]);
            let start =
                Start { plan: self.plan(id), size: self.sizes[&id], window: 2 * self.limit, give_up_after: GIVE_UP };
            let mut parts = Parts::new(start, self.now);
            if count > 1 {
                parts.take_over(&[Checked { number: 1, checksum: checksum(1) }], vec![self.signed(1)], self.now);
            }
            self.queue.opened(id, parts, self.now);
        }
        self.pump();
    }

    pub(crate) fn event(&mut self, id: UploadId, event: Event) {
        self.queue.handle(id, event, self.now);
        self.pump();
    }

    pub(crate) fn read(&mut self, (id, number): (UploadId, u32)) {
        self.reading.retain(|part| *part != (id, number));
        self.event(id, Event::Read(Checked { number, checksum: checksum(number) }));
    }

    pub(crate) fn sign(&mut self, id: UploadId) {
        let Some((_, parts)) = take(&mut self.signing, |(other, _)| *other == id) else { return };
        let signed = parts.iter().map(|part| self.signed(part.number)).collect();
        self.event(id, Event::Signed(signed));
    }

    pub(crate) fn store(&mut self, (id, number): (UploadId, u32)) {
        self.sending.retain(|part| *part != (id, number));
        self.stored.insert((id, number));
        self.event(id, Event::Stored { number, etag: None });
    }

    pub(crate) fn fail(&mut self, (id, number): (UploadId, u32), failure: Failure) {
        self.sending.retain(|part| *part != (id, number));
        self.event(id, Event::Failed { number, failure, random: 0.5 });
    }

    /// Does what the page does when the user cancels: ends what is under way and forgets the upload.
    pub(crate) fn cancel(&mut self, id: UploadId) {
        if !self.endings.contains_key(&id) && self.sizes.contains_key(&id) {
            self.cancelled.insert(id);
        }
        self.queue.remove(id);
        self.opening.retain(|other| *other != id);
        self.reading.retain(|(other, _)| *other != id);
        self.signing.retain(|(other, _)| *other != id);
        self.sending.retain(|(other, _)| *other != id);
        self.pump();
    }

    /// Lets time pass until the queue wants to be woken.
    pub(crate) fn sleep(&mut self) -> bool {
        let wake = self.queue.wake_at(self.now);
        if let Some(at) = wake {
            assert!(at > self.now, "time goes forward");
            self.now = at;
            self.pump();
        }
        wake.is_some()
    }

    /// Reads, signs and opens until there is nothing to do but to wait for requests.
    pub(crate) fn prepare(&mut self) {
        loop {
            if let Some(part) = self.reading.first().copied() {
                self.read(part);
            } else if let Some(id) = self.signing.first().map(|(id, _)| *id) {
                self.sign(id);
            } else if !self.opening.is_empty() {
                self.open();
            } else {
                return;
            }
        }
    }

    /// Lets everything succeed until nothing is left to do.
    pub(crate) fn finish(&mut self) {
        loop {
            self.prepare();
            if let Some(part) = self.sending.first().copied() {
                self.store(part);
            } else if !self.remove_ended() && !self.sleep() {
                return;
            }
        }
    }

    /// Takes one upload that has ended out of the queue, as the page does once it is completed.
    fn remove_ended(&mut self) -> bool {
        let ended = self.endings.keys().find(|id| !self.removed.contains(id)).copied();
        if let Some(id) = ended {
            self.removed.insert(id);
            self.queue.remove(id);
            self.pump();
        }
        ended.is_some()
    }

    fn signed(&self, number: u32) -> Signed {
        Signed { number, expires: self.now + Duration::from_secs(900) }
    }
}

/// Every part has contents, and so a checksum, of its own.
pub(crate) fn checksum(number: u32) -> Option<Checksum> {
    Some(Hasher::new(ChecksumAlgorithm::Crc64nvme).extend(Checksum::EMPTY, &number.to_le_bytes()))
}

fn take<T>(items: &mut Vec<T>, is: impl Fn(&T) -> bool) -> Option<T> {
    let index = items.iter().position(is)?;
    Some(items.remove(index))
}
