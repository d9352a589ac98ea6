//! What the signer's load is measured with: wrk, and Uppy Companion as its peer.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::process::{command, find_program, run};
use crate::{apt, workspace};

const COMPANION: &str = "6.2.2";

pub(crate) fn find_wrk() -> Option<String> {
    find_program("wrk").and(find_program("taskset")).map(|_| "found".to_owned())
}

pub(crate) fn install_wrk() -> Result<()> {
    apt::install(
        &["wrk", "util-linux"],
        "put wrk and taskset on PATH. On Debian: `apt-get install wrk util-linux` as root",
    )
}

/// Companion's program.
pub(crate) fn companion() -> PathBuf {
    folder().join("node_modules/.bin/companion")
}

pub(crate) fn find_companion() -> Option<String> {
    let package = fs::read_to_string(folder().join("node_modules/@uppy/companion/package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_str(&package).ok()?;
    package.get("version")?.as_str().filter(|version| *version == COMPANION).map(str::to_owned)
}

pub(crate) fn install_companion() -> Result<()> {
    let mut install = command("npm install --no-save --no-audit --no-fund --loglevel=error --ignore-scripts --prefix");
    run(install.arg(folder()).arg(format!("@uppy/companion@{COMPANION}")))
}

/// Apart from the other tools: npm removes what it is not asked for.
fn folder() -> PathBuf {
    workspace::tools().join("companion")
}
