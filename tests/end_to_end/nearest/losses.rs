//! What is lost where something dies in the middle of an upload: no upload, some seconds, and some bytes that go twice. Seconds and
//! bytes are printed beside those of the same upload undisturbed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nearput_dev::{Lines, Place, World};
use nearput_tests::{Upload, files};

use super::scene::{MIB, Scene};

const SIZE: u64 = 200 * MIB;
const PART: u64 = 8 * MIB;

/// The nearest site of a visitor in Tokyo.
const NEAREST: usize = 0;

/// Heads of requests, preflights and probes.
const HEADS: u64 = MIB;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Nothing,
    Path,
    Site,
    /// The site takes connections, and says nothing any more.
    Voice,
    Signer,
    Nearness,
}

struct Outcome {
    upload: Upload,
    took: Duration,
    /// Beyond the file itself.
    sent_twice: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_in_the_middle_of_an_upload_costs_no_upload() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = files::noise(folder.path(), "large.bin", SIZE, 1)?;
    let undisturbed = upload(Loss::Nothing, &file).await?;
    let [near, next] = [undisturbed.took, to_the_next_site(&file).await?].map(|took| took.as_secs_f64());
    println!(
        "200 MiB from Tokyo: {near:.1} s undisturbed, and {next:.1} s where the nearest site is down from the start"
    );
    assert!(undisturbed.sent_twice < HEADS, "{}", undisturbed.sent_twice);
    for loss in [Loss::Path, Loss::Site, Loss::Voice, Loss::Signer, Loss::Nearness] {
        let outcome = upload(loss, &file).await.with_context(|| format!("{loss:?}"))?;
        let lost = outcome.took.as_secs_f64() - near;
        let twice = outcome.sent_twice as f64 / MIB as f64;
        println!("{loss:?} lost in the middle: {lost:.1} s lost, {twice:.1} MiB sent twice");
        let restarts = outcome.upload.restarts.len();
        match loss {
            Loss::Nothing => {}
            // What was under way there: six parts at most.
            Loss::Path => assert!(restarts == 0 && outcome.sent_twice < 6 * PART + HEADS, "{restarts} {twice}"),
            // What the site had and what was under way to it: never more than the file.
            Loss::Site | Loss::Voice => {
                assert!(restarts == 1 && outcome.sent_twice < SIZE + HEADS, "{restarts} {twice}")
            }
            Loss::Signer => assert!(restarts == 0 && outcome.sent_twice < HEADS, "{restarts} {twice}"),
            // It may begin anew elsewhere, once, if that is worth it.
            Loss::Nearness => assert!(restarts <= 1 && outcome.sent_twice < SIZE + HEADS, "{restarts} {twice}"),
        }
    }
    Ok(())
}

/// How long it takes with the nearest site away from the beginning.
async fn to_the_next_site(file: &Path) -> Result<Duration> {
    let mut scene = Scene::start(Place::Tokyo, None).await?;
    lose(Loss::Site, &mut scene.world).await?;
    scene.tab.browser.run("await nearput.sites();").await?;
    let started = Instant::now();
    scene.tab.upload(&[file]).await?;
    scene.stored_only_at("virginia", file).await?;
    scene.tab.browser.close().await?;
    Ok(started.elapsed())
}

/// Uploads the file, of which something is lost in the middle.
async fn upload(loss: Loss, file: &Path) -> Result<Outcome> {
    let mut scene = Scene::start(Place::Tokyo, None).await?;
    scene.tab.browser.run("await nearput.sites();").await?;
    let before = scene.sent();
    let started = Instant::now();
    scene.tab.upload(&[file]).await?;
    let uploads = scene.tab.until("half is sent", |uploads| uploads[0].loaded > SIZE / 2).await?;
    ensure!(uploads[0].state == "uploading" && uploads[0].site == "tokyo", "{uploads:?}");
    lose(loss, &mut scene.world).await?;
    scene.tab.ended().await?;
    let took = started.elapsed();
    let upload = scene.stored_only_at_one(file).await?;
    let expected: &[&str] = match loss {
        Loss::Site | Loss::Voice => &["virginia"],
        Loss::Nearness => &["tokyo", "virginia"],
        Loss::Nothing | Loss::Path | Loss::Signer => &["tokyo"],
    };
    ensure!(expected.contains(&upload.site.as_str()), "{upload:?}");
    let sent_twice = (scene.sent() - before).saturating_sub(SIZE);
    scene.tab.browser.close().await?;
    scene.world.stop().await;
    Ok(Outcome { upload, took, sent_twice })
}

async fn lose(loss: Loss, world: &mut World) -> Result<()> {
    let site = &mut world.sites[NEAREST];
    let Lines { storage: [one, other], signer } = site.lines.as_mut().context("the visitor has lines")?;
    match loss {
        Loss::Nothing => {}
        Loss::Path => one.stop().await?,
        Loss::Site => {
            tokio::try_join!(one.stop(), other.stop())?;
            site.s3.stop().await;
        }
        Loss::Voice => [one, other].iter().for_each(|line| line.freeze()),
        Loss::Signer => {
            signer.stop().await?;
            site.signer.stop().await;
        }
        Loss::Nearness => [one, other, signer].iter().for_each(|line| line.set_round_trip(Duration::from_millis(400))),
    }
    Ok(())
}
