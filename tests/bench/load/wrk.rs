//! As many calls as there can be, by wrk: <https://github.com/wg/wrk>.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::measure::Case;

const CONNECTIONS: &str = "16";
const DURATION: &str = "4s";

/// Calls a second. All of them must succeed.
pub(super) fn rate(case: &Case) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("case.lua");
    std::fs::write(&script, lua(case)?)?;
    let output = Command::new("taskset")
        .args([
            "--cpu-list",
            "1",
            "wrk",
            "--threads",
            "1",
            "--connections",
            CONNECTIONS,
            "--duration",
            DURATION,
            "--timeout",
            "30s",
        ])
        .arg("--script")
        .arg(&script)
        .arg(&case.url)
        .output()
        .context("wrk does not start")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wrk failed: {said}");
    ensure!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "{}: not all succeeded: {said}", case.name);
    let rate = said.lines().find_map(|line| line.strip_prefix("Requests/sec:")).context("wrk tells no rate")?;
    Ok(rate.trim().parse()?)
}

/// JSON's strings are Lua's as well, as far as these have any.
fn lua(case: &Case) -> Result<String> {
    let mut script = format!("wrk.method = {:?}\nwrk.body = {}\n", case.method, serde_json::to_string(&case.body)?);
    for (name, value) in &case.headers {
        writeln!(script, "wrk.headers[{name:?}] = {}", serde_json::to_string(value)?)?;
    }
    Ok(script)
}
