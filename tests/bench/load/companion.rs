//! Uppy Companion, as its documentation has it run: <https://uppy.io/docs/companion/>. It asks nobody who he is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::measure::Case;
use super::program::{free_address, on_first_core, wait_for};

/// Ends with the value.
pub(super) struct Companion {
    process: Child,
    address: SocketAddr,
    _data: TempDir,
}

impl Companion {
    pub(super) async fn start() -> Result<Self> {
        let program = std::env::var_os("NEARPUT_COMPANION").context("run this by `cargo xtask bench signer`")?;
        let data = tempfile::tempdir()?;
        let address = free_address().await?;
        let process = on_first_core(Path::new(&program))
            .env("NODE_ENV", "production")
            .env("COMPANION_DATADIR", data.path())
            .env("COMPANION_DOMAIN", address.to_string())
            .env("COMPANION_PROTOCOL", "http")
            .env("COMPANION_PORT", address.port().to_string())
            .env("COMPANION_SECRET", "a secret of this benchmark's alone")
            .env("COMPANION_PREAUTH_SECRET", "another secret of this benchmark's")
            .env("COMPANION_CLIENT_ORIGINS", "http://localhost")
            .env("COMPANION_UPLOAD_URLS", "http://localhost")
            .env("COMPANION_AWS_KEY", "AKIAIOSFODNN7EXAMPLE")
            .env("COMPANION_AWS_SECRET", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("COMPANION_AWS_BUCKET", "bench")
            .env("COMPANION_AWS_REGION", "us-east-1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("Companion does not start")?;
        let own = Self { process, address, _data: data };
        wait_for(address).await?;
        Ok(own)
    }

    /// Has so many parts signed by each call.
    pub(super) fn case(&self, name: &'static str, parts: u32) -> Case {
        let upload = format!("http://{}/s3/multipart/abcdefgh", self.address);
        let key = "key=9f1c2e4a-0c8e-4f0b-9d5e-1b2a3c4d5e6f-film.mp4";
        let numbers: Vec<_> = (1..=parts).map(|number| number.to_string()).collect();
        let url = match parts {
            1 => format!("{upload}/1?{key}"),
            _ => format!("{upload}/batch?{key}&partNumbers={}", numbers.join(",")),
        };
        Case { name, method: "GET", url, headers: BTreeMap::new(), body: String::new() }
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
