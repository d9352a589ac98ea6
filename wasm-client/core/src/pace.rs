//! How many requests may be under way at once, for all uploads of the page together.
//!
//! A long line is used wide from the start: a slow ramp costs more there than it saves. A short one starts narrow and is widened
//! while that pays. Where the storage or the line is in trouble there are fewer, and soon as many again as at the start.

use crate::Millis;

/// What a browser opens to one host name, and enough for a short line.
const NARROW: usize = 6;

/// Below this round trip the narrow start is enough.
const SHORT_LINE: Millis = 30;

/// From this round trip on, every connection is used at once.
const LONG_LINE: Millis = 100;

/// Two more requests must bring at least this much more, or they are taken back.
const WORTHWHILE: f64 = 1.1;

/// So long is looked at what a change has brought.
const LOOK: Millis = 2_000;

/// After a widening that did not pay, none is tried for so long.
const CONTENT: Millis = 30_000;

/// Failures of the same moment have the same cause.
const SAME_TROUBLE: Millis = 1_000;

/// The bounds on the requests of a page.
#[derive(Debug)]
pub struct Pace {
    limit: usize,
    /// Where the line started, and where it comes back to after trouble.
    start: usize,
    most: usize,
    hold_until: Millis,
    cut_at: Option<Millis>,
    look: Look,
}

/// What was stored since a moment.
#[derive(Debug, Default)]
struct Look {
    since: Millis,
    bytes: u64,
    /// The rate before the last widening, in bytes per millisecond.
    before: Option<f64>,
    content_until: Millis,
}

impl Pace {
    /// A pace for a line of which nothing is known yet.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        let start = NARROW.min(most);
        Self { limit: start, start, most, hold_until: 0, cut_at: None, look: Look::default() }
    }

    /// The round trip to the storage has been measured.
    pub fn measured(&mut self, round_trip: Millis) {
        let narrow = NARROW.min(self.most);
        let long = (round_trip.clamp(SHORT_LINE, LONG_LINE) - SHORT_LINE) as usize;
        self.start = narrow + (self.most - narrow) * long / (LONG_LINE - SHORT_LINE) as usize;
        self.limit = self.start;
    }

    /// Requests that may be under way.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Nothing is to be begun before this time.
    pub fn hold_until(&self) -> Millis {
        self.hold_until
    }

    /// So many bytes have been stored. `full` says whether the limit was reached: only then does it mean anything.
    pub fn stored(&mut self, bytes: u64, full: bool, now: Millis) {
        if self.limit < self.start {
            self.limit += 1;
        }
        let span = now.saturating_sub(self.look.since);
        if !full || self.limit < self.start || span > 4 * LOOK {
            self.look = Look { since: now, before: None, ..self.look };
            self.look.bytes = 0;
            return;
        }
        self.look.bytes += bytes;
        if span >= LOOK {
            self.judge(self.look.bytes as f64 / span as f64, now);
            self.look.since = now;
            self.look.bytes = 0;
        }
    }

    /// The storage asks for fewer requests, and for none at all for a while.
    pub fn slow_down(&mut self, wait: Millis, now: Millis) {
        self.hold_until = self.hold_until.max(now + wait);
        self.cut(2, now);
    }

    /// A request broke off or stood still.
    pub fn trouble(&mut self, now: Millis) {
        self.cut(4, now);
    }

    /// The line is there again: nothing that was held back for its sake waits any longer.
    pub fn revive(&mut self) {
        self.limit = self.start;
    }

    fn cut(&mut self, share: usize, now: Millis) {
        if self.cut_at.is_none_or(|then| now >= then + SAME_TROUBLE) {
            self.cut_at = Some(now);
            self.limit = (self.limit - self.limit / share).max(1);
        }
    }

    fn judge(&mut self, rate: f64, now: Millis) {
        match self.look.before.take() {
            Some(before) if rate < before * WORTHWHILE => {
                self.limit = self.limit.saturating_sub(2).max(self.start);
                self.look.content_until = now + CONTENT;
            }
            Some(_) | None if now >= self.look.content_until && self.limit < self.most => {
                self.look.before = Some(rate);
                self.limit = (self.limit + 2).min(self.most);
            }
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_the_line_the_wider_the_start() {
        let mut pace = Pace::new(24);
        let limits = [0, 29, 30, 65, 100, 500].map(|round_trip| {
            pace.measured(round_trip);
            pace.limit()
        });
        assert_eq!(limits, [6, 6, 6, 15, 24, 24]);
        assert_eq!(Pace::new(2).limit(), 2);
    }

    /// Stores for ten seconds on a line of which each request carries `rate(limit)` bytes a second.
    fn run(pace: &mut Pace, from: Millis, rate: impl Fn(usize) -> u64) {
        for tick in 0..100 {
            pace.stored(rate(pace.limit()) / 10, true, from + tick * 100);
        }
    }

    #[test]
    fn more_requests_are_kept_while_each_brings_more() {
        let mut pace = Pace::new(24);
        run(&mut pace, 0, |limit| limit as u64 * 1_000_000);
        assert!(pace.limit() >= 12, "{}", pace.limit());
    }

    #[test]
    fn requests_that_bring_nothing_are_taken_back() {
        let mut pace = Pace::new(24);
        run(&mut pace, 0, |_| 10_000_000);
        assert_eq!(pace.limit(), 6);
    }

    #[test]
    fn many_failures_of_one_moment_count_once_and_are_recovered_from() {
        let mut pace = Pace::new(24);
        pace.measured(200);
        (0..10).for_each(|at| pace.slow_down(1_000, at));
        assert_eq!((pace.limit(), pace.hold_until()), (12, 1_009));
        (0..20).for_each(|at| pace.stored(1, false, 2_000 + at));
        assert_eq!(pace.limit(), 24);
        (0..100).for_each(|second| pace.trouble(second * 1_000));
        assert_eq!(pace.limit(), 3, "a quarter less at a time, and at least something");
    }
}
