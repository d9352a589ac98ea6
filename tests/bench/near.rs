//! One large file without any distance: what counts is what is done for each byte.

use anyhow::Result;
use nearput_tests::files;

use crate::MIB;
use crate::contest::contest;
use crate::finding::Finding;
use crate::scene::Scene;

pub(crate) async fn run() -> Result<Vec<Finding>> {
    let folder = tempfile::tempdir()?;
    let scene = Scene::start(None).await?;
    scene.choose(&files::make(folder.path(), "near.bin", 1024 * MIB)?).await?;
    scene.warm_up().await?;
    let contestants = [scene.bare_file(1, 8 * MIB), scene.nearput_file_without_checksums(), scene.nearput_file()];
    let [bare, without, with] = contest(&scene, contestants).await?;
    scene.browser.close().await?;
    Ok(vec![
        Finding::ratio("1 GiB at 0 ms, without checksums", &without, &bare, Some(1.1)),
        Finding::ratio("1 GiB at 0 ms, with checksums", &with, &bare, Some(1.35)),
    ])
}
