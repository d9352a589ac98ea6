//! What is told of all topologies, in JSON and in words.

use std::fmt;

use serde::Serialize;

use super::choice::{Assessed, Choice, Fault};
use super::cost::Cost;
use super::date::Date;
use super::prices::Prices;
use super::round_trips::RoundTrips;
use super::speed::Speed;
use super::table;
use super::wishes::Wishes;

/// All topologies side by side, and the one that fits best.
#[derive(Debug, Clone, Serialize)]
pub struct Advice {
    pub(super) prices_of: Date,
    pub(super) round_trips_of: Date,
    pub(super) warnings: Vec<String>,
    pub(super) files_a_month: f64,
    pub(super) typical_file: String,
    pub(super) topologies: Vec<Row>,
    pub(super) left_out: Vec<Reason>,
    pub(super) recommended: Option<String>,
    pub(super) reasons: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) regions: Vec<String>,
    /// Whether it is there for comparison only.
    pub(super) reference: bool,
    pub(super) experimental: bool,
    pub(super) cost: Cost,
    pub(super) speed: Vec<Speed>,
    pub(super) faults: Vec<String>,
    /// Why it is not the one.
    pub(super) against: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Reason {
    pub(super) name: String,
    pub(super) reason: String,
}

impl Advice {
    pub(super) fn new(choice: Choice, wishes: &Wishes, prices: &Prices, round_trips: &RoundTrips, today: Date) -> Self {
        let best = choice.recommended.map(|index| &choice.assessed[index]);
        let rows = choice.assessed.iter().enumerate().map(|(index, option)| Row {
            name: option.topology.name.clone(),
            regions: option.topology.regions.clone(),
            reference: option.topology.is_reference(),
            experimental: option.is_experimental(),
            cost: option.cost.clone(),
            speed: option.speed.clone(),
            faults: option.faults.iter().map(ToString::to_string).collect(),
            against: best.filter(|_| choice.recommended != Some(index)).map(|best| against(option, best)),
        });
        let old = prices.date.is_a_year_before(today);
        let warning =
            || format!("the prices are of {}, more than a year ago: compare them with their sources", prices.date);
        Self {
            prices_of: prices.date,
            round_trips_of: round_trips.date,
            warnings: old.then(warning).into_iter().collect(),
            files_a_month: wishes.file_count(),
            typical_file: wishes.typical().to_string(),
            topologies: rows.collect(),
            left_out: choice
                .left_out
                .iter()
                .map(|left| Reason { name: left.name.clone(), reason: left.reason.clone() })
                .collect(),
            recommended: best.map(|best| best.topology.name.clone()),
            reasons: best.map(|best| reasons(best, &choice, wishes)).unwrap_or_default(),
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and finite numbers")
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table::write(self))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget { over_by_usd } => write!(f, "over budget by ${over_by_usd:.2}"),
            Self::RoundTrip { group, ms } => write!(f, "misses the latency wish: {ms:.0} ms from {group}"),
            Self::UploadTime { group, seconds } => {
                write!(f, "misses the latency wish: {seconds:.1} s for an upload from {group}")
            }
            Self::Residency => f.write_str("breaks residency: where it stores is not known here"),
        }
    }
}

/// Why an option is the one.
fn reasons(best: &Assessed, choice: &Choice, wishes: &Wishes) -> Vec<String> {
    let own = || choice.assessed.iter().filter(|option| !option.topology.is_reference());
    let good = own().filter(|option| option.faults.is_empty()).count();
    let mut reasons = Vec::new();
    if !best.faults.is_empty() {
        let within = own().any(|option| !option.is_over_budget());
        let those = if within { "what is within the budget" } else { "what there is, all of it over budget," };
        reasons.push(format!("nothing keeps every wish; of {those} it misses the others least, and costs least"));
        reasons.extend(best.faults.iter().map(ToString::to_string));
    } else if best.is_experimental() || good > 1 {
        reasons.push(format!("it costs least of the {good} that keep every wish"));
    } else {
        reasons.push("it is the only one that keeps every wish".to_owned());
    }
    if let (Some(far), Some(slow)) = (best.farthest(), best.slowest()) {
        reasons.push(format!(
            "${:.2} a month; the farthest users, in {}, are {:.0} ms away, and the slowest upload of a typical file takes {:.1} s",
            best.cost.total, far.group, far.round_trip_ms, slow.upload_seconds
        ));
    }
    if wishes.round_trip_ms.is_none() && wishes.upload_seconds.is_none() {
        reasons.push(
            "without a wish for speed only the cost counts: say one with --round-trip or --upload-time".to_owned(),
        );
    }
    if best.is_experimental() {
        reasons.push("experimental: try it by `signer check` first".to_owned());
    }
    reasons
}

/// Why an option is not the one.
fn against(option: &Assessed, best: &Assessed) -> String {
    let mut words: Vec<String> = option.faults.iter().map(ToString::to_string).collect();
    if option.topology.is_reference() {
        words.insert(0, "for comparison only".to_owned());
    }
    if option.is_experimental() {
        words.push("experimental".to_owned());
    }
    let dollars = option.cost.total - best.cost.total;
    if dollars.abs() >= 0.005 {
        words.push(format!("${:.2} a month {}", dollars.abs(), if dollars > 0.0 { "more" } else { "less" }));
    }
    if let (Some(own), Some(other)) = (option.farthest(), best.farthest()) {
        let (own, other) = (own.round_trip_ms, other.round_trip_ms);
        if own.round() as i64 != other.round() as i64 {
            words.push(format!("the farthest users are {own:.0} ms away instead of {other:.0}"));
        }
    }
    if let (Some(own), Some(other)) = (option.slowest(), best.slowest()) {
        let (own, other) = (own.upload_seconds, other.upload_seconds);
        if (own - other).abs() >= 0.05 {
            words.push(format!("the slowest upload takes {own:.1} s instead of {other:.1}"));
        } else {
            words.push("no faster".to_owned());
        }
    }
    words.join("; ")
}
