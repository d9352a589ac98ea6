//! Three hundred files of mixed sizes through a storm: a fault in every fifth request to the storage and to the signer.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nearput_tests::chaos::ChaosWorld;
use nearput_tests::{Tab, files};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// The same seed disturbs the same requests in the same way, in the order in which they come.
const SEED: u64 = 20_261_125;

/// Of 300 files, most are small, some are around the limit of one request, and a few have several parts.
fn size(index: u64) -> u64 {
    match index % 30 {
        0 => index / 30,
        1..=20 => (index * 7919) % (200 * KIB),
        21..=26 => (index * 104_729) % (3 * MIB),
        27 => 8 * MIB - 1 + index % 3,
        28 => 8 * MIB + (index * 611_953) % (8 * MIB),
        _ => 16 * MIB + (index * 611_953) % (24 * MIB),
    }
}

#[tokio::test]
async fn three_hundred_files_survive_a_fault_in_every_fifth_request() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let make = |index: u64| files::noise(folder.path(), &format!("{index}.bin"), size(index), index);
    let paths = (0..300).map(make).collect::<Result<Vec<_>>>()?;
    let world = ChaosWorld::start_with_two_paths().await?;
    let tab = Tab::open(&world, "stallAfter: 2000").await?;
    tab.choose(&paths).await?;

    let start = Instant::now();
    world.storage_line.disturb(SEED, 5);
    world.further_line.disturb(SEED + 1, 5);
    world.signer_line.disturb(SEED + 2, 5);
    tab.browser.run("for (const file of files) watch(file.name, nearput.upload(file));").await?;
    let uploads = tab.ended().await?;
    let took = start.elapsed();
    println!("seed {SEED}: 300 files in {took:.1?}");
    println!("the lines to the storage: {}; {}", world.further_line.journal(), world.storage_line.journal());
    println!("the line to the signer: {}", world.signer_line.journal());
    world.calm();

    for (upload, path) in uploads.iter().zip(&paths) {
        assert_eq!((upload.state.as_str(), upload.error.as_str()), ("done", ""), "{}", upload.name);
        assert!(upload.is_monotone, "the progress of {} ran backwards", upload.name);
        world.has(&upload.key, path).with_context(|| upload.name.clone())?;
    }
    assert_eq!(uploads.len(), paths.len());
    world.until_nothing_is_open().await?;
    assert!(took < Duration::from_mins(4), "it took {took:?}");
    tab.browser.close().await
}
