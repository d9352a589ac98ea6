//! A large file must neither hold the page up nor fill the machine, however large it is.

use anyhow::Result;
use nearput_tests::files;

use crate::MIB;
use crate::finding::Finding;
use crate::scene::Scene;
use crate::watch::watch;

pub(crate) async fn run() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (name, size) in [("1 GiB", 1024 * MIB), ("10 GiB", 10 * 1024 * MIB)] {
        findings.extend(upload(name, size).await?);
    }
    Ok(findings)
}

/// Uploads a file of zeros, which takes no room on disk, bare and by Nearput; each in a browser of its own, since what one has
/// grown it hardly gives back.
async fn upload(name: &str, size: u64) -> Result<Vec<Finding>> {
    let folder = tempfile::tempdir()?;
    let file = files::make(folder.path(), "memory.bin", size)?;
    println!("  {name}");

    let scene = Scene::start(None).await?;
    scene.choose(&file).await?;
    let bare = watch(&scene, &scene.bare_file(1, 8 * MIB)).await?;
    scene.browser.close().await?;

    let scene = Scene::start(None).await?;
    scene.choose(&file).await?;
    let nearput = watch(&scene, &scene.nearput_file()).await?;
    scene.browser.close().await?;

    Ok(vec![
        Finding::amount(format!("{name}: longest task of the page's thread"), nearput.longest_task, "ms", Some(50)),
        Finding::amount(format!("{name}: the same by bare PUTs"), bare.longest_task, "ms", None),
        Finding::amount(format!("{name}: JavaScript heap of the page"), nearput.heap / MIB, "MiB", Some(32)),
        Finding::amount(format!("{name}: memory of the module"), nearput.module / MIB, "MiB", Some(32)),
        Finding::amount(format!("{name}: growth of the whole browser"), nearput.growth / 1_000_000, "MB", Some(300)),
        Finding::amount(format!("{name}: the same by bare PUTs"), bare.growth / 1_000_000, "MB", None),
    ])
}
