//! A Redis of its own, at a port of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Redis {
    pub(crate) address: SocketAddr,
    password: Option<&'static str>,
    /// The folder with its certificate, where it speaks TLS.
    certified: Option<PathBuf>,
    server: Option<Child>,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        Self::start_as(None, None).await
    }

    pub(crate) async fn start_with_password(password: &'static str) -> Self {
        Self::start_as(Some(password), None).await
    }

    /// With the certificate and the key in this folder.
    pub(crate) async fn start_with_tls(certified: &Path) -> Self {
        Self::start_as(None, Some(certified.to_owned())).await
    }

    async fn start_as(password: Option<&'static str>, certified: Option<PathBuf>) -> Self {
        loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            drop(listener);
            let mut redis = Self { address, password, certified: certified.clone(), server: None };
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

    async fn answers(&self) -> bool {
        match self.certified {
            Some(_) => TcpStream::connect(self.address).await.is_ok(),
            None => self.ask("PING").await.is_some_and(|answer| answer.contains("PONG")),
        }
    }

    async fn run(&mut self) -> bool {
        let port = self.address.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        if let Some(password) = self.password {
            command.args(["--requirepass", password]);
        }
        if let Some(certified) = &self.certified {
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no", "--tls-cert-file"]);
            command.arg(certified.join("certificate.pem")).arg("--tls-key-file").arg(certified.join("key.pem"));
            command.arg("--tls-ca-cert-file").arg(certified.join("certificate.pem"));
        }
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = server.expect("redis-server is missing: `cargo xtask setup` installs it");
        loop {
            if self.answers().await {
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
