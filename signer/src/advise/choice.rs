//! Holds the topologies to the wishes, and chooses one.

use super::cost::Cost;
use super::speed::Speed;
use super::topology::{Kind, LeftOut, Topology};
use super::wishes::Wishes;

/// A topology with all that is known of it.
#[derive(Debug, Clone)]
pub(super) struct Assessed {
    pub(super) topology: Topology,
    pub(super) cost: Cost,
    pub(super) speed: Vec<Speed>,
    pub(super) faults: Vec<Fault>,
    /// By how much the wishes for speed are missed: 0.5 is half as much again.
    missed_by: f64,
}

/// A wish that a topology does not keep.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    Budget {
        over_by_usd: f64,
    },
    RoundTrip {
        group: &'static str,
        ms: f64,
    },
    UploadTime {
        group: &'static str,
        seconds: f64,
    },
    /// Where it stores is not known here.
    Residency,
}

/// All topologies, and the one that fits best.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) assessed: Vec<Assessed>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) recommended: Option<usize>,
}

/// What is worse comes later; the order of the fields is the order of importance.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    over_budget: bool,
    /// In thousandths.
    missed_by: u64,
    experimental: bool,
    cents: u64,
}

impl Assessed {
    pub(super) fn new(topology: Topology, cost: Cost, speed: Vec<Speed>, wishes: &Wishes) -> Self {
        let faults = faults(&topology, &cost, &speed, wishes);
        let missed_by = missed_by(&speed, wishes);
        Self { topology, cost, speed, faults, missed_by }
    }

    /// The farthest users' round trip to the bucket.
    pub(super) fn farthest(&self) -> Option<&Speed> {
        self.speed.iter().max_by(|one, other| one.round_trip_ms.total_cmp(&other.round_trip_ms))
    }

    /// The longest upload of a typical file.
    pub(super) fn slowest(&self) -> Option<&Speed> {
        self.speed.iter().max_by(|one, other| one.upload_seconds.total_cmp(&other.upload_seconds))
    }

    /// Whether Nearput calls it so, until `signer check` has tried it.
    pub(super) fn is_experimental(&self) -> bool {
        match self.topology.kind {
            Kind::Mrap => true,
            Kind::Direct
            | Kind::Accelerated
            | Kind::Hybrid
            | Kind::MultiRegion
            | Kind::CloudFrontUpload
            | Kind::Service(_) => false,
        }
    }

    pub(super) fn is_over_budget(&self) -> bool {
        self.faults.iter().any(|fault| match fault {
            Fault::Budget { .. } => true,
            Fault::RoundTrip { .. } | Fault::UploadTime { .. } | Fault::Residency => false,
        })
    }

    fn rank(&self) -> Rank {
        Rank {
            over_budget: self.is_over_budget(),
            missed_by: (self.missed_by * 1e3).ceil() as u64,
            experimental: self.is_experimental(),
            cents: (self.cost.total * 1e2).round() as u64,
        }
    }
}

/// Chooses what is within the budget, keeps the other wishes or misses them least, and costs least.
pub(super) fn choose(assessed: Vec<Assessed>, left_out: Vec<LeftOut>) -> Choice {
    let candidates = assessed.iter().enumerate().filter(|(_, option)| !option.topology.is_reference());
    let recommended = candidates.min_by_key(|(_, option)| option.rank()).map(|(index, _)| index);
    Choice { assessed, left_out, recommended }
}

/// By how much the farthest and the slowest users miss what is wished; 0 where nothing is missed.
pub(super) fn missed_by(speed: &[Speed], wishes: &Wishes) -> f64 {
    let over = |value: f64, wish: Option<f64>| wish.map_or(0.0, |wish| (value / wish - 1.0).max(0.0));
    let missed = speed.iter().map(|speed| {
        over(speed.round_trip_ms, wishes.round_trip_ms).max(over(speed.upload_seconds, wishes.upload_seconds))
    });
    missed.fold(0.0, f64::max)
}

fn faults(topology: &Topology, cost: &Cost, speed: &[Speed], wishes: &Wishes) -> Vec<Fault> {
    let mut faults = Vec::new();
    if wishes.has_residency && topology.regions.is_empty() {
        faults.push(Fault::Residency);
    }
    if let Some(budget) = wishes.budget_usd.filter(|budget| cost.total > *budget) {
        faults.push(Fault::Budget { over_by_usd: cost.total - budget });
    }
    let farthest = speed.iter().max_by(|one, other| one.round_trip_ms.total_cmp(&other.round_trip_ms));
    if let Some(far) = farthest.filter(|far| wishes.round_trip_ms.is_some_and(|wish| far.round_trip_ms > wish)) {
        faults.push(Fault::RoundTrip { group: far.group.name(), ms: far.round_trip_ms });
    }
    let slowest = speed.iter().max_by(|one, other| one.upload_seconds.total_cmp(&other.upload_seconds));
    if let Some(slow) = slowest.filter(|slow| wishes.upload_seconds.is_some_and(|wish| slow.upload_seconds > wish)) {
        faults.push(Fault::UploadTime { group: slow.group.name(), seconds: slow.upload_seconds });
    }
    faults
}
