//! How many tests ran, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Result, ensure};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) not_run: u32,
}

impl Tally {
    /// Takes a line into account if it is a summary of cargo's test runner, of wasm-bindgen's or of Node's.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(summary) = line.trim_start().strip_prefix("test result: ") {
            for part in summary.split(['.', ';']) {
                match part.trim().split_once(' ') {
                    Some((count, "passed")) => self.passed += count.parse().unwrap_or(0),
                    Some((count, "failed")) => self.failed += count.parse().unwrap_or(0),
                    Some((count, "ignored")) => self.not_run += count.parse().unwrap_or(0),
                    Some(_) | None => {}
                }
            }
        } else if let Some(summary) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            match summary.split_once(' ') {
                Some(("pass", count)) => self.passed += count.parse().unwrap_or(0),
                Some(("fail" | "cancelled", count)) => self.failed += count.parse().unwrap_or(0),
                Some(("skipped" | "todo", count)) => self.not_run += count.parse().unwrap_or(0),
                Some(_) | None => {}
            }
        }
    }

    /// A test that did not run proves nothing: ignored ones, or none at all, are an error as failed ones are.
    pub(crate) fn require_all(&self) -> Result<()> {
        ensure!(self.failed == 0, "{} tests failed", self.failed);
        ensure!(self.not_run == 0, "{} tests were ignored or skipped", self.not_run);
        ensure!(self.passed > 0, "no test ran");
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.not_run > 0 {
            write!(f, ", {} not run", self.not_run)?;
        }
        Ok(())
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_run += other.not_run;
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(printed: &str) -> Tally {
        let mut tally = Tally::default();
        printed.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn cargos_summaries_are_added_up() {
        let printed = "\
running 5 tests
test a ... ok
test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.00s";
        assert_eq!(tally(printed), Tally { passed: 5, failed: 1, not_run: 1 });
    }

    #[test]
    fn nodes_summary_is_read_in_both_of_its_forms() {
        let spec = "✔ a test\nℹ tests 4\nℹ suites 0\nℹ pass 2\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0";
        let tap = "# tests 4\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0";
        assert_eq!(tally(spec), Tally { passed: 2, failed: 1, not_run: 1 });
        assert_eq!(tally(tap), tally(spec));
    }

    #[test]
    fn ignored_tests_and_no_tests_are_errors() {
        Tally { passed: 3, failed: 0, not_run: 0 }.require_all().expect("all ran and passed");
        Tally { passed: 3, failed: 0, not_run: 1 }.require_all().expect_err("one was ignored");
        Tally::default().require_all().expect_err("none ran");
    }
}
