//! The demo page's regions, and its controls over them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use nearput_dev::{Place, SiteOptions, Visitor, WorldOptions};
use nearput_tests::{Page, files, start_with};
use tokio::time::sleep;

const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the page says that files go to this site.
async fn chosen(page: &Page, site: &str) -> Result<()> {
    shows(page, "document.querySelector('.is-chosen .region-id')?.textContent", site).await
}

/// Waits until an expression of the page has this value.
async fn shows(page: &Page, expression: &str, expected: &str) -> Result<()> {
    let start = Instant::now();
    loop {
        let shown = page.browser.run(&format!("return {expression};")).await?;
        if shown == expected {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            bail!("waited in vain for {expected}: {expression} is {shown}");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn click(page: &Page, selector: &str) -> Result<()> {
    page.browser.run(&format!("document.querySelector({selector:?}).click();")).await.map(drop)
}

async fn steps(page: &Page) -> Result<()> {
    chosen(page, "Tokyo").await?;
    click(page, "[name=place][value=london]").await?;
    chosen(page, "Ireland").await?;

    click(page, ".region:nth-child(3) .region-switch").await?;
    shows(page, "document.querySelector('.region.is-down .region-latency')?.textContent", "down").await?;
    let folder = tempfile::tempdir()?;
    page.choose(&[files::noise(folder.path(), "elsewhere.bin", 9 << 20, 1)?]).await?;
    let row = page.ended(1).await?.remove(0);
    ensure!(row.state == "done", "{row:?}");
    let place = "document.querySelector('.upload-place').textContent";
    shows(page, place, "uploads-virginia, us-east-1 (site virginia)").await?;
    chosen(page, "Virginia").await?;
    let copies = "document.querySelector('.upload-copies').textContent";
    shows(page, copies, "on their way").await?;

    click(page, ".region:nth-child(3) .region-switch").await?;
    let said = "document.querySelector('#announcements').textContent.includes('Ireland is back') && 'said'";
    shows(page, said, "said").await?;
    shows(page, "String(document.querySelector('.region.is-down') && 'down')", "null").await?;
    shows(page, copies, "Tokyo, Ireland").await?;
    shows(page, "document.querySelector('#announcements').textContent.includes('Ireland is back') && 'said'", "said")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_where_files_go_and_what_changes_when_a_region_is_down_or_the_visitor_moves() -> Result<()> {
    let (mut world, page) = start_with(WorldOptions {
        sites: SiteOptions::three(),
        visitor: Some(Visitor { place: Place::Tokyo, window: 1 << 20 }),
        replication: Some(Duration::ZERO),
        ..WorldOptions::default()
    })
    .await?;
    tokio::select! {
        done = steps(&page) => done?,
        obeyed = world.obey() => obeyed.and(Err(anyhow::anyhow!("the page was stopped")))?,
    }
    page.browser.close().await
}
