//! What goes wrong is said clearly, the rest of the queue goes on, and nothing half-stored is called done.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use nearput_dev::{World, WorldOptions};
use nearput_tests::{Page, files, start, start_with};
use tokio::time::sleep;

const MIB: u64 = 1 << 20;

/// Uploads a file of zeros by the module, with a short patience, and gives the error's code, message and whether to try again.
async fn upload_and_fail(page: &Page, size: u64, token: &str) -> Result<(String, String, bool)> {
    let error = page
        .browser
        .run(&format!(
            "const {{ connect }} = await import('/nearput.js');
             const {{ signer }} = await (await fetch('/demo.json')).json();
             const nearput = connect(signer, {{ token: {token:?}, giveUpAfter: 1500 }});
             const file = new File([new Uint8Array({size})], 'zeros.bin');
             return nearput.upload(file).result.then(() => 'done', ({{ code, message, retryable }}) => ({{ code, message, retryable }}));"
        ))
        .await?;
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    anyhow::ensure!(error != "done", "the upload succeeded");
    Ok((text("code"), text("message"), error["retryable"].as_bool().unwrap_or_default()))
}

#[tokio::test]
async fn a_signer_that_does_not_run_is_named_and_waited_for() -> Result<()> {
    let (mut world, page) = start().await?;
    world.sites[0].signer.stop().await;
    let folder = tempfile::tempdir()?;
    let path = files::make(folder.path(), "patient.bin", 20 * MIB)?;
    page.choose(&[&path]).await?;
    let address = world.signer_url();
    page.until("the page says that the signer does not answer", |rows| {
        rows.iter().any(|row| row.state == "waiting" && row.note.contains(&address))
    })
    .await?;
    world.sites[0].signer.restart().await?;
    page.stored(&world, &path).await?;
    page.browser.close().await
}

#[tokio::test]
async fn a_signer_that_stays_away_is_given_up() -> Result<()> {
    let (mut world, page) = start().await?;
    world.sites[0].signer.stop().await;
    let (code, message, retryable) = upload_and_fail(&page, 10, world.token()).await?;
    assert_eq!((code.as_str(), retryable), ("signer_unreachable", true));
    assert!(message.contains(&world.signer_url()), "{message}");
    page.browser.close().await
}

#[tokio::test]
async fn a_storage_that_goes_away_in_the_middle_is_waited_for() -> Result<()> {
    let (mut world, page) = start().await?;
    let folder = tempfile::tempdir()?;
    let path = files::make(folder.path(), "interrupted.bin", 400 * MIB)?;
    page.begin(&path).await?;
    sleep(Duration::from_millis(300)).await;
    world.sites[0].s3.stop().await;
    page.until("the page says that the storage does not answer", |rows| {
        rows.iter().any(|row| row.state == "waiting" && row.note.contains("storage"))
    })
    .await?;
    world.sites[0].s3.restart().await?;
    page.stored(&world, &path).await?;
    page.browser.close().await
}

#[tokio::test]
async fn a_storage_that_does_not_run_is_given_up() -> Result<()> {
    let (mut world, page) = start().await?;
    world.sites[0].s3.stop().await;
    for size in [10, 9 * MIB] {
        let (code, _, retryable) = upload_and_fail(&page, size, world.token()).await?;
        assert!(["storage_unreachable", "storage_unavailable"].contains(&code.as_str()), "{code}");
        assert!(retryable);
    }
    page.browser.close().await
}

#[tokio::test]
async fn a_signature_that_the_storage_does_not_accept_is_an_error_not_an_object() -> Result<()> {
    let (mut world, page) = start().await?;
    misconfigure(&mut world).await?;
    for size in [10, 9 * MIB] {
        let (code, message, _) = upload_and_fail(&page, size, world.token()).await?;
        assert_eq!(code, "storage_refused", "{message}");
        assert!(!message.contains("Signature="), "{message}");
    }
    page.browser.close().await
}

/// Gives the signer another secret than the storage has.
async fn misconfigure(world: &mut World) -> Result<()> {
    world.sites[0].signer.stop().await;
    world.sites[0].signer.options.secret_key = "not the secret".to_owned();
    world.sites[0].signer.restart().await
}

