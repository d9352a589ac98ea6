//! What Nearput promises about speed and memory, measured in a real browser: `cargo xtask bench`.
//!
//! Each benchmark but that of the signer plays in a [`scene`]: a browser, and S3 by its real names, at some distance from each other. Speed is measured in a
//! [`contest`] with the bare limit, which is what the same browser does if nothing but the bytes must be sent.

mod contest;
mod finding;
mod large;
mod load;
mod memory;
mod near;
mod page;
mod scene;
mod signer;
mod small;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use nearput_dev::Line;

use crate::finding::Finding;

const MIB: u64 = 1 << 20;

/// As from Europe to the west of America, at what an untuned connection carries.
const FAR: Line = Line { round_trip: Duration::from_millis(180), window: 1 << 20 };

const BENCHMARKS: [(&str, &str); 5] = [
    ("large", "256 MiB over 180 ms"),
    ("small", "200 files of 100 KB over 180 ms"),
    ("near", "1 GiB without any distance, with checksums and without"),
    ("memory", "what 1 GiB and 10 GiB cost the page and the browser"),
    ("signer", "what one signer carries on one core, beside Uppy Companion"),
];

#[tokio::main]
async fn main() -> Result<ExitCode> {
    // Cargo adds `--bench`.
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if names == ["--list"] {
        BENCHMARKS.iter().for_each(|(name, about)| println!("{name:<10} {about}"));
        return Ok(ExitCode::SUCCESS);
    }
    for name in &names {
        let is_known = BENCHMARKS.iter().any(|(known, _)| known == name);
        ensure!(is_known, "there is no benchmark `{name}`: `cargo xtask bench --list`");
    }
    let mut findings = Vec::new();
    for (name, about) in BENCHMARKS {
        if names.is_empty() || names.iter().any(|chosen| chosen == name) {
            println!("\n== {name}: {about}");
            findings.extend(run(name).await?);
        }
    }
    Ok(if finding::show(&findings) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(name: &str) -> Result<Vec<Finding>> {
    match name {
        "large" => large::run().await,
        "small" => small::run().await,
        "near" => near::run().await,
        "memory" => memory::run().await,
        _ => load::run().await,
    }
}
