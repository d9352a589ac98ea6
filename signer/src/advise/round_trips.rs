//! How far things are from each other: `round-trips.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::date::Date;
use super::places::{Continent, Group};

/// Round trips between regions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundTrips {
    pub(super) date: Date,
    places: BTreeMap<Group, Vec<String>>,
    /// The regions that are looked at.
    pub(super) regions: BTreeMap<String, Continent>,
    pub(super) model: Model,
    milliseconds: BTreeMap<String, BTreeMap<String, f64>>,
}

/// What the time of an upload is made of besides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) last_mile_ms: f64,
    pub(super) edge_ms: f64,
    pub(super) window_bytes: f64,
}

/// What is wrong with a file of round trips.
#[derive(Debug, thiserror::Error)]
pub enum RoundTripsError {
    #[error("these are no round trips: {0}\nsigner/round-trips.toml is an example")]
    Toml(String),
    #[error("`model` wants milliseconds from 0 on and a window above 0")]
    Model,
    #[error("`places` has no region for {0}")]
    NoPlace(&'static str),
    #[error("`places` names `{0}`, which is not under [regions]")]
    Place(String),
    #[error("`milliseconds` has nothing from 0 on between {0} and {1}")]
    Pair(String, String),
}

impl RoundTrips {
    /// The figures that this program was built with.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../round-trips.toml")).expect("a test has read them")
    }

    /// Reads round trips from TOML text.
    pub fn parse(text: &str) -> Result<Self, RoundTripsError> {
        let read: Self =
            toml::from_str(text).map_err(|error| RoundTripsError::Toml(error.to_string().trim_end().to_owned()))?;
        read.check()?;
        Ok(read)
    }

    fn check(&self) -> Result<(), RoundTripsError> {
        let Model { last_mile_ms, edge_ms, window_bytes } = self.model;
        let is_time = |ms: f64| ms.is_finite() && ms >= 0.0;
        if !is_time(last_mile_ms) || !is_time(edge_ms) || !window_bytes.is_finite() || window_bytes <= 0.0 {
            return Err(RoundTripsError::Model);
        }
        for group in Group::ALL {
            let places = self.places(group);
            if places.is_empty() {
                return Err(RoundTripsError::NoPlace(group.name()));
            }
            if let Some(place) = places.iter().find(|place| !self.regions.contains_key(*place)) {
                return Err(RoundTripsError::Place(place.clone()));
            }
        }
        for one in self.regions.keys() {
            for other in self.regions.keys() {
                if !self.find(one, other).is_some_and(is_time) {
                    return Err(RoundTripsError::Pair(one.clone(), other.clone()));
                }
            }
        }
        Ok(())
    }

    /// The regions near which the users of a group are, in equal parts.
    pub(super) fn places(&self, group: Group) -> &[String] {
        self.places.get(&group).map_or(&[], Vec::as_slice)
    }

    /// From users near one region to another, in milliseconds.
    pub(super) fn users_to(&self, place: &str, region: &str) -> f64 {
        self.model.last_mile_ms + self.find(place, region).expect("every pair was checked")
    }

    fn find(&self, one: &str, other: &str) -> Option<f64> {
        let pair = |one, other| self.milliseconds.get(one).and_then(|row: &BTreeMap<_, _>| row.get(other)).copied();
        pair(one, other).or_else(|| pair(other, one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = include_str!("../../round-trips.toml");

    #[test]
    fn the_figures_that_are_built_in_have_every_pair_in_both_directions() {
        let read = RoundTrips::parse(BUILT_IN).expect("the round trips");
        assert_eq!(read.users_to("ap-northeast-1", "us-east-1"), 160.0);
        assert_eq!(read.users_to("us-east-1", "ap-northeast-1"), 160.0);
        assert_eq!(read.users_to("ap-northeast-1", "ap-northeast-1"), 13.0);
    }

    #[test]
    fn what_is_wrong_or_missing_is_named() {
        for (right, wrong, named) in [
            ("date = \"2025-07-17\"", "date = 2025", "date"),
            ("edge_ms = 15", "edge_ms = -1", "`model`"),
            ("window_bytes = 262144", "window_bytes = 0", "`model`"),
            ("japan = [\"ap-northeast-1\"]", "japan = []", "japan"),
            ("japan = [\"ap-northeast-1\"]", "japan = [\"ap-northeast-9\"]", "ap-northeast-9"),
            ("ap-northeast-1 = 3, ap-northeast-2 = 36", "ap-northeast-1 = 3", "ap-northeast-1 and ap-northeast-2"),
            ("ap-northeast-1 = 3, ap-northeast-2 = 36", "ap-northeast-1 = 3, ap-northeast-2 = nan", "ap-northeast-2"),
            ("[model]", "[modell]", "modell"),
        ] {
            assert!(BUILT_IN.contains(right), "{right}");
            let error = RoundTrips::parse(&BUILT_IN.replacen(right, wrong, 1)).expect_err(named).to_string();
            assert!(error.contains(named), "{named} is not named in: {error}");
        }
    }
}
