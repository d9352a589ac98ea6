//! A rate with its burst, as the generic cell rate algorithm has it.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

use crate::config::Rate;

/// One call in a while, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    pub(super) burst: NonZeroU32,
}

impl Pace {
    pub(super) fn new(rate: Rate, burst: Option<NonZeroU32>) -> Self {
        Self { interval: rate.time / rate.calls.get(), burst: burst.unwrap_or(rate.calls) }
    }

    pub(super) fn quota(self) -> Quota {
        Quota::with_period(self.interval).expect("a rate is at most a million in a second").allow_burst(self.burst)
    }
}
