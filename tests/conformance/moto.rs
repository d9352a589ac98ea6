//! moto: a server of AWS's calls by others, here for those of STS. See <https://docs.getmoto.org>.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;

use crate::client::Request;
use crate::program::{Running, free_port, installed};

/// A port may be taken while moto starts.
const TRIES: usize = 5;

pub(crate) struct Moto {
    pub(crate) url: String,
    _running: Running,
}

impl Moto {
    pub(crate) async fn start(environment: &[(&str, &str)]) -> Self {
        for _ in 0..TRIES {
            if let Some(started) = Self::try_to_start(environment).await {
                return started;
            }
        }
        panic!("moto has not started {TRIES} times; run it by hand to see why");
    }

    async fn try_to_start(environment: &[(&str, &str)]) -> Option<Self> {
        let port = free_port().to_string();
        let mut command = Command::new(installed("NEARPUT_MOTO_SERVER"));
        command.args(["--host", "127.0.0.1", "--port", &port]).envs(environment.iter().copied());
        let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
        let address = format!("127.0.0.1:{port}");
        while TcpStream::connect(&address).await.is_err() {
            if running.has_ended() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(Self { url: format!("http://{address}"), _running: running })
    }

    /// The sessions that it has given out.
    pub(crate) async fn sessions(&self) -> Vec<Value> {
        let url = format!("{}/moto-api/data.json", self.url);
        let request = Request { method: "GET".to_owned(), url, headers: Default::default(), body: Vec::new() };
        let data: Value = serde_json::from_slice(&request.send().await.body).expect("JSON");
        data["sts"]["AssumedRole"].as_array().cloned().unwrap_or_default()
    }
}
