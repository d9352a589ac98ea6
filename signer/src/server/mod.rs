//! The service on its port.

mod client;
mod door;
mod lambda;
mod live;
mod surround;
mod tls;

use std::net::SocketAddr;
use std::{fmt, io};

use axum::ServiceExt;
use axum::extract::Request;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsAcceptor;
use tokio::net::TcpListener;

use crate::app::BuildError;
use crate::config::{self, Config, Secrets};
pub(crate) use client::ClientAddress;
use door::Door;
pub use lambda::{Function, build_function};
use live::Live;
pub use live::{Reload, ReloadError};
use tls::Certificate;
pub use tls::TlsError;

/// The most that the head of a request may take. A token has a few kilobytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// The most calls at a time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// A signer that is bound to its port and ready to run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    live: Live,
    options: config::Server,
    certificate: Option<Certificate>,
}

/// Puts a signer together and binds its port. Port 0 takes any free one.
pub async fn build(config: Config, secrets: Secrets) -> Result<Server, BuildError> {
    let listen = config.listen;
    let options = config.server.clone();
    let certificate = options.tls.clone().map(Certificate::read).transpose()?;
    let live = Live::new(config, secrets).await?;
    let listen_error = |problem| BuildError::Listen { address: listen, problem };
    let listener = TcpListener::bind(listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    Ok(Server { listener, address, live, options, certificate })
}

impl Server {
    /// Where the signer listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// By which it is given another configuration while it runs.
    pub fn reload(&self) -> Reload {
        self.live.reload(self.certificate.clone())
    }

    /// Serves until `shutdown` is done, and then finishes the calls that have begun.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, address, live, options, certificate } = self;
        tracing::info!(%address, tls = certificate.is_some(), "listening");
        let handle = Handle::new();
        let door = Door::new(options.max_connections, options.idle_timeout);
        let mut server = axum_server::Server::<SocketAddr>::from_listener(listener)
            .handle(handle.clone())
            .first_request_timeout(options.header_timeout)
            .accept_error_handler(|client, error| tracing::debug!(?client, %error, "a connection was not taken"));
        // The time-out of a head starts with the wait for it.
        server.http_builder().http1().header_read_timeout(options.idle_timeout).max_buf_size(MAX_HEAD_BYTES);
        server.http_builder().http2().max_concurrent_streams(MAX_STREAMS);

        let stop = async {
            shutdown.await;
            tracing::info!("stopping");
            handle.graceful_shutdown(Some(options.shutdown_grace));
            std::future::pending().await
        };
        let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(live);
        match certificate {
            None => or_never(server.acceptor(door).serve(service), stop).await,
            Some(certificate) => {
                let acceptor = RustlsAcceptor::new(certificate.shown.clone())
                    .handshake_timeout(options.header_timeout)
                    .acceptor(door);
                let served = or_never(server.acceptor(acceptor).serve(service), stop);
                or_never(served, async move { certificate.keep_renewing().await }).await
            }
        }
    }
}

/// The outcome of the first, while the second is at work beside it and has none.
async fn or_never<T>(first: impl Future<Output = T>, beside: impl Future<Output = ()>) -> T {
    tokio::select! {
        outcome = first => outcome,
        () = beside => unreachable!("it has no end"),
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{SiteCredentials, TicketKey};

    #[tokio::test]
    async fn a_signer_stops_when_it_is_told_and_frees_its_port() {
        let config = "listen = '127.0.0.1:0'\n[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'\n\
                      credentials = 'environment'\nendpoint = 'http://127.0.0.1:9'";
        let credentials = SiteCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        };
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "k".to_owned(), secret: vec![0; 32] }],
            development_token: Some("token".to_owned()),
            site_credentials: [("a".to_owned(), credentials)].into(),
            ..Secrets::default()
        };
        let server = build(Config::parse(config).expect("valid"), secrets).await.expect("builds");
        let address = server.local_addr();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        let _idle = tokio::net::TcpStream::connect(address).await.expect("connects");
        tokio::time::sleep(Duration::from_millis(50)).await;

        stop.send(()).expect("running");
        let ended = tokio::time::timeout(Duration::from_secs(5), running).await.expect("in time");
        ended.expect("no panic").expect("no error");
        TcpListener::bind(address).await.expect("the port is free");
    }
}
