//! `cargo xtask bench`: measures what is promised about speed and memory. The benchmarks themselves are in `tests/bench`.

use anyhow::Result;

use crate::process::{command, run as run_command};
use crate::{browser, client, setup};

/// Runs all benchmarks, or those named. A goal that is missed is an error.
pub(crate) fn run(names: &[String]) -> Result<()> {
    setup::require(setup::PAGE)?;
    client::build()?;
    println!("Building the benchmarks");
    let mut bench = command("cargo bench --quiet --package nearput-tests --bench bench --");
    run_command(bench.args(names).env("CHROMEDRIVER", browser::driver()?))
}
