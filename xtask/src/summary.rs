//! What became of the checks, as a table and a last line.

use std::fmt;
use std::time::Duration;

use crate::tally::Tally;

pub(crate) struct Finding {
    pub(crate) check: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) tests: Tally,
    pub(crate) took: Duration,
}

pub(crate) enum Verdict {
    Passed,
    Failed(String),
    NotRun(String),
    /// This machine lacks what nothing here installs.
    Skipped(String),
}

impl Finding {
    pub(crate) fn not_run(check: &'static str, reason: String) -> Self {
        Self { check, verdict: Verdict::NotRun(reason), tests: Tally::default(), took: Duration::ZERO }
    }

    pub(crate) fn skipped(check: &'static str, reason: String) -> Self {
        Self { verdict: Verdict::Skipped(reason), ..Self::not_run(check, String::new()) }
    }

    fn is_skipped(&self) -> bool {
        matches!(self.verdict, Verdict::Skipped(_))
    }

    pub(crate) fn has_passed(&self) -> bool {
        match self.verdict {
            Verdict::Passed => true,
            Verdict::Failed(_) | Verdict::NotRun(_) | Verdict::Skipped(_) => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, reason) = match &self.verdict {
            Verdict::Passed => ("passed", ""),
            Verdict::Failed(reason) => ("FAILED", reason.as_str()),
            Verdict::NotRun(reason) => ("NOT RUN", reason.as_str()),
            Verdict::Skipped(reason) => ("SKIPPED", reason.as_str()),
        };
        let tests = if self.tests == Tally::default() { String::new() } else { self.tests.to_string() };
        let reason = reason.lines().next().unwrap_or_default();
        let line = format!("{:<14} {verdict:<8} {:>5} s  {tests:<24} {reason}", self.check, self.took.as_secs());
        f.write_str(line.trim_end())
    }
}

/// Prints all findings and, as the last line, how many checks passed and failed. One that was not run counts as failed, one that was
/// skipped as neither. Gives whether none failed.
pub(crate) fn summarize(findings: &[Finding]) -> bool {
    let mut tests = Tally::default();
    println!("\nSummary");
    for finding in findings {
        println!("  {finding}");
        tests += finding.tests;
    }
    println!("  tests in all: {tests}\n");
    let passed = findings.iter().filter(|finding| finding.has_passed()).count();
    let skipped = findings.iter().filter(|finding| finding.is_skipped()).count();
    let failed = findings.len() - passed - skipped;
    match skipped {
        0 => println!("{passed} passed, {failed} failed"),
        _ => println!("{passed} passed, {failed} failed, {skipped} skipped"),
    }
    failed == 0
}
