//! Who sends where.

use super::places::{Continent, Group};
use super::round_trips::RoundTrips;

/// A part of the users, and the region that is nearest to them.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) group: Group,
    /// Of all users, of 1.
    pub(super) share: f64,
    pub(super) region: String,
    pub(super) continent: Continent,
    pub(super) round_trip_ms: f64,
}

/// Sends the users of each place to the nearest of the regions.
pub(super) fn legs(users: &[(Group, f64)], regions: &[String], round_trips: &RoundTrips) -> Vec<Leg> {
    let mut legs = Vec::new();
    for (group, share) in users {
        let places = round_trips.places(*group);
        for place in places {
            let far = |region: &&String| round_trips.users_to(place, region);
            let nearest = regions.iter().min_by(|one, other| far(one).total_cmp(&far(other)));
            legs.extend(nearest.map(|region| Leg {
                group: *group,
                share: share / places.len() as f64,
                region: region.clone(),
                continent: round_trips.regions[region],
                round_trip_ms: far(&region),
            }));
        }
    }
    legs
}

/// The mean of something over each group's users.
pub(super) fn by_group(legs: &[Leg], of: impl Fn(&Leg) -> f64) -> Vec<(Group, f64)> {
    let mut means: Vec<(Group, f64)> = Vec::new();
    for leg in legs {
        if means.iter().all(|(group, _)| *group != leg.group) {
            let own = || legs.iter().filter(|other| other.group == leg.group);
            let whole: f64 = own().map(|leg| leg.share).sum();
            means.push((leg.group, own().map(|leg| of(leg) * leg.share).sum::<f64>() / whole));
        }
    }
    means
}
