//! `cargo xtask bench`: measures what is promised about speed and memory. The benchmarks themselves are in `tests/bench`.

use anyhow::Result;

use crate::process::{command, run as run_command};
use crate::{browser, client, load, setup, workspace};

/// Runs all benchmarks, or those named. A goal that is missed is an error.
pub(crate) fn run(names: &[String]) -> Result<()> {
    if names != ["signer"] {
        setup::require(setup::PAGE)?;
        client::build()?;
    }
    if names.is_empty() || names.iter().any(|name| name == "signer") {
        setup::require(setup::LOAD)?;
    }
    println!("Building the signer and the benchmarks");
    run_command(&mut command("cargo build --quiet --release --package nearput-signer --bin signer"))?;
    let mut bench = command("cargo bench --quiet --package nearput-tests --bench bench --");
    bench.env("NEARPUT_SIGNER", workspace::root().join("target/release/signer"));
    bench.env("NEARPUT_COMPANION", load::companion());
    if let Ok(driver) = browser::driver() {
        bench.env("CHROMEDRIVER", driver);
    }
    run_command(bench.args(names))
}
