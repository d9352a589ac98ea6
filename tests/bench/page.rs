//! The benchmarks' page, and Nearput beside it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;

/// A server of the page. It ends with the value.
pub(crate) struct PageServer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl PageServer {
    pub(crate) async fn start() -> Result<Self> {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let web = tests.join("../web");
        ensure!(web.join("pkg").is_dir(), "the client is not built: run `cargo xtask bench`");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("the page has no port")?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .nest_service("/bench", ServeDir::new(tests.join("bench/page")))
            .fallback_service(ServeDir::new(web));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, serving })
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
