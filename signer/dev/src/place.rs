//! Where a visitor sits, and how far that is from where AWS is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A city from which pages are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    Tokyo,
    London,
    NewYork,
}

/// Round trips to regions in milliseconds, from Tokyo, London and New York. They are this program's own, and near those that
/// anybody can measure: <https://www.cloudping.co/>.
const ROUND_TRIPS: [(&str, [u64; 3]); 3] =
    [("ap-northeast-1", [15, 240, 170]), ("us-east-1", [180, 80, 8]), ("eu-west-1", [250, 12, 75])];

impl Place {
    pub const ALL: [Self; 3] = [Self::Tokyo, Self::London, Self::NewYork];

    /// How long a question from here to this region and its answer are under way, where that is known.
    pub fn round_trip_to(self, region: &str) -> Option<Duration> {
        let (_, from) = ROUND_TRIPS.iter().find(|(known, _)| *known == region)?;
        let [tokyo, london, new_york] = from.map(Duration::from_millis);
        Some(match self {
            Self::Tokyo => tokyo,
            Self::London => london,
            Self::NewYork => new_york,
        })
    }
}
