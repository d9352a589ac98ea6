//! One large file over a long line.

use anyhow::Result;
use nearput_tests::files;

use crate::contest::contest;
use crate::finding::Finding;
use crate::scene::Scene;
use crate::{FAR, MIB};

const SIZE: u64 = 256 * MIB;

pub(crate) async fn run() -> Result<Vec<Finding>> {
    let folder = tempfile::tempdir()?;
    let scene = Scene::start(Some(FAR)).await?;
    scene.choose(&files::make(folder.path(), "large.bin", SIZE)?).await?;
    scene.warm_up().await?;
    // 8 MiB are the usual cut; one part for each connection is the best one.
    let (usual, best) = (scene.bare_file(4, 8 * MIB), scene.bare_file(4, SIZE.div_ceil(24)));
    let [usual, best, nearput] = contest(&scene, [usual, best, scene.nearput_file()]).await?;
    scene.browser.close().await?;
    Ok(vec![
        Finding::ratio("256 MiB at 180 ms, bare in parts of 8 MiB", &nearput, &usual, Some(1.15)),
        Finding::ratio("256 MiB at 180 ms, bare in 24 parts", &nearput, &best, None),
    ])
}
