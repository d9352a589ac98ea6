//! An upload, watched from inside the page and from outside the browser.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use crate::MIB;
use crate::contest::Contestant;
use crate::scene::Scene;

const INTERVAL: Duration = Duration::from_millis(200);

/// The most that was seen during an upload. Sizes are in bytes.
pub(crate) struct Watched {
    /// In milliseconds; 0 where none was over 50, since browsers report no others.
    pub(crate) longest_task: u64,
    /// The JavaScript heap of the page's thread.
    pub(crate) heap: u64,
    /// The WebAssembly memory of the worker.
    pub(crate) module: u64,
    /// By how much the browser grew, all its processes together.
    pub(crate) growth: u64,
}

/// Lets a contestant upload the chosen file once.
pub(crate) async fn watch(scene: &Scene, contestant: &Contestant) -> Result<Watched> {
    scene.browser.run("bench.watch();").await?;
    scene.warm_up().await?;
    sleep(Duration::from_secs(1)).await;
    let before = scene.browser.memory();
    let mut samples = vec![before];
    let sample = async {
        loop {
            sleep(INTERVAL).await;
            samples.push(scene.browser.memory());
        }
    };
    let seconds = tokio::select! {
        seconds = scene.measure(&contestant.call) => seconds?,
        never = sample => never,
    };
    let growth: Vec<u64> = samples.iter().map(|size| size.saturating_sub(before)).collect();
    let tenths = growth.chunks(growth.len().div_ceil(10)).filter_map(|tenth| tenth.iter().max());
    let tenths: Vec<String> = tenths.map(|most| (most / MIB).to_string()).collect();
    println!(
        "  {:<36} {seconds:.1} s; the browser grew, by tenths of that time, by {} MiB",
        contestant.name,
        tenths.join(", ")
    );

    let seen = scene.browser.run("return bench.watched();").await?;
    let number = |name: &str| seen[name].as_f64().with_context(|| format!("the page has not seen its {name}"));
    Ok(Watched {
        longest_task: number("longestTask")?.ceil() as u64,
        heap: number("heap")? as u64,
        module: number("module")? as u64,
        growth: growth.into_iter().max().unwrap_or_default(),
    })
}
