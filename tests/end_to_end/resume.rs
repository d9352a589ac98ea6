//! An upload outlives its page, and is made by one tab at a time.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nearput_tests::chaos::{Call, ChaosWorld, Fault};
use nearput_tests::{Tab, files};
use tokio::time::sleep;

const MIB: u64 = 1 << 20;

/// Longer than it takes until what is stored is remembered.
const UNTIL_REMEMBERED: Duration = Duration::from_millis(1500);

/// A tab that has sent the first half of a file's eight parts, and waits with the other half.
async fn half_way(world: &ChaosWorld, file: &Path) -> Result<Tab> {
    let tab = Tab::open(world, "concurrency: 8, partSize: 8388608").await?;
    for number in 5..=8 {
        world.storage_line.plant(Call::Part(number), Fault::Stall);
    }
    tab.upload(&[file]).await?;
    tab.until("half of it is stored", |_| {
        let journal = world.storage_line.journal();
        let stored = |number| journal.of_call(Call::Part(number)).any(|part| part.status == Some(200));
        (1..=4).all(stored) && (5..=8).all(|number| journal.count(Call::Part(number)) == 1)
    })
    .await?;
    sleep(UNTIL_REMEMBERED).await;
    Ok(tab)
}

/// Makes sure that of the eight parts the first four were sent once, by the page that is gone.
fn first_half_was_sent_once(world: &ChaosWorld) {
    let counts = [1, 2, 3, 4, 5, 6, 7, 8].map(|number| world.storage_line.journal().count(Call::Part(number)));
    assert_eq!(counts, [1, 1, 1, 1, 2, 2, 2, 2]);
}

#[tokio::test]
async fn after_a_reload_the_upload_is_offered_and_goes_on_where_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "reloaded.bin", 64 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = half_way(&world, &path).await?;

    tab.load(&world, "").await?;
    let offered = tab
        .browser
        .run(
            "window.offered = await nearput.interrupted();
             return offered.map(({ name, size, loaded, canResume, busy }) => [name, size, loaded, canResume, busy]);",
        )
        .await?;
    let expected = serde_json::json!([["reloaded.bin", 64 * MIB, 32 * MIB, "pick", false]]);
    assert_eq!(offered, expected);
    tab.choose(&[&path]).await?;
    tab.browser.run("watch('reloaded.bin', offered[0].resume(files[0]));").await?;
    tab.stored(&world, &path).await?;
    first_half_was_sent_once(&world);
    let left = tab.browser.run("return (await nearput.interrupted()).length;").await?;
    assert_eq!(left, 0);
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn an_upload_that_goes_on_can_be_resumed_for_longer() -> Result<()> {
    const DAY_MS: f64 = 24.0 * 3_600_000.0;
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "renewed.bin", 64 * MIB, 1)?;
    let mut world = ChaosWorld::start().await?;
    let tab = half_way(&world, &path).await?;
    // Of the time that tickets have now, this one has less than half left.
    world.signer.options.further_config = "[tickets]\nlifetime = '4d'".to_owned();
    world.signer.restart().await?;

    tab.load(&world, "concurrency: 8, partSize: 8388608").await?;
    let ends = async || {
        let end = tab.browser.run("return (await nearput.interrupted())[0].expiresAt;").await?;
        end.as_f64().context("an interrupted upload has an end")
    };
    let before = ends().await?;
    world.storage_line.plant(Call::Part(8), Fault::Stall);
    tab.upload(&[&path]).await?;
    tab.until("all but one part are stored", |_| {
        let journal = world.storage_line.journal();
        (5..=7).all(|number| journal.of_call(Call::Part(number)).any(|part| part.status == Some(200)))
    })
    .await?;
    sleep(UNTIL_REMEMBERED).await;
    let after = ends().await?;
    assert!(after - before > DAY_MS, "{before} {after}");
    tab.stored(&world, &path).await?;
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn after_a_reload_a_file_that_is_chosen_again_goes_on_where_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "chosen.bin", 64 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = half_way(&world, &path).await?;
    tab.load(&world, "").await?;
    tab.upload(&[&path]).await?;
    tab.stored(&world, &path).await?;
    first_half_was_sent_once(&world);
    tab.browser.close().await
}

#[tokio::test]
async fn a_file_that_has_changed_since_starts_anew_and_says_why() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "changed.bin", 64 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = half_way(&world, &path).await?;
    tab.load(&world, "").await?;
    files::noise(folder.path(), "changed.bin", 64 * MIB, 2)?;
    tab.choose(&[&path]).await?;
    tab.browser.run("window.task = watch('changed.bin', (await nearput.interrupted())[0].resume(files[0]));").await?;
    tab.stored(&world, &path).await?;
    let restarts = tab.browser.run("return task.restarts.map(({ code }) => code);").await?;
    assert_eq!(restarts.as_array().map(Vec::len), Some(1), "{restarts}");
    world.until_nothing_is_open().await?;
    assert_eq!(world.objects()?.len(), 1);
    tab.browser.close().await
}

#[tokio::test]
async fn two_tabs_with_the_same_file_make_one_object_and_one_result() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "shared.bin", 20 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    world.storage_line.plant(Call::Part(2), Fault::Delay(Duration::from_secs(4)));
    tab.upload(&[&path]).await?;
    tab.until("a part is under way", |_| world.storage_line.journal().count(Call::Part(2)) == 1).await?;

    let first = tab.browser.client.window().await?;
    let second = tab.browser.client.new_window(true).await?.handle;
    tab.browser.client.switch_to_window(second).await?;
    tab.load(&world, "").await?;
    tab.upload(&[&path]).await?;
    tab.until("the second tab waits", |uploads| uploads[0].reason == "in_other_tab").await?;
    let key = tab.stored(&world, &path).await?.key;
    tab.browser.client.switch_to_window(first).await?;
    assert_eq!(tab.stored(&world, &path).await?.key, key);
    assert_eq!(world.objects()?.len(), 1);
    assert_eq!(world.storage_line.journal().parts().len(), 3);
    tab.browser.close().await
}

#[tokio::test]
async fn when_a_tab_is_closed_the_one_that_waits_for_it_goes_on_where_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "inherited.bin", 64 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = half_way(&world, &path).await?;
    let first = tab.browser.client.window().await?;
    let second = tab.browser.client.new_window(true).await?.handle;
    tab.browser.client.switch_to_window(second.clone()).await?;
    tab.load(&world, "").await?;
    tab.upload(&[&path]).await?;
    tab.until("the second tab waits", |uploads| uploads[0].reason == "in_other_tab").await?;

    tab.browser.client.switch_to_window(first).await?;
    tab.browser.client.close_window().await.context("the first tab cannot be closed")?;
    tab.browser.client.switch_to_window(second).await?;
    tab.stored(&world, &path).await?;
    first_half_was_sent_once(&world);
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}
