//! `cargo xtask test`: runs the checks, goes on after a failure, and says at the end what became of each.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::checks::{CHECKS, Check};
use crate::setup::{self, Need};
use crate::summary::{Finding, Verdict, summarize};
use crate::tally::Tally;

/// Runs all checks, or those named. Gives whether each of them passed that this machine can run.
pub(crate) fn run(names: &[String]) -> Result<bool> {
    if names == ["--list"] {
        CHECKS.iter().for_each(|check| println!("{:<14} {}", check.name, check.about));
        return Ok(true);
    }
    let chosen = choose(names)?;
    let absent = |check: &Check| (check.absent)();
    let possible: Vec<_> = chosen.iter().copied().filter(|check| absent(check).is_none()).collect();
    let unmet = setup::attempt(&needs(&possible))?;
    let mut findings: Vec<Finding> = Vec::new();
    for check in chosen {
        println!("\n== {}: {}", check.name, check.about);
        let finding = match (absent(check), obstacle(check, &unmet, &findings)) {
            (Some(reason), _) => Finding::skipped(check.name, reason),
            (None, Some(reason)) => Finding::not_run(check.name, reason),
            (None, None) => perform(check),
        };
        println!("== {finding}");
        findings.push(finding);
    }
    Ok(summarize(&findings))
}

fn choose(names: &[String]) -> Result<Vec<&'static Check>> {
    for name in names {
        ensure!(CHECKS.iter().any(|check| check.name == name), "there is no check `{name}`: `cargo xtask test --list`");
    }
    Ok(CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name)).collect())
}

/// What the checks need, each once, in the order of first need.
fn needs(checks: &[&Check]) -> Vec<Need> {
    let mut needs = Vec::new();
    for need in checks.iter().flat_map(|check| check.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    needs
}

/// Why a check cannot be run: something that it needs, or that comes before it, failed.
fn obstacle(check: &Check, unmet: &[(Need, anyhow::Error)], findings: &[Finding]) -> Option<String> {
    if let Some((_, error)) = unmet.iter().find(|(need, _)| check.needs.contains(need)) {
        return Some(format!("{error:#}"));
    }
    let failed = |finding: &&Finding| check.after.contains(&finding.check) && !finding.has_passed();
    findings.iter().find(failed).map(|finding| format!("`{}` did not pass", finding.check))
}

fn perform(check: &Check) -> Finding {
    let started = Instant::now();
    let mut tests = Tally::default();
    let verdict = match (check.run)(&mut tests) {
        Ok(()) => Verdict::Passed,
        Err(error) => Verdict::Failed(format!("{error:#}")),
    };
    Finding { check: check.name, verdict, tests, took: Duration::from_secs(started.elapsed().as_secs()) }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::{choose, needs, obstacle};
    use crate::setup::Need;
    use crate::summary::Finding;

    #[test]
    fn an_unknown_name_is_an_error_and_not_an_empty_success() {
        let error = choose(&["clipy".to_owned()]).err().expect("there is no such check");
        assert!(error.to_string().contains("clipy"), "{error}");
    }

    #[test]
    fn a_need_of_two_checks_is_met_once() {
        let all = needs(&choose(&[]).expect("no names are all checks"));
        assert_eq!(all.iter().filter(|need| **need == Need::Browser).count(), 1);
    }

    #[test]
    fn a_check_without_its_browser_is_not_run() {
        let chosen = choose(&["browser".to_owned()]).expect("the check exists");
        let unmet = [(Need::Browser, anyhow!("no Chromium"))];
        assert_eq!(obstacle(chosen[0], &unmet, &[]).as_deref(), Some("no Chromium"));
    }

    #[test]
    fn a_check_after_one_that_failed_is_not_run() {
        let chosen = choose(&["e2e".to_owned()]).expect("the check exists");
        let findings = [Finding::not_run("pack", "planted".to_owned())];
        assert_eq!(obstacle(chosen[0], &[], &findings).as_deref(), Some("`pack` did not pass"));
    }
}
