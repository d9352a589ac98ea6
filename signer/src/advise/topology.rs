//! The topologies, each with the regions that suit the users best.

use super::legs::{Leg, legs};
use super::prices::{Prices, Service};
use super::round_trips::RoundTrips;
use super::wishes::Wishes;
use super::{choice, speed};

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// One bucket.
    Direct,
    /// One bucket with Transfer Acceleration.
    Accelerated,
    /// The same, and CloudFront for downloads.
    Hybrid,
    /// Several buckets that hold the same objects.
    MultiRegion,
    /// The same behind a Multi-Region Access Point.
    Mrap,
    /// Uploads through CloudFront: for comparison, Nearput does not do it.
    CloudFrontUpload,
    /// An S3-compatible service: for comparison, since nobody measures how far it is.
    Service(Box<Service>),
}

/// A topology in its regions.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) regions: Vec<String>,
    /// None where it is not known where things are.
    pub(super) legs: Vec<Leg>,
}

/// A topology that cannot be had.
#[derive(Debug, Clone)]
pub(super) struct LeftOut {
    pub(super) name: String,
    pub(super) reason: String,
}

impl Topology {
    /// Whether it is there for comparison only.
    pub(super) fn is_reference(&self) -> bool {
        match self.kind {
            Kind::CloudFrontUpload | Kind::Service(_) => true,
            Kind::Direct | Kind::Accelerated | Kind::Hybrid | Kind::MultiRegion | Kind::Mrap => false,
        }
    }
}

/// Every topology, and those that cannot be had.
pub(super) fn options(wishes: &Wishes, prices: &Prices, round_trips: &RoundTrips) -> (Vec<Topology>, Vec<LeftOut>) {
    let best = |count, allowed: &[String]| best(count, allowed, wishes, round_trips);
    let behind_mrap: Vec<String> = wishes
        .allowed
        .iter()
        .filter(|region| prices.s3.mrap_within.of(&round_trips.regions[*region], 0.0).is_some())
        .cloned()
        .collect();
    let wanted = [
        (Kind::Direct, "direct", best(1, &wishes.allowed)),
        (Kind::Accelerated, "accelerated", best(1, &wishes.allowed)),
        (Kind::Hybrid, "hybrid", best(1, &wishes.allowed)),
        (Kind::MultiRegion, "multi-region of 2", best(2, &wishes.allowed)),
        (Kind::MultiRegion, "multi-region of 3", best(3, &wishes.allowed)),
        (Kind::Mrap, "mrap of 2", best(2, &behind_mrap)),
        (Kind::Mrap, "mrap of 3", best(3, &behind_mrap)),
        (Kind::CloudFrontUpload, "up by CloudFront", best(1, &wishes.allowed)),
    ];
    let (mut options, mut left_out) = (Vec::new(), Vec::new());
    for (kind, name, regions) in wanted {
        match regions {
            Some(regions) => {
                let legs = legs(&wishes.users, &regions, round_trips);
                options.push(Topology { kind, name: name.to_owned(), regions, legs });
            }
            None => left_out.push(LeftOut { name: name.to_owned(), reason: too_few(wishes) }),
        }
    }
    for service in &prices.services {
        let name = service.name.clone();
        options.push(Topology {
            kind: Kind::Service(Box::new(service.clone())),
            name,
            regions: Vec::new(),
            legs: Vec::new(),
        });
    }
    (options, left_out)
}

fn too_few(wishes: &Wishes) -> String {
    let allowed = wishes.allowed.join(", ");
    if wishes.has_residency {
        format!("breaks residency: data must stay in {allowed}, where there are too few regions for it")
    } else {
        format!("needs more regions than the data have: {allowed}")
    }
}

/// So many of the regions: those that keep the wishes or miss them least, and of these the nearest to the users on average.
fn best(count: usize, allowed: &[String], wishes: &Wishes, round_trips: &RoundTrips) -> Option<Vec<String>> {
    let score = |regions: &[String]| {
        let legs = legs(&wishes.users, regions, round_trips);
        let missed = choice::missed_by(&speed::direct(&legs, wishes, &round_trips.model), wishes);
        let mean: f64 = legs.iter().map(|leg| leg.round_trip_ms * leg.share).sum();
        (missed, mean)
    };
    let scored = sets(count, allowed).into_iter().map(|regions| (score(&regions), regions));
    let nearest = scored.min_by(|((missed, mean), _), ((other_missed, other_mean), _)| {
        missed.total_cmp(other_missed).then(mean.total_cmp(other_mean))
    });
    nearest.map(|(_, regions)| regions)
}

/// Every set of so many regions.
fn sets(count: usize, regions: &[String]) -> Vec<Vec<String>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in regions.iter().enumerate() {
        for mut rest in sets(count - 1, &regions[index + 1..]) {
            rest.insert(0, first.clone());
            all.push(rest);
        }
    }
    all
}
