//! Copies at the other sites, as a page sees them.

use std::time::Duration;

use anyhow::Result;
use nearput_dev::Place;
use nearput_tests::files;
use serde_json::json;

use super::scene::{MIB, Scene};

const DELAY: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_when_every_site_has_the_object_and_reads_it_from_the_one_that_has_it_until_then() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = files::noise(folder.path(), "copied.bin", MIB, 1)?;
    let scene = Scene::start(Place::Tokyo, Some(DELAY)).await?;
    scene.tab.upload(&[&file]).await?;
    let upload = scene.stored_only_at("tokyo", &file).await?;
    let read = scene
        .tab
        .browser
        .run("const { downloadUrl } = await tasks[0].task.result; return (await (await fetch(downloadUrl)).blob()).size;")
        .await?;
    assert_eq!(read, json!(MIB));

    scene.tab.browser.run("await tasks[0].task.replicated();").await?;
    for site in &scene.world.sites {
        let copy = site.s3.object(&site.bucket, &upload.key).unwrap_or_default();
        assert!(files::same_content(&copy, &file)?, "{}", site.id);
    }
    scene.tab.browser.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_which_site_could_not_be_copied_to() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = files::noise(folder.path(), "refused.bin", MIB, 1)?;
    let scene = Scene::start(Place::Tokyo, Some(Duration::ZERO)).await?;
    scene.world.sites[2].s3.refuse_replicas(true);
    scene.tab.upload(&[&file]).await?;
    let failed = "return tasks[0].task.replicated().then(() => 'replicated', (error) => error.message);";
    let message = scene.tab.browser.run(failed).await?;
    let message = message.as_str().unwrap_or_default();
    assert!(message.contains("ireland") && !message.contains("virginia"), "{message}");
    scene.tab.browser.close().await
}
