//! One part, from unread to stored.

use crate::Millis;
use crate::checksum::Checksum;
use crate::parts::Checked;
use crate::paths::PathIndex;
use crate::retry;

/// How often a part is read, signed and sent anew before that is given up.
const MOST_FRESH_STARTS: u32 = 4;

/// How much longer a part may stand still after it did so, each time anew: the line is slow, rather than broken.
const MOST_PATIENCE: u64 = 8;

/// A part that something is being done about.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) checksum: Option<Checksum>,
    pub(super) stage: Stage,
    /// The path by which it failed last.
    pub(super) failed_by: Option<PathIndex>,
    /// Requests that were begun.
    pub(super) begun: u32,
    /// Requests that failed in a row.
    failures: u32,
    fresh_starts: u32,
    patience: u64,
}

#[derive(Debug)]
pub(super) enum Stage {
    Unread,
    Reading,
    Read,
    Signing,
    /// To be sent from `due` on.
    Signed {
        expires: Millis,
        due: Millis,
    },
    /// By one path, or by two where the first copy is slow.
    Sending {
        expires: Millis,
        copies: Vec<Copy>,
        /// Whether a second copy was begun, which may have failed.
        is_hedged: bool,
    },
}

/// A request under way.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) path: PathIndex,
    pub(super) begun: Millis,
    pub(super) sent: u64,
    moved: Millis,
}

impl Part {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            checksum: None,
            stage: Stage::Unread,
            failed_by: None,
            begun: 0,
            failures: 0,
            fresh_starts: 0,
            patience: 1,
        }
    }

    /// A part that has been read before.
    pub(super) fn read_before(checked: Checked) -> Self {
        Self { checksum: checked.checksum, stage: Stage::Read, ..Self::new(checked.number) }
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self.stage, Stage::Reading)
    }

    pub(super) fn copies(&self) -> &[Copy] {
        if let Stage::Sending { copies, .. } = &self.stage { copies } else { &[] }
    }

    /// The request under way, where a second copy can be sent until `deadline` and has not been.
    pub(super) fn only_copy(&self, deadline: Millis) -> Option<&Copy> {
        match &self.stage {
            Stage::Sending { expires, copies, is_hedged: false } if *expires >= deadline => copies.first(),
            Stage::Sending { .. }
            | Stage::Unread
            | Stage::Reading
            | Stage::Read
            | Stage::Signing
            | Stage::Signed { .. } => None,
        }
    }

    /// Bytes under way.
    pub(super) fn sent(&self) -> u64 {
        self.copies().iter().map(|copy| copy.sent).max().unwrap_or(0)
    }

    /// When the part is to be sent, if it only waits for that.
    pub(super) fn due(&self) -> Option<Millis> {
        if let Stage::Signed { due, .. } = self.stage { Some(due) } else { None }
    }

    pub(super) fn start_reading(&mut self) -> bool {
        let unread = matches!(self.stage, Stage::Unread);
        if unread {
            self.stage = Stage::Reading;
        }
        unread
    }

    pub(super) fn read(&mut self, checksum: Option<Checksum>) {
        if self.is_reading() {
            self.checksum = checksum;
            self.stage = Stage::Read;
        }
    }

    pub(super) fn start_signing(&mut self) -> Option<Checked> {
        matches!(self.stage, Stage::Read).then(|| {
            self.stage = Stage::Signing;
            Checked { number: self.number, checksum: self.checksum }
        })
    }

    pub(super) fn signed(&mut self, expires: Millis) {
        if matches!(self.stage, Stage::Signing) {
            self.stage = Stage::Signed { expires, due: 0 };
        }
    }

    /// Back to where it can be signed, if it was to be signed and was not.
    pub(super) fn unsigned(&mut self) {
        if matches!(self.stage, Stage::Signing) {
            self.stage = Stage::Read;
        }
    }

    /// Back to where it can be signed, if it waits with a signature that ends before `deadline`.
    pub(super) fn drop_expired(&mut self, deadline: Millis) {
        if let Stage::Signed { expires, .. } = self.stage
            && expires < deadline
        {
            self.stage = Stage::Read;
        }
    }

    /// A request is begun by this path: the first one, or a second copy.
    pub(super) fn begin(&mut self, path: PathIndex, now: Millis) {
        let copy = Copy { path, begun: now, sent: 0, moved: now };
        match &mut self.stage {
            Stage::Signed { expires, .. } => {
                self.stage = Stage::Sending { expires: *expires, copies: vec![copy], is_hedged: false };
            }
            Stage::Sending { copies, is_hedged, .. } => {
                copies.push(copy);
                *is_hedged = true;
            }
            Stage::Unread | Stage::Reading | Stage::Read | Stage::Signing => return,
        }
        self.begun += 1;
    }

    pub(super) fn moved(&mut self, path: PathIndex, now_sent: u64, now: Millis) {
        let Stage::Sending { copies, .. } = &mut self.stage else { return };
        if let Some(copy) = copies.iter_mut().find(|copy| copy.path == path)
            && now_sent > copy.sent
        {
            copy.sent = now_sent;
            copy.moved = now;
        }
    }

    /// The request by this path has ended. Where it was the only one the part can be sent again at once.
    pub(super) fn end(&mut self, path: PathIndex) -> Option<Copy> {
        let Stage::Sending { expires, copies, .. } = &mut self.stage else { return None };
        let ended = copies.iter().position(|copy| copy.path == path).map(|index| copies.remove(index))?;
        if copies.is_empty() {
            self.stage = Stage::Signed { expires: *expires, due: 0 };
        }
        Some(ended)
    }

    /// The part is to be sent again after a while, unless another copy is still under way.
    pub(super) fn repeat(&mut self, now: Millis, random: f64) {
        self.failures += 1;
        if let Stage::Signed { due, .. } = &mut self.stage {
            *due = now + retry::delay(self.failures, random);
        }
    }

    /// Nothing is waited for any longer.
    pub(super) fn hurry(&mut self) {
        self.failures = 0;
        if let Stage::Signed { due, .. } = &mut self.stage {
            *due = 0;
        }
    }

    /// Everything is to be done anew. Not for ever: then the answer is false.
    pub(super) fn start_over(&mut self) -> bool {
        self.stage = Stage::Unread;
        self.fresh_starts += 1;
        self.fresh_starts <= MOST_FRESH_STARTS
    }

    /// When each copy is to be called stalled.
    pub(super) fn stalls(&self, stall_after: Millis) -> impl Iterator<Item = (PathIndex, Millis)> {
        self.copies().iter().map(move |copy| (copy.path, copy.moved + stall_after * self.patience))
    }

    pub(super) fn be_patient(&mut self) {
        self.patience = (self.patience * 2).min(MOST_PATIENCE);
    }
}
