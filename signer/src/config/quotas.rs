//! `[limits.rate]`, `[limits.daily]` and `[limits.redis]`

use std::num::NonZeroU32;
use std::time::Duration;

use redis::IntoConnectionInfo as _;
use serde::Deserialize;

use super::ConfigError;

/// How often a caller, and an address, may call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rates {
    pub(crate) per_caller: Option<Rate>,
    pub(crate) per_address: Option<Rate>,
    /// How many calls may come at once before the rate counts; without it, those of one unit of the rate's time.
    pub(crate) burst: Option<NonZeroU32>,
}

/// So many calls in so much time, as in `20/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Rate {
    pub(crate) calls: NonZeroU32,
    pub(crate) time: Duration,
}

/// What a caller may upload within a day, which begins at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Daily {
    pub(crate) bytes: Option<u64>,
    pub(crate) uploads: Option<u64>,
}

/// Where several signers count together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redis {
    /// `redis://` or `rediss://`, without a password.
    pub(crate) url: String,
    /// What the names of all keys begin with.
    #[serde(default = "nearput")]
    pub(crate) prefix: String,
    #[serde(default)]
    pub(crate) on_failure: OnFailure,
}

/// What becomes of calls that cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnFailure {
    /// They go on.
    #[default]
    Open,
    /// They are refused.
    Closed,
}

/// Text that is not a rate.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a rate: write a whole number above 0, `/`, and one of s, m, h, as in `20/s`")]
pub(crate) struct NotARate(String);

impl TryFrom<String> for Rate {
    type Error = NotARate;

    fn try_from(text: String) -> Result<Self, NotARate> {
        parse(&text).ok_or(NotARate(text))
    }
}

fn parse(text: &str) -> Option<Rate> {
    let (calls, unit) = text.split_once('/')?;
    let time = match unit {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        _ => return None,
    };
    let digits = calls.chars().all(|c| c.is_ascii_digit());
    // A rate of nanoseconds is none.
    let calls = calls.parse().ok().filter(|calls: &NonZeroU32| digits && calls.get() <= 1_000_000)?;
    Some(Rate { calls, time })
}

impl Redis {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let key = "limits.redis.url";
        let info = self
            .url
            .as_str()
            .into_connection_info()
            .map_err(|_| ConfigError::key(key, "write `redis://host:port/database`, or `rediss://` for TLS"))?;
        if info.redis_settings().password().is_some() {
            return Err(ConfigError::key(key, "a password has no place here; set NEARPUT_REDIS_PASSWORD"));
        }
        Ok(())
    }
}

fn nearput() -> String {
    "nearput".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        let rate = parse("20/s").expect("a rate");
        assert_eq!((rate.calls.get(), rate.time), (20, Duration::from_secs(1)));
        assert_eq!(parse("1/h").expect("a rate").time, Duration::from_hours(1));
        for wrong in ["", "20", "/s", "0/s", "-1/s", "+1/s", "1.5/s", "20/d", "20 / s", "20/s/s", "2000000/s"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
