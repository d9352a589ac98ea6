//! The demo page's server: the web folder as it is, where the page finds its signer, and the page's controls over the world.

mod controls;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderName, HeaderValue};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::running::Running;
use controls::Controls;

pub use controls::{Asked, Command, Demo, ShownPath, ShownSite, Surroundings};

/// What the page is told, and may reach.
#[derive(Debug, Clone)]
pub struct PageOptions {
    /// The folder that holds `index.html`.
    pub web: PathBuf,
    /// What `GET /demo.json` answers at first.
    pub demo: Demo,
    /// Sources of a content security policy: signers and storages, such as `http://127.0.0.1:4402`.
    pub sources: Vec<String>,
}

/// A port that the page will be served at: known before the servers that must allow the page's origin.
pub struct PagePort {
    address: SocketAddr,
    running: Running,
    listener: TcpListener,
}

/// A server of the demo page.
pub struct PageServer {
    address: SocketAddr,
    options: PageOptions,
    running: Option<Running>,
    demo: watch::Sender<Demo>,
    controls: Controls,
    commands: mpsc::Receiver<Asked>,
}

impl PagePort {
    /// Takes the port; 0 takes a free one.
    pub async fn open(listen: SocketAddr) -> Result<Self> {
        let running = Running::new()?;
        let listener = running.listen(listen).await?;
        Ok(Self { address: listener.local_addr()?, running, listener })
    }

    /// Where the page will be.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }
}

impl PageServer {
    /// Starts to serve. Fails where the web folder has no page.
    pub fn start(port: PagePort, options: PageOptions) -> Result<Self> {
        let web = options.web.display();
        ensure!(options.web.join("index.html").is_file(), "there is no index.html in {web}; name the web folder");
        let demo = watch::Sender::new(options.demo.clone());
        let (controls, commands) = Controls::new(&demo);
        let mut server = Self { address: port.address, options, running: None, demo, controls, commands };
        server.serve(port)?;
        Ok(server)
    }

    /// Where it listens, also while it is stopped.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Drops every connection and frees the port.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Serves again at the same address, after a stop.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.serve(PagePort::open(self.address).await?)
    }

    /// From now on, this is what the page is told.
    pub fn tell(&self, demo: Demo) {
        self.demo.send_replace(demo);
    }

    /// Waits until somebody uses the page's controls. None can, once the server is gone.
    pub async fn asked(&mut self) -> Option<Asked> {
        self.commands.recv().await
    }

    fn serve(&mut self, port: PagePort) -> Result<()> {
        port.running.serve(port.listener, self.options.router(&self.controls)?);
        self.running = Some(port.running);
        Ok(())
    }
}

impl PageOptions {
    fn router(&self, controls: &Controls) -> Result<Router> {
        Ok(Router::new()
            .route("/demo.json", get(controls::demo))
            .route("/demo/place", post(controls::place))
            .route("/demo/down", post(controls::down))
            .with_state(controls.clone())
            .fallback_service(ServeDir::new(&self.web))
            .layer(always(CACHE_CONTROL, HeaderValue::from_static("no-cache")))
            .layer(always(CONTENT_SECURITY_POLICY, self.content_security_policy()?)))
    }

    /// Strict, so that the demo shows what a page must allow for its uploads.
    fn content_security_policy(&self) -> Result<HeaderValue> {
        let policy = format!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; \
             connect-src 'self' {}; style-src 'self'; img-src 'self' blob: data:",
            self.sources.join(" ")
        );
        policy.try_into().context("the addresses of signer and storage cannot stand in a header")
    }
}

fn always(name: HeaderName, value: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, value)
}
