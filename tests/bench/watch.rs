//! An upload, watched from inside the page and from outside the browser.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use crate::scene::Scene;

const INTERVAL: Duration = Duration::from_millis(200);

/// The most that was seen during an upload. Sizes are in bytes.
pub(crate) struct Watched {
    pub(crate) seconds: f64,
    /// In milliseconds; 0 where none was over 50, since browsers report no others.
    pub(crate) longest_task: u64,
    /// The JavaScript heap of the page's thread.
    pub(crate) heap: u64,
    /// The WebAssembly memory of the worker.
    pub(crate) module: u64,
    /// By how much the browser grew, all its processes together.
    pub(crate) growth: u64,
}

/// Has Nearput upload the chosen file.
pub(crate) async fn watch(scene: &Scene) -> Result<Watched> {
    scene.browser.run("bench.watch();").await?;
    scene.warm_up().await?;
    sleep(Duration::from_secs(1)).await;
    let before = scene.browser.memory();
    let mut most = before;
    let sample = async {
        loop {
            most = most.max(scene.browser.memory());
            sleep(INTERVAL).await;
        }
    };
    let upload = scene.nearput_file();
    let seconds = tokio::select! {
        seconds = scene.measure(&upload.call) => seconds?,
        never = sample => never,
    };
    let seen = scene.browser.run("return bench.watched();").await?;
    let number = |name: &str| seen[name].as_f64().with_context(|| format!("the page has not seen its {name}"));
    Ok(Watched {
        seconds,
        longest_task: number("longestTask")?.ceil() as u64,
        heap: number("heap")? as u64,
        module: number("module")? as u64,
        growth: most - before,
    })
}
