//! A day.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::clock::utc_date;

/// A day, written as `2026-11-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day in UTC.
    pub fn of(time: SystemTime) -> Self {
        Self::parse(&utc_date(time)).expect("a clock shows a year of four digits")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.chars().all(|c| c.is_ascii_digit()).then_some(part));
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let date = Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
        let is_day = (1..=12).contains(&date.month) && (1..=31).contains(&date.day);
        (parts.next().is_none() && [year.len(), month.len(), day.len()] == [4, 2, 2] && is_day).then_some(date)
    }

    /// Whether more than a year has gone by from this day to that one.
    pub(super) fn is_a_year_before(self, later: Self) -> bool {
        later > Self { year: self.year.saturating_add(1), ..self }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no day; write it as in `2026-11-25`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_one_way() {
        let day = Date { year: 2026, month: 11, day: 25 };
        assert_eq!(Date::parse("2026-11-25"), Some(day));
        assert_eq!(day.to_string(), "2026-11-25");
        for wrong in ["", "2026-11", "26-11-25", "2026-13-01", "2026-11-00", "2026-11-25-1", "2026-+1-25", "2026-1-25"]
        {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_year_is_over_on_the_day_after() {
        let day = |text| Date::parse(text).expect("a day");
        assert!(!day("2026-11-25").is_a_year_before(day("2027-11-25")));
        assert!(day("2026-11-25").is_a_year_before(day("2027-11-26")));
        assert!(!day("2026-11-25").is_a_year_before(day("2025-01-01")), "prices from the future are not old");
    }
}
