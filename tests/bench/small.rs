//! Many small files over a long line.

use anyhow::Result;

use crate::FAR;
use crate::contest::contest;
use crate::finding::Finding;
use crate::scene::Scene;

const COUNT: usize = 200;
/// In bytes.
const SIZE: usize = 100_000;

pub(crate) async fn run() -> Result<Vec<Finding>> {
    let scene = Scene::start(Some(FAR)).await?;
    scene.warm_up().await?;
    let contestants = [scene.bare_forms(4, COUNT, SIZE), scene.nearput_files(COUNT, SIZE)];
    let [bare, nearput] = contest(&scene, contestants).await?;
    scene.browser.close().await?;
    Ok(vec![Finding::ratio("200 files of 100 KB at 180 ms", &nearput, &bare, Some(1.3))])
}
