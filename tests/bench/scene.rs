//! What a benchmark plays in: a browser, and at some distance from it S3 by its real names, and signers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::Locator;
use fantoccini::wd::TimeoutConfiguration;
use nearput_dev::{DistanceProxy, Line};
use nearput_tests::{Browser, Sink};
use serde_json::Value;

use crate::contest::Contestant;
use crate::page::PageServer;
use crate::signer::{Signer, TOKEN};

pub(crate) const BUCKET: &str = "nearput-bench";
pub(crate) const REGION: &str = "eu-central-1";

/// As many connections as browsers open to one host.
const CONNECTIONS: usize = 6;

/// The longest that a script may take.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Scene {
    pub(crate) browser: Browser,
    with_checksums: String,
    without_checksums: String,
    _servers: (Sink, PageServer, [Signer; 2], Vec<DistanceProxy>),
}

impl Scene {
    /// Without a line, all is on this machine.
    pub(crate) async fn start(line: Option<Line>) -> Result<Self> {
        let sink = Sink::start().await?;
        let page = PageServer::start().await?;
        let signers = [
            Signer::start(sink.http(), &page.origin(), "crc64nvme").await?,
            Signer::start(sink.http(), &page.origin(), "none").await?,
        ];
        let mut nearest = [sink.https(), signers[0].addr(), signers[1].addr()];
        let mut lines = Vec::new();
        if let Some(line) = line {
            for address in &mut nearest {
                let proxy = DistanceProxy::start(*address, line)?;
                *address = proxy.addr();
                lines.push(proxy);
            }
        }
        let [storage, with_checksums, without_checksums] = nearest;
        let browser = Browser::start_with(&[
            format!("--host-resolver-rules=MAP *.amazonaws.com {storage}"),
            "--ignore-certificate-errors".to_owned(),
        ])
        .await?;
        browser.client.update_timeouts(TimeoutConfiguration::new(Some(PATIENCE), None, None)).await?;
        browser.client.goto(&format!("{}/bench/", page.origin())).await?;
        Ok(Self {
            browser,
            with_checksums: format!("http://{with_checksums}"),
            without_checksums: format!("http://{without_checksums}"),
            _servers: (sink, page, signers, lines),
        })
    }

    /// Chooses the file that the page's functions upload.
    pub(crate) async fn choose(&self, file: &Path) -> Result<()> {
        let input = self.browser.client.find(Locator::Css("#file")).await?;
        Ok(input.send_keys(&file.display().to_string()).await?)
    }

    /// Opens every connection, and has Nearput upload a tiny file: what is measured then is a page at work, not at its start.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        self.browser.run(&format!("await bench.warm({}, {CONNECTIONS});", addresses(4))).await?;
        for signer in [&self.with_checksums, &self.without_checksums] {
            self.browser.run(&format!("await bench.connect({signer:?}, {TOKEN:?});")).await?;
        }
        Ok(())
    }

    /// Calls a function of the page's `bench` that measures, and gives seconds.
    pub(crate) async fn measure(&self, call: &str) -> Result<f64> {
        let took = self.browser.run(&format!("return bench.{call};")).await?;
        Ok(took.as_f64().with_context(|| format!("`{call}` measured nothing"))? / 1000.0)
    }

    /// The chosen file, in parts, over the first so many addresses of the bucket.
    pub(crate) fn bare_file(&self, address_count: usize, part_size: u64) -> Contestant {
        let addresses = addresses(address_count);
        Contestant { name: "bare PUTs", call: format!("bareFile({addresses}, {CONNECTIONS}, {part_size})") }
    }

    pub(crate) fn bare_forms(&self, address_count: usize, count: usize, size: usize) -> Contestant {
        let addresses = addresses(address_count);
        Contestant { name: "bare forms", call: format!("bareForms({addresses}, {CONNECTIONS}, {count}, {size})") }
    }

    /// The chosen file.
    pub(crate) fn nearput_file(&self) -> Contestant {
        Contestant { name: "Nearput", call: format!("nearputFile({:?}, {TOKEN:?})", self.with_checksums) }
    }

    pub(crate) fn nearput_file_without_checksums(&self) -> Contestant {
        let call = format!("nearputFile({:?}, {TOKEN:?})", self.without_checksums);
        Contestant { name: "Nearput without checksums", call }
    }

    pub(crate) fn nearput_files(&self, count: usize, size: usize) -> Contestant {
        let call = format!("nearputFiles({:?}, {TOKEN:?}, {count}, {size})", self.with_checksums);
        Contestant { name: "Nearput", call }
    }
}

/// The first so many of the bucket's addresses, as a list in JavaScript.
fn addresses(count: usize) -> Value {
    let all = [
        format!("https://{BUCKET}.s3.{REGION}.amazonaws.com"),
        format!("https://{BUCKET}.s3.dualstack.{REGION}.amazonaws.com"),
        format!("https://s3.{REGION}.amazonaws.com/{BUCKET}"),
        format!("https://s3.dualstack.{REGION}.amazonaws.com/{BUCKET}"),
    ];
    all.into_iter().take(count).collect()
}
