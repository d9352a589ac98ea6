//! A headless Chromium, steered by WebDriver.

use std::env;
use std::process::Stdio;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::memory;

/// As root, Chromium runs only without its sandbox; and nothing but the tests is to use the network or the processor.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-precise-memory-info",
];

/// One browser at a time: measurements want the machine to themselves.
static ONLY_ONE: OnceLock<Mutex<()>> = OnceLock::new();

/// A browser of its own for one test; it ends with the value.
pub struct Browser {
    pub client: Client,
    driver: Child,
    _only_one: Option<MutexGuard<'static, ()>>,
}

impl Browser {
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// A browser with further arguments.
    pub async fn start_with(further: &[String]) -> Result<Self> {
        let only_one = ONLY_ONE.get_or_init(Mutex::default).lock().await;
        Self::launch(further, Some(only_one)).await
    }

    /// A browser for a test that does little but wait: others may run meanwhile.
    pub async fn start_beside_others() -> Result<Self> {
        Self::launch(&[], None).await
    }

    async fn launch(further: &[String], only_one: Option<MutexGuard<'static, ()>>) -> Result<Self> {
        let (driver, port) = start_driver().await?;
        let mut capabilities = Capabilities::new();
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain(further.iter().map(String::as_str)).collect();
        capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("Chromium could not be started")?;
        Ok(Self { client, driver, _only_one: only_one })
    }

    /// Runs the body of an `async` function in the page and gives what it returns.
    pub async fn run(&self, body: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[0];
             (async () => {{ {body} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        );
        let outcome = self.client.execute_async(&script, vec![]).await?;
        anyhow::ensure!(outcome["error"].is_null(), "the page threw {}", outcome["error"]);
        Ok(outcome["value"].clone())
    }

    /// Calls a method of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        Ok(self.client.issue_cmd(DevTools { method: method.to_owned(), params }).await?)
    }

    /// The memory of the whole browser, all its processes together, in bytes.
    pub fn memory(&self) -> u64 {
        self.driver.id().map_or(0, memory::of_group)
    }

    /// Ends the browser. Without this it ends a little later, by itself.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.clone().close().await?)
    }
}

impl Drop for Browser {
    /// Ends the driver and Chromium, its child, also where a test has failed.
    fn drop(&mut self) {
        if let Some(driver) = self.driver.id() {
            let group = format!("-{driver}");
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
        }
    }
}

#[derive(Debug)]
struct DevTools {
    method: String,
    params: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.method, "params": self.params }).to_string()))
    }
}

/// Starts a driver, and says at which free port it listens.
async fn start_driver() -> Result<(Child, u16)> {
    let program = env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
    // Two that start at the same moment may choose the same port, and then one of them ends.
    for _ in 0..5 {
        let mut driver = Command::new(&program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{program} could not be started; `cargo xtask test` installs it"))?;
        if let Some(port) = port_of(&mut driver).await? {
            return Ok((driver, port));
        }
    }
    anyhow::bail!("chromedriver ended before it was ready, five times")
}

/// The port that a driver says it took; none if it ended.
async fn port_of(driver: &mut Child) -> Result<Option<u16>> {
    let stdout = driver.stdout.take().context("chromedriver has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(port) = line.split("started successfully on port ").nth(1) {
            // What it says later is read and forgotten, so that it never waits for a reader.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Some(port.trim_end_matches('.').parse().context("chromedriver's port")?));
        }
    }
    Ok(None)
}
