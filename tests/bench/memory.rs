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
        let folder = tempfile::tempdir()?;
        let scene = Scene::start(None).await?;
        scene.choose(&files::make(folder.path(), "memory.bin", size)?).await?;
        let watched = watch(&scene).await?;
        scene.browser.close().await?;
        println!("  {name}: {:.1} s", watched.seconds);
        findings.extend([
            Finding::amount(format!("{name}: longest task of the page's thread"), watched.longest_task, "ms", Some(50)),
            Finding::amount(format!("{name}: JavaScript heap of the page"), watched.heap / MIB, "MiB", Some(32)),
            Finding::amount(format!("{name}: memory of the module"), watched.module / MIB, "MiB", Some(32)),
            Finding::amount(
                format!("{name}: growth of the whole browser"),
                watched.growth / 1_000_000,
                "MB",
                Some(300),
            ),
        ]);
    }
    Ok(findings)
}
