//! What a failed request means, and how long to wait before the next one.

use std::time::Duration;

/// How a request to the storage failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No reply: the line is down, the host is away, or CORS hides what it said.
    Network,
    /// A reply that is not success.
    Reply {
        status: u16,
        /// The storage's error code, such as `SlowDown`; empty where it gave none.
        code: String,
    },
}

/// What helps against a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Wait, then send the same request again.
    Repeat,
    /// Read, sign and send the part anew, once: the signature or the bytes were not good.
    StartOver,
    /// Nothing that the engine could do.
    GiveUp,
}

/// The classes of <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
pub fn remedy(failure: &Failure) -> Remedy {
    match failure {
        Failure::Network => Remedy::Repeat,
        Failure::Reply { status: 408 | 429 | 500.., .. } => Remedy::Repeat,
        Failure::Reply { status, code } => match (status, code.as_str()) {
            (400, "RequestTimeout") => Remedy::Repeat,
            (400, "BadDigest" | "InvalidDigest" | "ExpiredToken" | "AuthorizationHeaderMalformed") => Remedy::StartOver,
            (403, _) => Remedy::StartOver,
            _ => Remedy::GiveUp,
        },
    }
}

const FIRST_DELAY_MS: u64 = 500;
const LONGEST_DELAY_MS: u64 = 30_000;

/// How long to wait after the `attempt`th failure in a row, counted from 1: up to half a second, doubling up to 30 s.
///
/// `random` is from 0 up to 1. The wait is drawn from the whole span ("full jitter"), so that many clients spread:
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
pub fn delay(attempt: u32, random: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(6);
    let longest = (FIRST_DELAY_MS << doublings).min(LONGEST_DELAY_MS);
    Duration::from_millis((longest as f64 * random) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_storage_has_its_remedy() {
        let table = [
            (500, "InternalError", Remedy::Repeat),
            (503, "SlowDown", Remedy::Repeat),
            (503, "", Remedy::Repeat),
            (429, "", Remedy::Repeat),
            (400, "RequestTimeout", Remedy::Repeat),
            (400, "BadDigest", Remedy::StartOver),
            (403, "AccessDenied", Remedy::StartOver),
            (403, "RequestTimeTooSkewed", Remedy::StartOver),
            (400, "ExpiredToken", Remedy::StartOver),
            (400, "EntityTooLarge", Remedy::GiveUp),
            (404, "NoSuchUpload", Remedy::GiveUp),
            (404, "NoSuchBucket", Remedy::GiveUp),
            (412, "PreconditionFailed", Remedy::GiveUp),
        ];
        for (status, code, expected) in table {
            assert_eq!(remedy(&Failure::Reply { status, code: code.to_owned() }), expected, "{status} {code}");
        }
        assert_eq!(remedy(&Failure::Network), Remedy::Repeat);
    }

    #[test]
    fn delays_double_up_to_thirty_seconds_and_spread_from_zero() {
        let longest: Vec<_> = (1..=9).map(|attempt| delay(attempt, 1.0).as_millis()).collect();
        assert_eq!(longest, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(delay(5, 0.0), Duration::ZERO);
        assert_eq!(delay(u32::MAX, 0.5).as_secs(), 15);
    }
}
