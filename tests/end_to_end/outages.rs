//! What is away for a while is waited for, and what was sent is not sent again.

use std::time::Duration;

use anyhow::Result;
use nearput_api::path;
use nearput_tests::chaos::{Answer, Call, ChaosWorld, Fault};
use nearput_tests::{Tab, Upload, files};
use tokio::time::sleep;

const MIB: u64 = 1 << 20;

fn waits_for(upload: &Upload, code: &str) -> bool {
    upload.state == "waiting" && upload.reason == code
}

#[tokio::test]
async fn half_a_minute_without_a_network_in_the_middle_of_parts_is_waited_out() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "tunnel.bin", 40 * MIB, 1)?;
    let mut world = ChaosWorld::start().await?;
    let tab = Tab::open_beside_others(&world, "").await?;
    // The first two parts are stored before the network is gone, the others are under way.
    for number in 3..=5 {
        world.storage_line.plant(Call::Part(number), Fault::Stall);
    }
    tab.upload(&[&path]).await?;
    tab.until("two parts are stored, and the others are under way", |_| {
        let journal = world.storage_line.journal();
        let stored = |number| journal.of_call(Call::Part(number)).any(|part| part.status == Some(200));
        stored(1) && stored(2) && (3..=5).all(|number| journal.count(Call::Part(number)) == 1)
    })
    .await?;

    tokio::join!(world.storage_line.stop(), world.signer_line.stop());
    sleep(Duration::from_secs(30)).await;
    let uploads = tab.uploads().await?;
    assert!(waits_for(&uploads[0], "storage_unreachable"), "{uploads:?}");
    world.storage_line.restart().await?;
    world.signer_line.restart().await?;

    tab.stored(&world, &path).await?;
    let journal = world.storage_line.journal();
    assert_eq!([journal.count(Call::Part(1)), journal.count(Call::Part(2))], [1, 1]);
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn a_line_that_is_dead_without_anybody_noticing_is_left_after_a_while() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "dead.bin", 20 * MIB, 2)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "stallAfter: 1000").await?;
    for number in 1..=3 {
        world.storage_line.plant(Call::Part(number), Fault::Throttle(Duration::from_secs(4)));
    }
    tab.upload(&[&path]).await?;
    tab.until("bytes move", |uploads| uploads[0].loaded > 0).await?;
    world.storage_line.freeze();
    tab.until("it is noticed", |uploads| waits_for(&uploads[0], "storage_unreachable")).await?;
    world.storage_line.thaw();
    tab.stored(&world, &path).await?;
    tab.browser.close().await
}

#[tokio::test]
async fn a_path_that_goes_away_is_left_and_the_upload_goes_on_by_another() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "left.bin", 64 * MIB, 6)?;
    let mut world = ChaosWorld::start_with_two_paths().await?;
    let tab = Tab::open(&world, "").await?;
    world.further_line.plant(Call::Part(2), Fault::Stall);
    tab.upload(&[&path]).await?;
    tab.until("a part is under way", |_| world.further_line.journal().count(Call::Part(2)) == 1).await?;
    world.further_line.stop().await;
    tab.stored(&world, &path).await?;
    assert_eq!(world.storage_line.journal().count(Call::Part(2)), 1);
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn a_signer_that_falls_silent_is_called_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = files::noise(folder.path(), "silent.bin", 20 * MIB, 7)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "stallAfter: 500").await?;
    for call in [path::SITES, path::OPEN, path::SIGN] {
        world.signer_line.plant(Call::Signer(call), Fault::SwallowReplyForEver);
    }
    world.storage_line.plant(Call::Part(2), Fault::Answer(Answer::Expired));
    tab.upload(&[&file]).await?;
    tab.stored(&world, &file).await?;
    for call in [path::SITES, path::OPEN, path::SIGN] {
        assert!(world.signer_line.journal().count(Call::Signer(call)) > 1, "{call}");
    }
    tab.browser.close().await
}

/// One upload waits to be opened, one for signatures, and one to be completed.
#[tokio::test]
async fn a_signer_that_is_away_for_a_minute_is_waited_for_at_every_stage() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let make = |name: &str, seed| files::noise(folder.path(), name, 20 * MIB, seed);
    let paths = [make("complete.bin", 3)?, make("sign.bin", 4)?, make("open.bin", 5)?];
    let mut world = ChaosWorld::start().await?;
    let tab = Tab::open_beside_others(&world, "").await?;
    tab.choose(&paths).await?;
    // A reply that takes its time keeps the last part from being done before the signer is gone.
    world.storage_line.plant(Call::Part(3), Fault::Delay(Duration::from_secs(2)));
    tab.browser.run("watch('complete.bin', nearput.upload(files[0]));").await?;
    tab.until("its bytes are sent", |_| world.storage_line.journal().count(Call::Part(3)) == 1).await?;
    world.storage_line.plant(Call::Part(2), Fault::Delay(Duration::from_secs(2)));
    world.storage_line.plant(Call::Part(2), Fault::Answer(Answer::Expired));
    world.storage_line.plant(Call::Part(3), Fault::Delay(Duration::from_secs(2)));
    tab.browser.run("watch('sign.bin', nearput.upload(files[1]));").await?;
    tab.until("its bytes are sent", |_| world.storage_line.journal().count(Call::Part(3)) == 2).await?;

    world.signer.stop().await;
    tab.browser.run("watch('open.bin', nearput.upload(files[2]));").await?;
    sleep(Duration::from_secs(60)).await;
    let uploads = tab.uploads().await?;
    for upload in &uploads {
        assert!(waits_for(upload, "signer_unreachable"), "{upload:?}");
    }
    world.signer.restart().await?;

    for (upload, path) in tab.ended().await?.iter().zip(&paths) {
        assert_eq!((upload.state.as_str(), upload.error.as_str()), ("done", ""), "{}", upload.name);
        world.has(&upload.key, path)?;
    }
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}
