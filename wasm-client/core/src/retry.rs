//! What a failed request means, and how long to wait before the next one.

use crate::Millis;

/// How a request to the storage failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No reply: the line is down, the host is away, or CORS hides what it said.
    Network,
    /// No byte moved, and no reply came, for too long.
    Stalled,
    /// A reply that is not success.
    Reply {
        status: u16,
        /// The storage's error code, such as `SlowDown`; empty where it gave none.
        code: String,
        /// How long the storage asks to wait, where it says so and CORS shows it.
        retry_after: Option<Millis>,
    },
}

/// What helps against a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Wait, then send the same request again, by another path where there is one.
    Repeat,
    /// The same, but every upload of the page slows down with it.
    SlowDown,
    /// Read, sign and send the part anew, a few times: the signature or the bytes were not good.
    StartOver,
    /// Open the upload anew: the storage does not know it.
    Reopen,
    /// Nothing that the engine could do.
    GiveUp,
}

/// The classes of <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
pub fn remedy(failure: &Failure) -> Remedy {
    let Failure::Reply { status, code, .. } = failure else { return Remedy::Repeat };
    match (status, code.as_str()) {
        (429 | 503, _) => Remedy::SlowDown,
        // Two writes to one key have met: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        (408 | 500.., _) | (400, "RequestTimeout" | "IncompleteBody") | (409, "ConditionalRequestConflict") => {
            Remedy::Repeat
        }
        (400, "BadDigest" | "InvalidDigest" | "ExpiredToken" | "AuthorizationHeaderMalformed") | (403, _) => {
            Remedy::StartOver
        }
        (404, "NoSuchUpload") => Remedy::Reopen,
        _ => Remedy::GiveUp,
    }
}

const FIRST_DELAY: Millis = 500;
const LONGEST_DELAY: Millis = 30_000;

/// How long to wait after the `attempt`th failure in a row, counted from 1: up to half a second, doubling up to 30 s.
///
/// `random` is from 0 up to 1. The wait is drawn from the whole span ("full jitter"), so that many clients spread:
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
pub fn delay(attempt: u32, random: f64) -> Millis {
    let doublings = attempt.saturating_sub(1).min(6);
    let longest = (FIRST_DELAY << doublings).min(LONGEST_DELAY);
    (longest as f64 * random) as Millis
}

/// Nobody is made to wait longer than an hour.
const LONGEST_ASKED: Millis = 3_600_000;

/// The same, where the signer has said how long to wait at least; 0 where it has not.
pub fn delay_as_asked(attempt: u32, random: f64, asked: Millis) -> Millis {
    asked.min(LONGEST_ASKED) + delay(attempt, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_storage_has_its_remedy() {
        let table = [
            (500, "InternalError", Remedy::Repeat),
            (408, "", Remedy::Repeat),
            (503, "SlowDown", Remedy::SlowDown),
            (503, "ServiceUnavailable", Remedy::SlowDown),
            (503, "", Remedy::SlowDown),
            (503, "SlowDownWrite", Remedy::SlowDown),
            (429, "", Remedy::SlowDown),
            (400, "RequestTimeout", Remedy::Repeat),
            (409, "ConditionalRequestConflict", Remedy::Repeat),
            (409, "BucketAlreadyExists", Remedy::GiveUp),
            (400, "BadDigest", Remedy::StartOver),
            (403, "AccessDenied", Remedy::StartOver),
            (403, "RequestTimeTooSkewed", Remedy::StartOver),
            (400, "ExpiredToken", Remedy::StartOver),
            (400, "EntityTooLarge", Remedy::GiveUp),
            (404, "NoSuchUpload", Remedy::Reopen),
            (404, "NoSuchBucket", Remedy::GiveUp),
            (412, "PreconditionFailed", Remedy::GiveUp),
        ];
        for (status, code, expected) in table {
            let failure = Failure::Reply { status, code: code.to_owned(), retry_after: None };
            assert_eq!(remedy(&failure), expected, "{status} {code}");
        }
        assert_eq!(remedy(&Failure::Network), Remedy::Repeat);
        assert_eq!(remedy(&Failure::Stalled), Remedy::Repeat);
    }

    #[test]
    fn who_is_asked_to_wait_does_so_and_spreads_beyond_it() {
        assert_eq!(delay_as_asked(1, 0.0, 7_000), 7_000);
        assert_eq!(delay_as_asked(1, 1.0, 7_000), 7_500);
        assert_eq!(delay_as_asked(1, 1.0, 0), 500);
        assert_eq!(delay_as_asked(1, 0.0, Millis::MAX), 3_600_000);
    }

    #[test]
    fn delays_double_up_to_thirty_seconds_and_spread_from_zero() {
        let longest: Vec<_> = (1..=9).map(|attempt| delay(attempt, 1.0)).collect();
        assert_eq!(longest, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(delay(5, 0.0), 0);
        assert_eq!(delay(u32::MAX, 0.5), 15_000);
    }
}
