//! What the page and the storage know of one upload: the ledger that the machines are held to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use nearput_api::{ChecksumAlgorithm, Plan};
use nearput_core::Millis;
use nearput_core::checksum::{Checksum, Hasher};
use nearput_core::parts::{Checked, Signed, Stored};
use nearput_core::progress::Progress;
use nearput_core::report::Report;
use nearput_core::retry::{self, Failure, Remedy};

use crate::world::GIVE_UP;

pub(crate) const PART: u64 = 8 << 20;

/// What came of an upload.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    Complete(Completion),
    GaveUp(Failure),
    Cancelled,
}

/// What an upload is completed with.
pub(crate) type Completion = (Vec<Stored>, Option<Checksum>);

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) size: u64,
    /// Where it went when it was opened last.
    pub(crate) site: usize,
    pub(crate) plan: Plan,
    /// Whether the site knows an algorithm.
    checksums: bool,
    pub(crate) ending: Option<Ending>,
    pub(crate) completion: Completion,
    /// What the engine says of it in the end.
    pub(crate) report: Report,
    /// What the storage has taken, and has not lost.
    pub(crate) stored: BTreeSet<u32>,
    /// Since when nothing was stored.
    pub(crate) moved_at: Millis,
    /// Parts that an earlier visit of the page has left with the storage.
    pub(crate) held: Option<Vec<u32>>,
    /// How often each part was sent since it was last stored for good.
    begun: BTreeMap<u32, u32>,
    /// What the storage has taken that may have arrived twice.
    doubtful: BTreeSet<u32>,
    /// How often the storage refused the signature or the bytes of each part.
    refused: BTreeMap<u32, u32>,
    /// When the signature of each part ends.
    signed: BTreeMap<u32, Millis>,
    /// After a doubt, what must be sent again.
    again: Option<BTreeSet<u32>>,
    doubts: u32,
    progress: Progress,
}

