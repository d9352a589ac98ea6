//! What a benchmark found, beside what it should have found.

use crate::contest::Times;

/// A line of the table.
pub(crate) struct Finding {
    what: String,
    measured: String,
    goal: String,
    /// None where there is no goal.
    is_met: Option<bool>,
}

impl Finding {
    /// Nearput's time as a multiple of the bare limit's.
    pub(crate) fn ratio(what: &str, nearput: &Times, bare: &Times, most: Option<f64>) -> Self {
        let (seconds, limit, ratio) = (nearput.median(), bare.median(), nearput.ratio_to(bare));
        Self {
            what: what.to_owned(),
            measured: format!("{seconds:.2} s, bare {limit:.2} s: {ratio:.2}x"),
            goal: most.map_or_else(String::new, |most| format!("<= {most:.2}x")),
            is_met: most.map(|most| ratio <= most),
        }
    }

    /// Something that there should be much of.
    pub(crate) fn at_least(what: &str, measured: f64, unit: &str, least: Option<f64>) -> Self {
        Self {
            what: what.to_owned(),
            measured: format!("{measured:.0} {unit}"),
            goal: least.map_or_else(String::new, |least| format!(">= {least} {unit}")),
            is_met: least.map(|least| measured >= least),
        }
    }

    /// Something that there should be little of.
    pub(crate) fn amount(what: String, measured: u64, unit: &str, most: Option<u64>) -> Self {
        Self {
            what,
            measured: format!("{measured} {unit}"),
            goal: most.map_or_else(String::new, |most| format!("<= {most} {unit}")),
            is_met: most.map(|most| measured <= most),
        }
    }
}

/// Prints the table. Gives whether all goals are met.
pub(crate) fn show(findings: &[Finding]) -> bool {
    println!();
    for Finding { what, measured, goal, is_met } in findings {
        let verdict = match is_met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        println!("{what:<52} {measured:<32} {goal:<12} {verdict}");
    }
    findings.iter().all(|finding| finding.is_met != Some(false))
}
