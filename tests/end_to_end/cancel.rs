//! A cancelled upload leaves nothing behind, whenever it is cancelled.

use std::time::Duration;

use anyhow::Result;
use nearput_tests::chaos::{Answer, Call, ChaosWorld, Fault};
use nearput_tests::{Tab, files};
use tokio::time::sleep;

const MIB: u64 = 1 << 20;

/// When an upload is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Queued,
    Creating,
    InThePart,
    WaitingToRepeat,
    Paused,
    Completing,
    Offline,
}

#[tokio::test]
async fn an_upload_that_is_cancelled_at_any_moment_leaves_nothing_behind() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    for moment in [
        Moment::Queued,
        Moment::Creating,
        Moment::InThePart,
        Moment::WaitingToRepeat,
        Moment::Paused,
        Moment::Completing,
        Moment::Offline,
    ] {
        let path = files::noise(folder.path(), &format!("{moment:?}.bin"), 20 * MIB, 1)?;
        tab.choose(&[&path]).await?;
        let call = match moment {
            Moment::Queued => Call::Other,
            Moment::Creating => Call::Create,
            Moment::InThePart | Moment::WaitingToRepeat | Moment::Paused | Moment::Offline => Call::Part(2),
            Moment::Completing => Call::Complete,
        };
        match moment {
            Moment::Queued => {}
            Moment::Creating => world.storage_line.plant(call, Fault::Delay(Duration::from_secs(1))),
            Moment::InThePart | Moment::Paused | Moment::Offline => world.storage_line.plant(call, Fault::Stall),
            // More often than the signer's own client tries.
            Moment::WaitingToRepeat | Moment::Completing => {
                for _ in 0..20 {
                    world.storage_line.plant(call, Fault::Answer(Answer::InternalError));
                }
            }
        }
        let before = world.storage_line.journal().count(call);
        tab.browser.run("window.task = watch(files[0].name, nearput.upload(files[0]));").await?;
        if moment != Moment::Queued {
            tab.until("its moment has come", |_| world.storage_line.journal().count(call) > before).await?;
        }
        if moment == Moment::Paused {
            tab.browser.run("task.pause();").await?;
            tab.until("it is paused", |uploads| uploads.last().is_some_and(|upload| upload.state == "paused")).await?;
        }
        if moment == Moment::Offline {
            tokio::join!(world.storage_line.stop(), world.signer_line.stop());
        }
        tab.browser.run("task.cancel();").await?;
        world.calm();
        if moment == Moment::Offline {
            sleep(Duration::from_secs(3)).await;
            world.storage_line.restart().await?;
            world.signer_line.restart().await?;
        }

        let uploads = tab.ended().await?;
        assert!(uploads.iter().all(|upload| upload.state == "cancelled"), "{moment:?}: {uploads:?}");
        sleep(Duration::from_millis(1500)).await;
        world.until_nothing_is_open().await?;
        assert_eq!(world.objects()?.len(), 0, "{moment:?}");
        let remembered = tab.browser.run("return (await nearput.interrupted()).map(({ name }) => name);").await?;
        assert_eq!(remembered.as_array().map(Vec::len), Some(0), "{moment:?}: {remembered}");
    }
    tab.browser.close().await
}

#[tokio::test]
async fn an_upload_that_is_cancelled_when_its_object_is_made_leaves_at_most_that() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "late.bin", 20 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    world.storage_line.plant(Call::Complete, Fault::Delay(Duration::from_secs(1)));
    tab.upload(&[&path]).await?;
    tab.until("it is completed", |_| world.storage_line.journal().count(Call::Complete) == 1).await?;
    tab.browser.run("tasks[0].task.cancel();").await?;
    assert_eq!(tab.ended().await?[0].state, "cancelled");
    sleep(Duration::from_secs(2)).await;
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn a_cancelled_file_can_be_uploaded_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "again.bin", 20 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    tab.choose(&[&path]).await?;
    world.storage_line.plant(Call::Part(2), Fault::Stall);
    tab.browser.run("window.task = nearput.upload(files[0]);").await?;
    tab.until("a part is under way", |_| world.storage_line.journal().count(Call::Part(2)) == 1).await?;
    tab.browser.run("task.cancel(); watch('again', nearput.upload(files[0]));").await?;
    tab.stored(&world, &path).await?;
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}
