//! The signer's own program, with an identity provider and a storage beside it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nearput_dev::{EmbeddedS3, EmbeddedS3Options, TestIssuer};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

const BUCKET: &str = "bench";
/// Thirty-two bytes, in base64.
const TICKET_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Ends with the value.
pub(super) struct Program {
    process: Child,
    address: SocketAddr,
    token: String,
    ready_after: Duration,
    _issuer: TestIssuer,
    _storage: EmbeddedS3,
    _folder: TempDir,
}

impl Program {
    pub(super) async fn start() -> Result<Self> {
        let program = std::env::var_os("NEARPUT_SIGNER").context("run this by `cargo xtask bench signer`")?;
        let folder = tempfile::tempdir()?;
        let issuer = TestIssuer::start().await?;
        let storage = EmbeddedS3::start(EmbeddedS3Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            listen_tls: None,
            data: folder.path().join("storage"),
            buckets: vec![BUCKET.to_owned()],
            access_key: "id".to_owned(),
            secret_key: "secret".to_owned(),
            allowed_origins: Vec::new(),
        })
        .await?;
        let address = free_address().await?;
        let config = folder.path().join("signer.toml");
        std::fs::write(&config, configuration(address, storage.addr(), &issuer))?;

        let started = Instant::now();
        let process = on_first_core(Path::new(&program))
            .args(["serve", "--config"])
            .arg(&config)
            .env("NEARPUT_TICKET_KEYS", format!("1:{TICKET_KEY}"))
            .env("NEARPUT_SITE_BENCH_ACCESS_KEY_ID", "id")
            .env("NEARPUT_SITE_BENCH_SECRET_ACCESS_KEY", "secret")
            .stderr(Stdio::null())
            .spawn()
            .context("the signer does not start; it needs `taskset`, of util-linux")?;
        let token = issuer.token(json!({ "sub": "9f1c2e4a-0c8e-4f0b-9d5e-1b2a3c4d5e6f" }));
        let mut own = Self {
            process,
            address,
            token,
            ready_after: Duration::ZERO,
            _issuer: issuer,
            _storage: storage,
            _folder: folder,
        };
        wait_for(address).await?;
        own.ready_after = started.elapsed();
        Ok(own)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn headers(&self) -> BTreeMap<&'static str, String> {
        [("authorization", format!("Bearer {}", self.token)), ("content-type", "application/json".to_owned())].into()
    }

    /// From the start of the process until it took a connection.
    pub(super) fn ready_ms(&self) -> u64 {
        u64::try_from(self.ready_after.as_millis()).unwrap_or(u64::MAX)
    }

    /// See proc_pid_status(5).
    pub(super) fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no such line")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program that has the first core for itself.
pub(super) fn on_first_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0"]).arg(program);
    command
}

pub(super) async fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

pub(super) async fn wait_for(address: SocketAddr) -> Result<()> {
    for _ in 0..20_000 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!("nobody listens at {address}")
}

fn configuration(address: SocketAddr, storage: SocketAddr, issuer: &TestIssuer) -> String {
    format!(
        "listen = '{address}'
         {}
         [[sites]]
         id = 'bench'
         region = 'us-east-1'
         bucket = '{BUCKET}'
         endpoint = 'http://{storage}'
         credentials = 'environment'",
        issuer.config()
    )
}
