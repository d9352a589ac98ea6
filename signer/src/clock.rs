//! Times as the wire has them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

/// Milliseconds since the Unix epoch.
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since the Unix epoch.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The day in UTC, such as `2026-11-25`.
pub(crate) fn utc_date(time: SystemTime) -> String {
    let mut text = DateTime::from(time).fmt(DateTimeFormat::DateTime).expect("a clock shows a year of four digits");
    text.truncate(10);
    text
}