impl Upload {
    pub(crate) fn new(size: u64, checksums: bool, now: Millis) -> Self {
        let plan = if size <= PART { Plan::Form } else { Plan::Multipart { part_size: PART } };
        Self {
            size,
            site: 0,
            plan,
            checksums,
            ending: None,
            completion: (vec![], None),
            report: Report::default(),
            stored: BTreeSet::new(),
            moved_at: now,
            held: None,
            begun: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            refused: BTreeMap::new(),
            signed: BTreeMap::new(),
            again: None,
            doubts: 0,
            progress: Progress::new(size),
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.plan.part_count(self.size) as u32
    }

    pub(crate) fn part_size(&self, number: u32) -> u64 {
        self.plan.part_range(self.size, number).map_or(0, |range| range.end - range.start)
    }

    pub(crate) fn checked(&self, number: u32) -> Checked {
        Checked { number, checksum: self.checksums.then(|| checksum(number)) }
    }

    /// What the storage lists.
    pub(crate) fn listed(&self) -> Vec<Checked> {
        self.stored.iter().map(|number| self.checked(*number)).collect()
    }

    /// The upload is open; the answer is what an earlier visit has left, where there was one.
    pub(crate) fn opened(&mut self, now: Millis) -> Option<Vec<Checked>> {
        self.moved_at = now;
        let held = self.held.take()?;
        self.stored.extend(&held);
        Some(self.listed())
    }

    /// Nothing is left of what was known, except for what the user has seen.
    pub(crate) fn reopened(&mut self, now: Millis) {
        let progress = std::mem::replace(&mut self.progress, Progress::new(0));
        *self = Self { progress, site: self.site, ..Self::new(self.size, self.checksums, now) };
    }

    pub(crate) fn sign(&mut self, number: u32, expires: Millis) -> Signed {
        self.signed.insert(number, expires);
        Signed { number, expires }
    }

    pub(crate) fn begin(&mut self, number: u32, now: Millis) {
        assert!((1..=self.count()).contains(&number) && !self.stored.contains(&number), "a part is done once");
        let expires = *self.signed.get(&number).expect("what is sent was signed");
        assert!(now < expires, "a signature that has ended is not used");
        if let Some(again) = &self.again {
            assert!(again.contains(&number), "{number} was not in doubt");
        }
        *self.begun.entry(number).or_default() += 1;
    }

    pub(crate) fn store(&mut self, number: u32, now: Millis) {
        assert!(self.stored.insert(number), "a part is stored once");
        if self.begun[&number] > 1 {
            self.doubtful.insert(number);
        }
        self.moved_at = now;
    }

    pub(crate) fn failed(&mut self, number: u32, failure: &Failure) {
        if retry::remedy(failure) == Remedy::StartOver {
            *self.refused.entry(number).or_default() += 1;
        }
    }

    /// The storage holds no more than this of what it took.
    pub(crate) fn doubted(&mut self, held: &[Checked], now: Millis) {
        self.doubts += 1;
        self.moved_at = now;
        let same = |part: &&Checked| part.checksum.is_none() || **part == self.checked(part.number);
        let is_held = |number: &u32| held.iter().filter(same).any(|part| part.number == *number);
        let is_good = |number: &u32| !self.doubtful.contains(number) && is_held(number);
        let bad: BTreeSet<u32> = self.stored.iter().copied().filter(|number| !is_good(number)).collect();
        let again = if bad.is_empty() { self.stored.clone() } else { bad };
        for number in &again {
            self.stored.remove(number);
            self.begun.remove(number);
            self.doubtful.remove(number);
        }
        self.again = Some(again);
    }

    pub(crate) fn heard(&mut self, loaded: u64, now: Millis) {
        assert!(loaded <= self.size, "{loaded} of {} bytes", self.size);
        let before = self.progress.loaded();
        self.progress.update(loaded, now);
        assert!(
            self.progress.loaded() >= before && self.progress.loaded() <= self.size,
            "progress never runs backwards"
        );
    }

    pub(crate) fn completed(&mut self, parts: Vec<Stored>, checksum: Option<Checksum>) {
        self.completion = (parts, checksum);
        self.assert_complete();
    }

    /// It was completed with exactly what the storage holds, and that is the file.
    pub(crate) fn assert_complete(&self) {
        let (parts, whole) = &self.completion;
        let numbers: Vec<u32> = parts.iter().map(|part| part.number).collect();
        assert_eq!(numbers, (1..=self.count()).collect::<Vec<_>>(), "every part, in order");
        assert_eq!(numbers, self.stored.iter().copied().collect::<Vec<_>>(), "exactly what is stored");
        assert!(parts.iter().all(|part| part.checksum == self.checked(part.number).checksum));
        let follow = |whole: Checksum, &number: &u32| whole.followed_by(checksum(number), self.part_size(number));
        assert_eq!(*whole, self.checksums.then(|| numbers.iter().fold(Checksum::EMPTY, follow)));
    }

    /// Whether there was reason to give up.
    pub(crate) fn assert_hopeless(&self, failure: &Failure, now: Millis) {
        let too_long = now >= self.moved_at + GIVE_UP;
        let justified = match (retry::remedy(failure), failure) {
            (_, Failure::Reply { code, .. }) if code == "InvalidPart" => self.doubts >= 4,
            (Remedy::Repeat | Remedy::SlowDown, _) => too_long,
            (Remedy::StartOver, _) => too_long || self.refused.values().any(|count| *count > 4),
            (Remedy::Reopen, _) => false,
            (Remedy::GiveUp, _) => true,
        };
        assert!(justified, "given up for {failure:?} after {} ms without a part", now - self.moved_at);
    }
}

/// Every part has contents, and so a checksum, of its own.
pub(crate) fn checksum(number: u32) -> Checksum {
    static CRC: LazyLock<Hasher> = LazyLock::new(|| Hasher::new(ChecksumAlgorithm::Crc64nvme));
    CRC.extend(Checksum::EMPTY, &number.to_le_bytes())
}
