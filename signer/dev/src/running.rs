//! A server on its own runtime: stopping it drops its connections and frees its port.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::tls::TlsListener;

/// How long a stop waits for work that cannot be interrupted, such as writing a file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that runs until it is stopped or dropped.
pub(crate) struct Running {
    runtime: Option<Runtime>,
}

impl Running {
    /// A runtime with nothing on it yet.
    pub(crate) fn new() -> Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start a server's threads")?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Where the server's tasks are spawned.
    pub(crate) fn handle(&self) -> &Handle {
        self.runtime.as_ref().expect("the runtime is taken only by stop and drop").handle()
    }

    /// Serves `router` at the listener, which must belong to this runtime.
    pub(crate) fn serve(&self, listener: TcpListener, router: Router) {
        let listener = listener.tap_io(|connection| {
            // Without it small replies can wait for the other side's delayed acknowledgement.
            let _ = connection.set_nodelay(true);
        });
        self.handle().spawn(axum::serve(listener, router).into_future());
    }

    /// Serves `router` at the listener, which must belong to this runtime.
    pub(crate) fn serve_tls(&self, listener: TlsListener, router: Router) {
        self.handle().spawn(axum::serve(listener, router).into_future());
    }

    /// Opens a port whose connections will be served by this runtime.
    pub(crate) async fn listen(&self, address: SocketAddr) -> Result<TcpListener> {
        self.run(TcpListener::bind(address)).await.with_context(|| format!("it cannot listen on {address}"))
    }

    /// Opens a port for TLS, whose connections will be served by this runtime.
    pub(crate) async fn listen_tls(&self, address: SocketAddr) -> Result<TlsListener> {
        let listener = self.listen(address).await?;
        self.run(async { TlsListener::new(listener) }).await
    }

    /// Runs a step of a server's start on this runtime.
    pub(crate) async fn run<T: Send + 'static, E: Into<anyhow::Error> + Send + 'static>(
        &self,
        step: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T> {
        self.handle().spawn(step).await.context("a server's start failed")?.map_err(Into::into)
    }

    /// Drops every connection and frees the port.
    pub(crate) async fn stop(mut self) {
        if let Some(runtime) = self.runtime.take() {
            let stopped = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await;
            stopped.expect("shutting a runtime down does not panic");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A port of this machine; 0 is any free one.
pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
