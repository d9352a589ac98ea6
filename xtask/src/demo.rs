//! The demo: embedded S3, the signer and the page, on this machine.

use std::process::Command;

use anyhow::Result;

use crate::process::{command, run as run_command};
use crate::{client, setup};

pub(crate) fn run(options: &[String]) -> Result<()> {
    setup::require(setup::CLIENT)?;
    client::build()?;
    println!("Building the servers");
    run_command(&mut command("cargo build --package nearput-dev"))?;
    become_process(command("cargo run --quiet --package nearput-dev --").args(options))
}

/// Ctrl-C, or a signal to this process, then reaches the servers themselves.
#[cfg(unix)]
fn become_process(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::from(command.exec()).context("cargo could not be started"))
}

#[cfg(not(unix))]
fn become_process(command: &mut Command) -> Result<()> {
    run_command(command)
}
