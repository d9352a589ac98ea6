//! An S3 server on this machine, as strict as S3 where an upload depends on it.
//!
//! [`s3s`] speaks the protocol and verifies signatures, [`s3s_fs`] keeps and lists the buckets. What an upload needs beyond
//! that is added here: bytes are checked before anything is stored ([`body`]), parts and objects keep their ETags and
//! checksums ([`records`]), a multipart upload is verified whole before its object appears ([`complete`]), and objects are
//! copied to other servers ([`replication`]).
//! The bytes do not go through `s3s_fs`: it names files after the whole key, in base64, which no file system takes for
//! keys over some 130 bytes, and it reads in 4 KiB blocks.

mod access;
mod body;
mod checksums;
mod complete;
mod cors;
mod form;
mod hosts;
mod layout;
mod listing;
mod locks;
mod objects;
mod promises;
mod read;
mod records;
mod replication;
mod sessions;
mod storage;
mod sts;
mod tags;
mod uploads;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::from_fn;
use axum::serve::Listener as _;
use s3s::service::S3ServiceBuilder;
use tower::ServiceBuilder;
use tower_http::set_header::SetResponseHeaderLayer;
use uuid::Uuid;

use crate::running::Running;
use access::EverythingSigned;
use hosts::AwsHosts;
use layout::Layout;
use replication::{Replication, State};
use sessions::Keys;
use storage::Storage;
use sts::Sts;

pub use replication::Destination;
pub use sessions::{Session, Sessions};

/// How an embedded S3 is set up.
#[derive(Debug, Clone)]
pub struct EmbeddedS3Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where TLS is spoken as well, with a certificate that nobody has signed. Port 0 takes a free one.
    pub listen_tls: Option<SocketAddr>,
    /// The folder that holds the buckets; it is made where missing, and what it holds survives a restart.
    pub data: PathBuf,
    /// Made where missing.
    pub buckets: Vec<String>,
    pub access_key: String,
    pub secret_key: String,
    /// The origins of the pages that may upload, such as `http://127.0.0.1:4400`.
    pub allowed_origins: Vec<String>,
}

/// An S3 server on this machine.
pub struct EmbeddedS3 {
    options: EmbeddedS3Options,
    layout: Layout,
    sessions: Sessions,
    replication: Replication,
    state: State,
    running: Option<Running>,
}

impl EmbeddedS3 {
    /// Starts to serve. Fails where the port is taken or the data folder cannot be written.
    pub async fn start(options: EmbeddedS3Options) -> Result<Self> {
        let layout = Layout::open(&options.data, &options.buckets)
            .with_context(|| format!("cannot keep buckets in {}", options.data.display()))?;
        let (sessions, replication, state) = (Sessions::default(), Replication::default(), State::default());
        let mut server = Self { options, layout, sessions, replication, state, running: None };
        server.serve().await?;
        Ok(server)
    }

    /// Where it listens, also while it is stopped.
    pub fn addr(&self) -> SocketAddr {
        self.options.listen
    }

    /// Where it speaks TLS, if it does, also while it is stopped.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.options.listen_tls
    }

    /// The temporary credentials that it knows. They outlive a restart.
    pub fn sessions(&self) -> Sessions {
        self.sessions.clone()
    }

    /// From now on, what is stored here by a client is copied to the others after a while, and has versions. A copy waits for a server
    /// that is stopped.
    pub fn replicate_to(&self, others: Vec<Destination>, delay: Duration) {
        self.replication.set(others, delay);
    }

    /// One of the buckets, for others to copy to.
    pub fn destination(&self, bucket: &str) -> Destination {
        Destination::new(bucket, &self.layout, &self.state)
    }

    /// Whether copies from others fail here, as where the role's policy is wrong.
    pub fn refuse_replicas(&self, refuse: bool) {
        self.state.refuse(refuse);
    }

    /// Drops every connection and frees the port; what is stored stays.
    pub async fn stop(&mut self) {
        self.state.set_up(false);
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Serves again at the same address, after a stop.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.serve().await
    }

    /// The file that holds an object's bytes, if there is such an object.
    pub fn object(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        self.layout.object(bucket, key).ok().filter(|path| path.is_file())
    }

    /// How many multipart uploads have been neither completed nor aborted.
    pub fn open_uploads(&self) -> Result<usize> {
        Ok(records::open_uploads(&self.layout).context("cannot list the open uploads")?.len())
    }

    async fn serve(&mut self) -> Result<()> {
        let running = Running::new()?;
        let listener = running.listen(self.options.listen).await?;
        self.options.listen = listener.local_addr()?;
        let router = self.router()?;
        if let Some(address) = self.options.listen_tls {
            let listener = running.listen_tls(address).await?;
            self.options.listen_tls = Some(listener.local_addr()?);
            running.serve_tls(listener, router.clone());
        }
        running.serve(listener, router);
        {
            let _runtime = running.handle().enter();
            self.replication.go_on(&self.layout, &self.options.buckets)?;
        }
        self.state.set_up(true);
        self.running = Some(running);
        Ok(())
    }

    fn router(&self) -> Result<Router> {
        self.layout.discard_incoming()?;
        let mut s3 = S3ServiceBuilder::new(Storage::new(Arc::new(self.layout.clone()), self.replication.clone())?);
        let keys = Keys {
            access_key: self.options.access_key.clone(),
            secret_key: self.options.secret_key.clone(),
            sessions: self.sessions(),
        };
        s3.set_host(AwsHosts);
        s3.set_auth(keys.clone());
        s3.set_route(Sts(keys.clone()));
        s3.set_access(EverythingSigned(keys));
        let request_id = SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static("x-amz-request-id"),
            |_: &axum::http::Response<_>| HeaderValue::from_str(&Uuid::new_v4().simple().to_string()).ok(),
        );
        let service = ServiceBuilder::new()
            .layer(HandleErrorLayer::new(|_: s3s::HttpError| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .service(s3.build());
        let router = Router::new().fallback_service(service).layer(from_fn(form::read)).layer(request_id);
        cors::allow(router, &self.options.allowed_origins)
    }
}
