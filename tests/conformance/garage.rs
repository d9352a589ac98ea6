//! Garage: an S3 server by others, with nothing in common with the SDK by which the signer signs.
//!
//! It is licensed under the AGPL. It is built apart, never linked, and runs as a process of its own.
//! See <https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/>.

use std::process::{Command, Stdio};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use nearput_tests::program::{Running, free_port, installed};
use tempfile::TempDir;
use tokio::net::TcpStream;

pub(crate) const BUCKET: &str = "uploads";
pub(crate) const ACCESS_KEY: &str = "GK31c2f218a2e44f485b94239e";
pub(crate) const SECRET_KEY: &str = "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835";

/// Garage does not take port 0.
const TRIES: usize = 5;

pub(crate) struct Garage {
    pub(crate) address: String,
    pub(crate) client: Client,
    _running: Running,
    _data: TempDir,
}

impl Garage {
    pub(crate) async fn start() -> Self {
        for _ in 0..TRIES {
            if let Some(started) = Self::try_to_start().await {
                return started;
            }
        }
        panic!("Garage has not started {TRIES} times; run it by hand to see why");
    }

    async fn try_to_start() -> Option<Self> {
        let data = tempfile::tempdir().expect("a directory");
        let address = format!("127.0.0.1:{}", free_port());
        let config = data.path().join("garage.toml");
        std::fs::write(&config, configuration(&data, &address)).expect("written");
        let mut command = Command::new(installed("NEARPUT_GARAGE"));
        command
            .arg("--config")
            .arg(config)
            .args(["server", "--single-node", "--default-bucket"])
            .env_clear()
            .env("GARAGE_DEFAULT_ACCESS_KEY", ACCESS_KEY)
            .env("GARAGE_DEFAULT_SECRET_KEY", SECRET_KEY)
            .env("GARAGE_DEFAULT_BUCKET", BUCKET)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut running = Running::start(&mut command);
        while TcpStream::connect(&address).await.is_err() {
            if running.has_ended() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let client = client(&address);
        // The port is open before the bucket is there.
        while client.head_bucket().bucket(BUCKET).send().await.is_err() {
            if running.has_ended() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(Self { address, client, _running: running, _data: data })
    }

    /// The keys of all objects.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket(BUCKET).send().await.expect("a list");
        listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    /// Removes all objects.
    pub(crate) async fn clear(&self) {
        for key in self.objects().await {
            self.client.delete_object().bucket(BUCKET).key(key).send().await.expect("removed");
        }
    }
}

fn configuration(data: &TempDir, address: &str) -> String {
    let (folder, rpc) = (data.path().display(), free_port());
    format!(
        "metadata_dir = '{folder}/meta'\ndata_dir = '{folder}/data'\ndb_engine = 'lmdb'\nreplication_factor = 1
        rpc_bind_addr = '127.0.0.1:{rpc}'\nrpc_public_addr = '127.0.0.1:{rpc}'\nrpc_secret = '{}'
        [s3_api]\ns3_region = 'us-east-1'\napi_bind_addr = '{address}'",
        "17".repeat(32)
    )
}

fn client(address: &str) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .force_path_style(true)
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"))
        .http_client(http);
    Client::from_conf(config.build())
}