#[tokio::test]
async fn a_token_that_the_signer_does_not_know_is_refused() -> Result<()> {
    let (_world, page) = start().await?;
    let (code, ..) = upload_and_fail(&page, 10, "not the token").await?;
    assert_eq!(code, "unauthenticated");
    page.browser.close().await
}

#[tokio::test]
async fn files_that_the_policy_refuses_say_why_and_the_rest_of_the_queue_goes_on() -> Result<()> {
    let limits = "[limits]\nmax_file_size = 1048576\ntypes = [\"text/plain\", \"application/octet-stream\"]\n";
    let (world, page) =
        start_with(WorldOptions { further_config: limits.to_owned(), ..WorldOptions::default() }).await?;
    let folder = tempfile::tempdir()?;
    let paths = [("large.bin", 2 * MIB), ("film.mp4", 10), ("page.html", 10), ("good.txt", 10)]
        .map(|(name, size)| files::make(folder.path(), name, size));
    let paths = paths.into_iter().collect::<Result<Vec<_>>>()?;
    page.choose(&paths).await?;
    let rows = page.ended(4).await?;
    let states: Vec<&str> = rows.iter().map(|row| row.state.as_str()).collect();
    assert_eq!(states, ["failed", "failed", "failed", "done"]);
    assert!(rows[0].error.starts_with("The file has 2097152 bytes, and 1048576 are allowed"), "{}", rows[0].error);
    assert!(rows[1].error.contains("video/mp4"), "{}", rows[1].error);
    assert!(rows[2].error.contains("text/html"), "{}", rows[2].error);
    assert!(rows[..3].iter().all(|row| row.key.is_empty() && row.link.is_empty()));
    assert_eq!(world.open_uploads()?, 0);
    page.browser.close().await
}

#[tokio::test]
async fn a_file_that_changes_on_disk_while_it_is_uploaded_is_not_called_done() -> Result<()> {
    let (world, page) = start().await?;
    let folder = tempfile::tempdir()?;
    let path = files::make(folder.path(), "changing.bin", 600 * MIB)?;
    page.begin(&path).await?;
    File::options().append(true).open(&path)?.write_all(b"more")?;
    let rows = page.ended(1).await?;
    assert_eq!(rows[0].state, "failed");
    assert!(rows[0].error.contains("changing.bin"), "{}", rows[0].error);
    until_nothing_is_open(&world).await?;
    page.browser.close().await
}

#[tokio::test]
async fn a_cancelled_upload_leaves_nothing_behind() -> Result<()> {
    let (world, page) = start().await?;
    let folder = tempfile::tempdir()?;
    page.begin(&files::make(folder.path(), "unwanted.bin", 600 * MIB)?).await?;
    page.press("unwanted.bin", "cancel").await?;
    page.until("it is gone", |rows| rows.iter().all(|row| row.state == "cancelled")).await?;
    until_nothing_is_open(&world).await?;
    page.browser.close().await
}

#[tokio::test]
async fn a_paused_upload_stands_still_and_then_goes_on() -> Result<()> {
    let (world, page) = start().await?;
    let folder = tempfile::tempdir()?;
    let path = files::make(folder.path(), "paused.bin", 300 * MIB)?;
    page.begin(&path).await?;
    page.press("paused.bin", "pause").await?;
    page.until("it is paused", |rows| rows[0].state == "paused").await?;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(page.rows().await?[0].state, "paused");
    page.press("paused.bin", "resume").await?;
    page.stored(&world, &path).await?;
    page.browser.close().await
}

#[tokio::test]
async fn a_failed_upload_can_be_tried_again() -> Result<()> {
    let (mut world, page) = start().await?;
    let secret = world.sites[0].signer.options.secret_key.clone();
    misconfigure(&mut world).await?;
    let folder = tempfile::tempdir()?;
    page.choose(&[files::make(folder.path(), "again.bin", 9 * MIB)?]).await?;
    assert_eq!(page.ended(1).await?[0].state, "failed");
    world.sites[0].signer.stop().await;
    world.sites[0].signer.options.secret_key = secret;
    world.sites[0].signer.restart().await?;
    page.press("again.bin", "retry").await?;
    page.until("it is stored", |rows| rows[0].state == "done").await?;
    page.browser.close().await
}

async fn until_nothing_is_open(world: &World) -> Result<()> {
    for _ in 0..100 {
        if world.open_uploads()? == 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("{} uploads are open", world.open_uploads()?)
}
