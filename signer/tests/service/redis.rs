//! A Redis of its own, at a port of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Redis {
    pub(crate) address: SocketAddr,
    password: Option<&'static str>,
    server: Option<Child>,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    pub(crate) async fn start_with(password: Option<&'static str>) -> Self {
        loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            drop(listener);
            let mut redis = Self { address, password, server: None };
            // Somebody else may have taken the port by now.
            if redis.run().await {
                return redis;
            }
        }
    }

    /// Where signers find it.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("runs");
            server.wait().expect("ended");
        }
    }

    /// At the same port, and with nothing in it.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        assert!(self.run().await, "the port is taken");
    }

    /// What it answers to a command.
    pub(crate) async fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        let login = self.password.map(|password| format!("AUTH {password}\r\n")).unwrap_or_default();
        stream.write_all(format!("{login}{command}\r\nQUIT\r\n").as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }

    async fn run(&mut self) -> bool {
        let port = self.address.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        if let Some(password) = self.password {
            command.args(["--requirepass", password]);
        }
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = server.expect("redis-server is missing: `cargo xtask setup` installs it");
        loop {
            if self.ask("PING").await.is_some_and(|answer| answer.contains("PONG")) {
                self.server = Some(server);
                return true;
            }
            if server.try_wait().expect("a child").is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
