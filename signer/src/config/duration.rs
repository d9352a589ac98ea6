//! Durations as people write them: `45s`, `15m`, `24h`, `7d`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// Text that is no duration.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a duration: write a whole number and one of s, m, h, d, as in `15m`")]
pub struct NotADuration(String);

/// For `#[serde(with = "duration")]`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(D::Error::custom)
}

/// The duration that is written so.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    read(text).ok_or_else(|| NotADuration(text.to_owned()))
}

fn read(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let seconds_per_unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds_per_unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        assert_eq!(read("45s"), Some(Duration::from_secs(45)));
        assert_eq!(read("15m"), Some(Duration::from_mins(15)));
        assert_eq!(read("24h"), Some(Duration::from_hours(24)));
        assert_eq!(read("7d"), Some(Duration::from_hours(7 * 24)));
        for wrong in ["", "s", "15", "15 m", "1.5h", "-1s", "15min", "99999999999999999d"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
