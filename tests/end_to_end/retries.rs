//! What fails once is done again, and nothing more than that.

use std::time::Duration;

use anyhow::Result;
use nearput_api::path;
use nearput_tests::chaos::{Answer, Call, ChaosWorld, Fault};
use nearput_tests::{Tab, files};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn every_fault_of_every_call_is_survived() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "stallAfter: 1000").await?;
    let (form, put, multipart) = (100_000, 2 * MIB, 8 * MIB + 100_000);
    let calls = [
        (Call::Form, form),
        (Call::Put, put),
        (Call::Part(1), multipart),
        (Call::Part(2), multipart),
        (Call::Preflight, multipart),
        (Call::Create, multipart),
        (Call::Complete, multipart),
        (Call::Head, form),
        (Call::Signer(path::OPEN), multipart),
        (Call::Signer(path::COMPLETE), form),
        (Call::Signer(path::COMPLETE), multipart),
    ];
    let mut seed = 0;
    let mut failed = Vec::new();
    for (call, size) in calls {
        for fault in Fault::menu(call, size) {
            seed += 1;
            let path = files::noise(folder.path(), &format!("{seed}.bin"), size, seed)?;
            world.storage_line.plant(call, fault);
            world.signer_line.plant(call, fault);
            tab.upload(&[&path]).await?;
            let outcome = tab.stored(&world, &path).await;
            let has_struck = [&world.storage_line, &world.signer_line].iter().any(|line| {
                line.journal().entries.iter().any(|entry| entry.call == call && entry.fault == Some(fault))
            });
            if let Err(error) = outcome {
                failed.push(format!("{fault:?} of {call:?}: {error:#}"));
            } else if !has_struck {
                failed.push(format!("{fault:?} of {call:?} has not struck"));
            }
            world.calm();
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn of_a_file_with_a_stalled_part_only_that_part_is_sent_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "stalled.bin", 24 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "stallAfter: 1500").await?;
    world.storage_line.plant(Call::Part(2), Fault::Stall);
    tab.upload(&[&path]).await?;
    tab.stored(&world, &path).await?;
    let journal = world.storage_line.journal();
    assert_eq!([1, 2, 3].map(|number| journal.count(Call::Part(number))), [1, 2, 1]);
    tab.browser.close().await
}

#[tokio::test]
async fn parts_that_the_storage_doubts_are_sent_again_in_full() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = files::noise(folder.path(), "doubted.bin", 24 * MIB, 1)?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    // As Garage does it: the part is listed, and yet not there.
    world.storage_line.plant(Call::Part(2), Fault::LoseReply);
    world.storage_line.plant(Call::Complete, Fault::Answer(Answer::InvalidPart));
    tab.upload(&[&path]).await?;
    tab.stored(&world, &path).await?;
    let journal = world.storage_line.journal();
    assert_eq!(journal.count(Call::Complete), 2);
    // The one that was lost on the way back, and again after the doubt.
    assert_eq!(journal.count(Call::Part(2)), 3, "{:?}", journal.parts());
    tab.browser.close().await
}

#[tokio::test]
async fn a_complete_whose_reply_is_lost_makes_one_object_and_one_result() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    for (number, size) in [(1, 9 * MIB), (2, 100_000)] {
        let path = files::noise(folder.path(), &format!("{number}.bin"), size, number)?;
        world.storage_line.plant(Call::Complete, Fault::LoseReply);
        world.signer_line.plant(Call::Signer(path::COMPLETE), Fault::LoseReply);
        world.signer_line.plant(Call::Signer(path::COMPLETE), Fault::CutInReply);
        tab.upload(&[&path]).await?;
        tab.stored(&world, &path).await?;
        assert_eq!(world.objects()?.len() as u64, number);
        world.calm();
    }
    world.until_nothing_is_open().await?;
    tab.browser.close().await
}

#[tokio::test]
async fn a_double_click_makes_one_object_and_one_result() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = ChaosWorld::start().await?;
    let tab = Tab::open(&world, "").await?;
    for (number, size) in [(1, 9 * MIB), (2, 100_000)] {
        let path = files::noise(folder.path(), &format!("{number}.bin"), size, number)?;
        tab.choose(&[&path]).await?;
        tab.browser.run("watch('first', nearput.upload(files[0])); watch('second', nearput.upload(files[0]));").await?;
        let uploads = tab.ended().await?;
        let [.., first, second] = uploads.as_slice() else { anyhow::bail!("{uploads:?}") };
        assert_eq!((first.error.as_str(), second.error.as_str()), ("", ""));
        assert_eq!(first.key, second.key);
        world.has(&first.key, &path)?;
        assert_eq!(world.objects()?.len() as u64, number);
    }
    tab.browser.close().await
}

/// Signatures are made and end by the signer's clock: the page's own must not matter.
#[tokio::test]
async fn a_page_whose_clock_is_three_hours_wrong_uploads_like_any_other() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paths = [(20 * MIB, 1), (2 * MIB, 2), (100_000, 3)]
        .map(|(size, seed)| files::noise(folder.path(), &format!("{size}.bin"), size, seed));
    let paths = paths.into_iter().collect::<Result<Vec<_>>>()?;
    let world = ChaosWorld::start().await?;
    // Without a worker, the whole engine goes by the wrong clock.
    for (is_behind, options) in [(false, "worker: false"), (true, "worker: false"), (true, "")] {
        let tab = Tab::open(&world, "").await?;
        tab.set_clock_wrong_by(Duration::from_hours(3), is_behind).await?;
        tab.load(&world, options).await?;
        tab.upload(&paths).await?;
        for (upload, path) in tab.ended().await?.iter().zip(&paths) {
            assert_eq!((upload.state.as_str(), upload.error.as_str()), ("done", ""), "{}", upload.name);
            world.has(&upload.key, path)?;
        }
        tab.browser.close().await?;
    }
    // The storage refuses nothing but what carries no signature: the questions how far away it is.
    let journal = world.storage_line.journal();
    let refused = journal
        .entries
        .iter()
        .filter(|entry| entry.call != Call::Probe && entry.status.is_none_or(|status| status >= 300));
    assert_eq!(refused.count(), 0, "{journal:?}");
    Ok(())
}
