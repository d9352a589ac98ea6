//! How much one signer carries on one core, beside Uppy Companion on the same core: `cargo xtask bench signer`.
//!
//! Both are processes of their own, bound to the first core; what asks them is bound to the second. The signer's callers show a
//! provider's tokens, and every reply is signed anew.

mod companion;
mod measure;
mod paced;
mod program;
mod wrk;

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::finding::Finding;
use companion::Companion;
use measure::{Case, median};
use program::Program;

/// As many parts as a window of a fast upload has.
const BATCH: u32 = 64;
/// Each of them, and Companion in between, since other work on the machine comes and goes.
const ROUNDS: usize = 5;
const SOAK: Duration = Duration::from_secs(60);
/// What one connection pool and the allocator may still take after the first seconds.
const MOST_GROWTH_KIB: u64 = 4 << 10;

pub(crate) async fn run() -> Result<Vec<Finding>> {
    let signer = Program::start().await?;
    let companion = Companion::start().await?;
    let batch = Case::parts("batches of 64 parts", &signer, BATCH).await?;
    let single = Case::parts("one part a call", &signer, 1).await?;
    let peer_batch = companion.case("Companion, batches of 64 parts", BATCH);
    let peer_single = companion.case("Companion, one part a call", 1);

    let mut rates = [const { Vec::new() }; 4];
    for round in 1..=ROUNDS {
        for (case, rates) in [&batch, &peer_batch, &single, &peer_single].into_iter().zip(&mut rates) {
            rates.push(wrk::rate(case)?);
        }
        let last: Vec<_> = rates.iter().map(|rates| format!("{:.0}", rates[round - 1])).collect();
        println!("  round {round}: {} calls/s", last.join(", "));
    }
    let [batch_rate, peer_batch_rate, single_rate, peer_single_rate] = rates.map(|rates| median(&rates));

    let half = (single_rate / 2.0).round();
    let latency = paced::latency(&single, half, Duration::from_secs(10)).await?;
    let before = signer.resident_kib()?;
    let soaked = paced::latency(&single, half, SOAK).await?;
    let after = signer.resident_kib()?;
    ensure!(soaked.count > 0, "nothing was asked in the soak");
    let urls = |calls: f64| calls * f64::from(BATCH);
    let (own, peer) = (urls(batch_rate), urls(peer_batch_rate));
    Ok(vec![
        Finding::at_least("URLs signed on one core, in batches of 64", own, "URLs/s", Some(50_000.0)),
        Finding::at_least("the same by Companion", peer, "URLs/s", None),
        Finding::at_least("so many times Companion's", own / peer, "x", Some(20.0)),
        Finding::at_least("calls for one part each, on one core", single_rate, "calls/s", Some(10_000.0)),
        Finding::at_least("the same by Companion", peer_single_rate, "calls/s", None),
        Finding::amount(format!("99 of 100 replies at {half} calls/s"), latency.p99_us, "us", Some(5_000)),
        Finding::amount("memory of the process".to_owned(), after >> 10, "MiB", Some(50)),
        Finding::amount(
            format!("its growth in {} s at that rate", SOAK.as_secs()),
            after.saturating_sub(before),
            "KiB",
            Some(MOST_GROWTH_KIB),
        ),
        Finding::amount("ready after its start".to_owned(), signer.ready_ms(), "ms", Some(200)),
    ])
}
