//! A storage without a bottom: it answers S3's calls as S3 does, and throws the bytes away.
//!
//! It keeps disk and hashing out of a measurement, so it believes what it is told: signatures are not verified, and a part's
//! checksum is the one in its header. The embedded S3 of `nearput-dev` is the one that checks.
//!
//! Browsers reach it by TLS and HTTP/1.1, as they reach S3, under any of AWS's host names that is mapped to it; a signer by plain HTTP.

mod answer;
mod call;
mod cors;
mod form;
mod store;
mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use store::Store;
pub use store::StoredObject;

/// rustls asks for 4 KiB at a time; the system is asked for more.
const READ_AHEAD: usize = 256 << 10;

/// A running sink. It ends with the value, and all its connections with it.
pub struct Sink {
    https: SocketAddr,
    http: SocketAddr,
    store: Arc<Store>,
    accepting: [JoinHandle<()>; 2],
}

impl Sink {
    pub async fn start() -> Result<Self> {
        let store = Arc::new(Store::default());
        let (http, https) = (listen().await?, listen().await?);
        let addresses = (http.local_addr()?, https.local_addr()?);
        let accepting = [
            tokio::spawn(accept(http, None, Arc::clone(&store))),
            tokio::spawn(accept(https, Some(tls::acceptor()?), Arc::clone(&store))),
        ];
        Ok(Self { http: addresses.0, https: addresses.1, store, accepting })
    }

    /// Where browsers are to be sent.
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// Where a signer reaches it.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// What it would have stored under a key.
    pub fn object(&self, bucket: &str, key: &str) -> Option<StoredObject> {
        self.store.object(bucket, key)
    }

    /// How many multipart uploads have been neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.store.open_uploads()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
    }
}

async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, store: Arc<Store>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(welcome(stream, tls.clone(), Arc::clone(&store)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection. Whatever ends it, the browser hears of it by itself.
async fn welcome(stream: TcpStream, tls: Option<TlsAcceptor>, store: Arc<Store>) {
    let _ = stream.set_nodelay(true);
    let stream = BufReader::with_capacity(READ_AHEAD, stream);
    match tls {
        None => serve(stream, store).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, store).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, store: Arc<Store>) {
    let service = service_fn(move |request| {
        let store = Arc::clone(&store);
        async move { answer::answer(&store, request).await }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
