//! Clocks: storage refuses what is signed by one that is wrong.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>, `RequestTimeTooSkewed`.

use std::time::{Duration, SystemTime};

use super::finding::Finding;

const SOURCE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList";

/// Storage refuses what is further off.
const REFUSED: Duration = Duration::from_mins(15);
/// A clock that is kept right is not so far off.
const NOTABLE: Duration = Duration::from_secs(60);

/// What is found of a clock, called `whose`, that showed `shown` when that of `other` showed `now`.
pub(super) fn finding(whose: &str, shown: SystemTime, other: &str, now: SystemTime) -> Finding {
    let off = shown.duration_since(now).unwrap_or_else(|error| error.duration());
    let what = format!("the clock of {whose} is {} s from that of {other}", off.as_secs());
    let mend = "have both machines keep their time by NTP: `timedatectl` says whether they do";
    if off > REFUSED {
        let what = format!("{what}: what is signed by it is refused beyond {} minutes", REFUSED.as_secs() / 60);
        Finding::error("clock-skewed", what, mend).source(SOURCE)
    } else if off > NOTABLE {
        Finding::warning("clock-skewed", what, mend).source(SOURCE)
    } else {
        Finding::ok("clock", what)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn a_clock_may_be_off_by_a_little() {
        let now = SystemTime::now();
        let severity = |seconds| {
            let both = [now + Duration::from_secs(seconds), now - Duration::from_secs(seconds)];
            let [ahead, behind] = both.map(|shown| finding("a", shown, "b", now).severity);
            assert_eq!(ahead, behind);
            ahead
        };
        assert_eq!([0, 60, 61, 900, 901].map(severity), {
            use Severity::{Error, Ok, Warning};
            [Ok, Ok, Warning, Warning, Error]
        });
    }
}
