//! A page with nothing on it but the module: what a test has it do is in the test.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fantoccini::Locator;
use serde::Deserialize;
use tokio::time::sleep;

use crate::Browser;
use crate::chaos::ChaosWorld;
use nearput_dev::{Site, World};

/// The longest that a test waits for something to come true.
const PATIENCE: Duration = Duration::from_secs(300);

/// A browser's tab that is connected to a signer of a world.
pub struct Tab {
    pub browser: Browser,
}

/// Where a tab is let in.
pub struct Entrance {
    page: String,
    signer: String,
    token: String,
}

impl From<&ChaosWorld> for Entrance {
    /// By way of its chaos.
    fn from(world: &ChaosWorld) -> Self {
        Self { page: world.page_url(), signer: world.signer_line.url(), token: world.token().to_owned() }
    }
}

impl From<&World> for Entrance {
    /// By the signer of the first site.
    fn from(world: &World) -> Self {
        let signer = world.sites.first().map(Site::signer_url).unwrap_or_default();
        Self { page: world.page_url(), signer, token: world.token().to_owned() }
    }
}

/// One upload, as the page's script sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct Upload {
    pub name: String,
    pub state: String,
    /// Every state so far, in its order.
    pub states: Vec<String>,
    /// In bytes.
    pub loaded: u64,
    /// Whether `loaded` has never become smaller.
    pub is_monotone: bool,
    /// The code of why it waits.
    pub reason: String,
    /// Of the object, once it is stored.
    pub key: String,
    /// Of the site that it goes to.
    pub site: String,
    /// The codes of why it started anew.
    pub restarts: Vec<String>,
    /// Code and message of what made it fail.
    pub error: String,
}

impl Tab {
    /// Starts a browser, and in its page the module with these further options, in JavaScript.
    pub async fn open(world: impl Into<Entrance>, options: &str) -> Result<Self> {
        let tab = Self { browser: Browser::start().await? };
        tab.load(world, options).await?;
        Ok(tab)
    }

    /// The same for a test that does little but wait, beside others.
    pub async fn open_beside_others(world: impl Into<Entrance>, options: &str) -> Result<Self> {
        let tab = Self { browser: Browser::start_beside_others().await? };
        tab.load(world, options).await?;
        Ok(tab)
    }

    /// Loads the page, or loads it again.
    pub async fn load(&self, world: impl Into<Entrance>, options: &str) -> Result<()> {
        let Entrance { page, signer, token } = world.into();
        // A page of the same origin that holds no uploads of its own.
        self.browser.client.goto(&format!("{page}demo.json")).await?;
        self.browser
            .run(&format!(
                "const {{ connect }} = await import('/nearput.js');
                 window.nearput = connect({signer:?}, {{ token: {token:?}, {options} }});
                 window.tasks = [];
                 window.watch = (name, task) => {{
                   const seen = {{ name, task, states: [task.state], loaded: 0, restarts: 0, isMonotone: true, key: '', error: '' }};
                   task.addEventListener('statechange', () => seen.states.push(task.state));
                   task.addEventListener('progress', () => {{
                     // What starts anew begins at 0.
                     seen.isMonotone &&= task.progress.loaded >= seen.loaded || task.restarts.length > seen.restarts;
                     seen.restarts = task.restarts.length;
                     seen.loaded = task.progress.loaded;
                   }});
                   task.result.then(({{ key }}) => seen.key = key, (error) => seen.error = `${{error.code ?? error.name}}: ${{error.message}}`);
                   tasks.push(seen);
                   return task;
                 }};
                 const input = document.createElement('input');
                 input.type = 'file';
                 input.multiple = true;
                 document.body.append(input);"
            ))
            .await
            .map(drop)
    }

    /// From the next load on, the page's date is wrong by so much.
    pub async fn set_clock_wrong_by(&self, error: Duration, is_behind: bool) -> Result<()> {
        let sign = if is_behind { "-" } else { "" };
        let source = format!(
            "const error = {sign}{};
             const now = Date.now;
             Date = class extends Date {{
               constructor(...args) {{ super(...(args.length ? args : [now() + error])); }}
               static now() {{ return now() + error; }}
             }};",
            error.as_millis()
        );
        let params = serde_json::json!({ "source": source });
        self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", params).await.map(drop)
    }

    /// Chooses files, which the page's script then finds as `files`.
    pub async fn choose<P: AsRef<Path>>(&self, files: &[P]) -> Result<()> {
        // What is typed into a file input is added to what it has.
        self.browser.run("document.querySelector('input').value = '';").await?;
        let input = self.browser.client.find(Locator::Css("input")).await?;
        let paths: Vec<String> = files.iter().map(|file| file.as_ref().display().to_string()).collect();
        input.send_keys(&paths.join("\n")).await?;
        self.browser.run("window.files = [...document.querySelector('input').files];").await.map(drop)
    }

    /// Chooses files and uploads each.
    pub async fn upload<P: AsRef<Path>>(&self, files: &[P]) -> Result<()> {
        self.choose(files).await?;
        self.browser.run("for (const file of files) watch(file.name, nearput.upload(file));").await.map(drop)
    }

    pub async fn uploads(&self) -> Result<Vec<Upload>> {
        let uploads = self
            .browser
            .run(
                "return tasks.map(({ name, task, states, loaded, isMonotone, key, error }) =>
                   ({ name, state: task.state, states, reason: task.reason?.code ?? '', loaded, is_monotone: isMonotone, key, error,
                      site: task.site ?? '', restarts: task.restarts.map(({ code }) => code) }));",
            )
            .await?;
        serde_json::from_value(uploads).context("the page told of uploads in other words")
    }

    /// Waits until this is true of the page's uploads.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Upload]) -> bool) -> Result<Vec<Upload>> {
        let start = Instant::now();
        loop {
            let uploads = self.uploads().await?;
            if is_so(&uploads) {
                return Ok(uploads);
            }
            if start.elapsed() > PATIENCE {
                bail!("waited in vain until {what}; the page shows {uploads:#?}");
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until every upload has ended, well or badly.
    pub async fn ended(&self) -> Result<Vec<Upload>> {
        let is_over = |upload: &Upload| ["done", "failed", "cancelled"].contains(&upload.state.as_str());
        self.until("every upload has ended", |uploads| uploads.iter().all(is_over)).await
    }

    /// Waits until every upload has ended, and makes sure that the last one is stored byte for byte.
    pub async fn stored(&self, world: &ChaosWorld, file: &Path) -> Result<Upload> {
        let upload = self.ended().await?.pop().context("nothing was uploaded")?;
        anyhow::ensure!(upload.state == "done", "{} is {}: {}", upload.name, upload.state, upload.error);
        anyhow::ensure!(upload.is_monotone, "the progress ran backwards");
        world.has(&upload.key, file)?;
        Ok(upload)
    }
}
