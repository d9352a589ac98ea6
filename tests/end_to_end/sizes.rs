//! Files of every size arrive byte for byte, and a large one leaves the page at ease.

use anyhow::{Context, Result};
use nearput_dev::{BUCKET, WorldOptions};
use nearput_tests::{files, same_bytes, start, start_with};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn files_of_any_size_are_stored_byte_for_byte() -> Result<()> {
    let (world, page) = start().await?;
    let folder = tempfile::tempdir()?;
    let sizes = [0, 1, 5 * MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 200 * MIB];
    let make = |size: &u64| files::make(folder.path(), &format!("{size}.bin"), *size);
    let paths = sizes.iter().map(make).collect::<Result<Vec<_>>>()?;
    page.choose(&paths).await?;

    let rows = page.ended(sizes.len()).await?;
    for (row, path) in rows.iter().zip(&paths) {
        assert_eq!((row.state.as_str(), row.error.as_str()), ("done", ""), "{}", row.name);
        same_bytes(&world, row, path)?;
    }
    assert_eq!(world.open_uploads()?, 0);
    page.browser.close().await
}

#[tokio::test]
async fn the_link_of_a_finished_upload_reads_it_back() -> Result<()> {
    let (_world, page) = start().await?;
    let folder = tempfile::tempdir()?;
    page.choose(&[files::make(folder.path(), "back.bin", 9 * MIB)?]).await?;
    let rows = page.ended(1).await?;
    let size = page
        .browser
        .run(&format!("return (await (await fetch({:?})).arrayBuffer()).byteLength;", rows[0].link))
        .await?;
    assert_eq!(size.as_u64(), Some(9 * MIB));
    page.browser.close().await
}

#[tokio::test]
async fn without_a_worker_the_page_does_the_work() -> Result<()> {
    let (world, page) = start().await?;
    let key = page
        .browser
        .run(
            "const { connect } = await import('/nearput.js');
             const { signer, token } = await (await fetch('/demo.json')).json();
             const bytes = Uint8Array.from({ length: 20 << 20 }, (_, index) => index % 251);
             const nearput = connect(signer, { token, worker: false });
             return (await nearput.upload(new File([bytes], 'page.bin')).result).key;",
        )
        .await?;
    let object = world.object(BUCKET, key.as_str().context("no key")?).context("no object")?;
    let expected: Vec<u8> = (0..20 << 20).map(|index| (index % 251) as u8).collect();
    assert!(std::fs::read(object)? == expected);
    page.browser.close().await
}

#[tokio::test]
async fn in_credentials_mode_the_page_signs_the_parts_itself() -> Result<()> {
    let (world, page) = start_with(WorldOptions { credentials: true, ..WorldOptions::default() }).await?;
    let outcome = page
        .browser
        .run(
            "const { connect } = await import('/nearput.js');
             const { signer, token } = await (await fetch('/demo.json')).json();
             const bytes = Uint8Array.from({ length: 60 << 20 }, (_, index) => index % 251);
             for (const worker of [false, true]) {
               const nearput = connect(signer, { token, signing: 'browser', worker });
               var { key } = await nearput.upload(new File([bytes], 'own.bin')).result;
             }
             return { key, asked: performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname) };",
        )
        .await?;
    let asked = |path: &str| outcome["asked"].as_array().is_some_and(|all| all.iter().any(|name| name == path));
    assert!(asked("/v1/credentials") && asked("/pkg/nearput_sigv4_bg.wasm") && !asked("/v1/uploads/sign"), "{outcome}");
    let object = world.object(BUCKET, outcome["key"].as_str().context("no key")?).context("no object")?;
    let expected: Vec<u8> = (0..60 << 20).map(|index| (index % 251) as u8).collect();
    assert!(std::fs::read(object)? == expected);
    page.browser.close().await
}

/// How long the page's tasks take is measured where the machine is quiet: `cargo xtask bench memory`.
#[tokio::test]
async fn a_gigabyte_leaves_next_to_nothing_in_the_pages_heap() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::make(folder.path(), "gigabyte.bin", 1024 * MIB)?;
    let (world, page) = start().await?;
    page.browser
        .run(
            "window.heap = 0;
             setInterval(() => window.heap = Math.max(window.heap, performance.memory.usedJSHeapSize), 50);",
        )
        .await?;
    page.choose(&[&path]).await?;
    page.stored(&world, &path).await?;
    let heap = page.browser.run("return heap;").await?.as_u64().context("no heap size")? / MIB;
    assert!((1..32).contains(&heap), "{heap} MiB");
    page.browser.close().await
}
