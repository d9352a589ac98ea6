//! One part, from unread to stored.

use std::time::Duration;

use crate::checksum::Checksum;
use crate::parts::Checked;
use crate::retry;

/// A part that something is being done about.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) checksum: Option<Checksum>,
    stage: Stage,
    /// Requests that failed.
    failures: u32,
    started_over: bool,
}

#[derive(Debug)]
enum Stage {
    Unread,
    Reading,
    Read,
    Signing,
    /// To be sent from `due` on.
    Signed {
        expires: Duration,
        due: Duration,
    },
    Sending {
        expires: Duration,
        sent: u64,
    },
}

impl Part {
    pub(super) fn new(number: u32) -> Self {
        Self { number, checksum: None, stage: Stage::Unread, failures: 0, started_over: false }
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self.stage, Stage::Reading)
    }

    pub(super) fn is_sending(&self) -> bool {
        matches!(self.stage, Stage::Sending { .. })
    }

    /// Bytes under way.
    pub(super) fn sent(&self) -> u64 {
        if let Stage::Sending { sent, .. } = self.stage { sent } else { 0 }
    }

    /// When the part is to be sent, if it only waits for that.
    pub(super) fn due(&self) -> Option<Duration> {
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

    pub(super) fn signed(&mut self, expires: Duration) {
        if matches!(self.stage, Stage::Signing) {
            self.stage = Stage::Signed { expires, due: Duration::ZERO };
        }
    }

    /// Back to where it can be signed, if it was to be signed and was not.
    pub(super) fn unsigned(&mut self) {
        if matches!(self.stage, Stage::Signing) {
            self.stage = Stage::Read;
        }
    }

    /// Back to where it can be signed, if it waits with a signature that ends before `deadline`.
    pub(super) fn drop_expired(&mut self, deadline: Duration) {
        if let Stage::Signed { expires, .. } = self.stage
            && expires < deadline
        {
            self.stage = Stage::Read;
        }
    }

    pub(super) fn start_sending(&mut self, now: Duration) -> bool {
        let Stage::Signed { expires, due } = self.stage else { return false };
        if due <= now {
            self.stage = Stage::Sending { expires, sent: 0 };
        }
        due <= now
    }

    /// Whether more is under way than before.
    pub(super) fn moved(&mut self, now_sent: u64) -> bool {
        let Stage::Sending { sent, .. } = &mut self.stage else { return false };
        let more = now_sent > *sent;
        *sent = now_sent.max(*sent);
        more
    }

    /// Ends the request; it can be sent again at once.
    pub(super) fn stop(&mut self) {
        self.send_again(Duration::ZERO);
    }

    /// The request failed; it is to be sent again after a while. Returns how often that has been so.
    pub(super) fn repeat(&mut self, now: Duration, random: f64) -> u32 {
        self.failures += 1;
        self.send_again(now + retry::delay(self.failures, random));
        self.failures
    }

    /// The request failed; everything is to be done anew. Not twice: then the answer is false.
    pub(super) fn start_over(&mut self) -> bool {
        self.stage = Stage::Unread;
        !std::mem::replace(&mut self.started_over, true)
    }

    fn send_again(&mut self, due: Duration) {
        if let Stage::Sending { expires, .. } = self.stage {
            self.stage = Stage::Signed { expires, due };
        }
    }
}
