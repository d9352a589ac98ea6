//! The demo page, as a person uses it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use nearput_dev::{BUCKET, World, WorldOptions};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{Browser, files};

/// The folder that holds the page.
pub const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");

/// The longest that a test waits for something to be seen: much longer than it should take, on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A world, a browser and the demo page in it.
pub async fn start() -> Result<(World, Page)> {
    start_with(WorldOptions::default()).await
}

/// The same, with a world of one's own; its `web` is always the demo's.
pub async fn start_with(options: WorldOptions) -> Result<(World, Page)> {
    let world = World::start(WorldOptions { web: WEB.into(), ..options }).await?;
    let browser = Browser::start().await?;
    browser.client.goto(&world.page_url()).await?;
    Ok((world, Page { browser }))
}

/// Makes sure that the object of a row has the bytes of a file.
pub fn same_bytes(world: &World, row: &Row, file: &Path) -> Result<()> {
    let object = world.object(BUCKET, &row.key).with_context(|| format!("there is no object `{}`", row.key))?;
    ensure!(files::sha256(&object)? == files::sha256(file)?, "the object of {} has other bytes", row.name);
    Ok(())
}

/// The demo page in a browser.
pub struct Page {
    pub browser: Browser,
}

/// One file's line of the page.
#[derive(Debug, Clone)]
pub struct Row {
    pub state: String,
    /// As it is shown.
    pub name: String,
    pub key: String,
    pub checksum: String,
    pub error: String,
    /// Why it waits.
    pub note: String,
    pub link: String,
}

impl Page {
    /// Chooses files by the page's own input.
    pub async fn choose<P: AsRef<Path>>(&self, files: &[P]) -> Result<()> {
        let input = self.browser.client.find(Locator::Css("#files")).await?;
        let paths: Vec<String> = files.iter().map(|file| file.as_ref().display().to_string()).collect();
        Ok(input.send_keys(&paths.join("\n")).await?)
    }

    /// Chooses a file and waits until its bytes move.
    pub async fn begin(&self, file: &Path) -> Result<()> {
        self.choose(&[file]).await?;
        let moving = |rows: &[Row]| rows.iter().any(|row| row.state == "uploading");
        self.until("bytes move", moving).await.map(drop)
    }

    /// Presses one of the buttons of the line of this name.
    pub async fn press(&self, name: &str, action: &str) -> Result<()> {
        let script = format!(
            "const row = [...document.querySelectorAll('.upload')].find((row) => row.querySelector('.upload-name').textContent === {});
             row.querySelector('[data-action={action}]').click();",
            Value::from(name)
        );
        self.browser.run(&script).await.map(drop)
    }

    pub async fn rows(&self) -> Result<Vec<Row>> {
        let rows = self
            .browser
            .run(
                "return [...document.querySelectorAll('.upload')].map((row) => {
                   const text = (part) => row.querySelector('.upload-' + part)?.textContent ?? '';
                   return { state: row.dataset.state, name: text('name'), key: text('key'), checksum: text('checksum'),
                            error: text('error'), note: text('note'), link: row.querySelector('.upload-link')?.href ?? '' };
                 });",
            )
            .await?;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = rows.as_array().context("no rows")?.iter().map(|row| Row {
            state: text(row, "state"),
            name: text(row, "name"),
            key: text(row, "key"),
            checksum: text(row, "checksum"),
            error: text(row, "error"),
            note: text(row, "note"),
            link: text(row, "link"),
        });
        Ok(rows.collect())
    }

    /// Waits until the page shows rows of which this is true.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Row]) -> bool) -> Result<Vec<Row>> {
        let start = Instant::now();
        loop {
            let rows = self.rows().await?;
            if is_so(&rows) {
                return Ok(rows);
            }
            if start.elapsed() > PATIENCE {
                bail!("waited in vain until {what}; the page shows {rows:#?}");
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the only file has ended, and makes sure that it is stored byte for byte.
    pub async fn stored(&self, world: &World, file: &Path) -> Result<()> {
        let row = self.ended(1).await?.remove(0);
        ensure!(row.state == "done", "{} is {}: {}", row.name, row.state, row.error);
        same_bytes(world, &row, file)
    }

    /// Waits until so many files have ended, well or badly.
    pub async fn ended(&self, count: usize) -> Result<Vec<Row>> {
        let is_over = |row: &Row| ["done", "failed", "cancelled"].contains(&row.state.as_str());
        self.until("every file has ended", |rows| rows.len() == count && rows.iter().all(is_over)).await
    }
}
