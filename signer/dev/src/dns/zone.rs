//! Which record a resolver is told.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A record of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyRecord {
    pub region: String,
    /// The address that is told, and where the signer is asked whether it is well.
    pub signer: SocketAddr,
}

/// Somewhere in the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolverPlace {
    /// Of whoever is there.
    pub address: IpAddr,
    /// How far it is to each record's region, in the order of the records.
    pub latencies: Vec<Duration>,
}

/// The nearest record that is well. Where none is, [all are taken to be][open], so that an answer is there.
///
/// [open]: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
pub(super) fn nearest<'a>(
    records: &'a [LatencyRecord],
    places: &[ResolverPlace],
    from: IpAddr,
    are_well: &[bool],
) -> Option<&'a LatencyRecord> {
    let none_is = !are_well.contains(&true);
    let place = places.iter().find(|place| place.address == from);
    let far = |index: usize| place.and_then(|place| place.latencies.get(index)).copied().unwrap_or_default();
    let well = records.iter().enumerate().filter(|(index, _)| none_is || are_well[*index]);
    well.min_by_key(|(index, _)| far(*index)).map(|(_, record)| record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_that_is_well_is_told_and_where_none_is_the_nearest() {
        let record = |region: &str| LatencyRecord { region: region.to_owned(), signer: ([127, 0, 0, 1], 80).into() };
        let records = ["tokyo", "virginia", "ireland"].map(record);
        let latencies = [15, 180, 250].map(Duration::from_millis).to_vec();
        let here = IpAddr::from([127, 0, 1, 1]);
        let places = [ResolverPlace { address: here, latencies }];
        let told = |from, are_well: [bool; 3]| {
            nearest(&records, &places, from, &are_well).map(|record| record.region.as_str())
        };
        assert_eq!(told(here, [true, true, true]), Some("tokyo"));
        assert_eq!(told(here, [false, true, true]), Some("virginia"));
        assert_eq!(told(here, [false, false, true]), Some("ireland"));
        assert_eq!(told(here, [false, false, false]), Some("tokyo"));
        assert_eq!(told([127, 0, 9, 9].into(), [false, true, true]), Some("virginia"));
    }
}
