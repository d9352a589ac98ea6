//! Where users and buckets are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where users are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Group {
    NorthAmerica,
    SouthAmerica,
    Europe,
    MiddleEast,
    Africa,
    India,
    /// East and South-East Asia without Japan.
    Asia,
    Japan,
    Oceania,
}

/// Where buckets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Continent {
    NorthAmerica,
    SouthAmerica,
    Europe,
    MiddleEast,
    Africa,
    AsiaPacific,
}

impl Group {
    pub(super) const ALL: [Self; 9] = [
        Self::NorthAmerica,
        Self::SouthAmerica,
        Self::Europe,
        Self::MiddleEast,
        Self::Africa,
        Self::India,
        Self::Asia,
        Self::Japan,
        Self::Oceania,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NorthAmerica => "north-america",
            Self::SouthAmerica => "south-america",
            Self::Europe => "europe",
            Self::MiddleEast => "middle-east",
            Self::Africa => "africa",
            Self::India => "india",
            Self::Asia => "asia",
            Self::Japan => "japan",
            Self::Oceania => "oceania",
        }
    }

    pub(super) fn continent(self) -> Continent {
        match self {
            Self::NorthAmerica => Continent::NorthAmerica,
            Self::SouthAmerica => Continent::SouthAmerica,
            Self::Europe => Continent::Europe,
            Self::MiddleEast => Continent::MiddleEast,
            Self::Africa => Continent::Africa,
            Self::India | Self::Asia | Self::Japan | Self::Oceania => Continent::AsiaPacific,
        }
    }
}

impl Continent {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NorthAmerica => "north-america",
            Self::SouthAmerica => "south-america",
            Self::Europe => "europe",
            Self::MiddleEast => "middle-east",
            Self::Africa => "africa",
            Self::AsiaPacific => "asia-pacific",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
