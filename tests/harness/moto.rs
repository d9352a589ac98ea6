//! moto: a server of AWS's calls by others. See <https://docs.getmoto.org>.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::program::{Running, free_port, installed};

/// A port may be taken while moto starts.
const TRIES: usize = 5;

/// A moto of one test's own; it ends with the test.
pub struct Moto {
    pub url: String,
    _running: Running,
}

impl Moto {
    /// As it is installed.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_by(&|| Command::new(installed("NEARPUT_MOTO_SERVER")), environment).await
    }

    /// By a script in Python, which takes the same arguments.
    pub async fn start_script(script: &Path, environment: &[(&str, &str)]) -> Self {
        let python = installed("NEARPUT_MOTO_SERVER").with_file_name("python");
        let by_script = || {
            let mut command = Command::new(&python);
            command.arg(script);
            command
        };
        Self::start_by(&by_script, environment).await
    }

    async fn start_by(program: &dyn Fn() -> Command, environment: &[(&str, &str)]) -> Self {
        for _ in 0..TRIES {
            if let Some(started) = Self::try_to_start(program(), environment).await {
                return started;
            }
        }
        panic!("moto has not started {TRIES} times; run it by hand to see why");
    }

    async fn try_to_start(mut command: Command, environment: &[(&str, &str)]) -> Option<Self> {
        let port = free_port().to_string();
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
}
