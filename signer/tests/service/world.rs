//! A signer in front of a storage.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nearput_api::{
    CompleteUpload, CompleteUploads, CompletedPart, CompletedUpload, CompletedUploads, OpenFile, OpenUploads,
    OpenedUpload, OpenedUploads, Outcome, PartToSign, Plan, path,
};
use nearput_signer::{Config, Secrets, SiteCredentials, TicketKey, build};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::client::{Reply, send};
use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};

pub(crate) const TOKEN: &str = "the development token";
pub(crate) const WEBHOOK_SECRET: &[u8] = b"the secret of all webhooks";
pub(crate) const METRICS_TOKEN: &str = "the token for metrics";
/// The ids of sites that may have `credentials = 'environment'`.
pub(crate) const SITES: [&str; 3] = ["local", "second", "third"];
pub(crate) const PART: u64 = 5 << 20;
pub(crate) const ORIGIN: &str = "http://page.example:4400";

/// What differs between signers.
pub(crate) struct Options {
    /// Keys before all tables.
    pub(crate) top: &'static str,
    pub(crate) secret_key: &'static str,
    pub(crate) ticket_lifetime: &'static str,
    pub(crate) limits: &'static str,
    pub(crate) metrics_token: Option<&'static str>,
    /// The id of each ticket key, and the byte that it is made of.
    pub(crate) ticket_keys: &'static [(&'static str, u8)],
    /// Further keys of the site.
    pub(crate) site: String,
    /// Further tables.
    pub(crate) tables: String,
    pub(crate) redis_password: Option<String>,
    pub(crate) downloads_key: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            top: "",
            secret_key: SECRET_KEY,
            ticket_lifetime: "1h",
            limits: "max_file_size = 60000000000",
            metrics_token: Some(METRICS_TOKEN),
            ticket_keys: &[("k1", 7)],
            site: String::new(),
            tables: String::new(),
            redis_password: None,
            downloads_key: None,
        }
    }
}

pub(crate) struct Signer {
    pub(crate) address: SocketAddr,
    server: JoinHandle<()>,
    stop: Arc<Notify>,
}

impl Signer {
    pub(crate) async fn start(storage: SocketAddr, options: Options) -> Self {
        let Options {
            top,
            secret_key,
            ticket_lifetime,
            limits,
            site,
            tables,
            redis_password,
            metrics_token,
            downloads_key,
            ..
        } = options;
        let key = |&(id, byte): &(&str, u8)| TicketKey { id: id.to_owned(), secret: vec![byte; 32] };
        let ticket_keys = options.ticket_keys.iter().map(key).collect();
        let config = format!(
            "listen = '127.0.0.1:0'
            allowed_origins = ['{ORIGIN}']
            {top}
            tickets.lifetime = '{ticket_lifetime}'
            [limits]
            {limits}
            [[sites]]
            id = 'local'
            region = 'us-east-1'
            bucket = '{BUCKET}'
            endpoint = 'http://{storage}'
            credentials = 'environment'
            {site}
            {tables}"
        );
        let metrics_token = metrics_token.map(str::to_owned);
        Self::with(
            &config,
            Secrets { metrics_token, redis_password, ticket_keys, downloads_key, ..secrets(secret_key) },
        )
        .await
    }

    /// A signer of this configuration, whose site is `local`.
    pub(crate) async fn of(config: &str, secret_key: &str, metrics_token: Option<&str>) -> Self {
        Self::with(config, Secrets { metrics_token: metrics_token.map(str::to_owned), ..secrets(secret_key) }).await
    }

    async fn with(config: &str, secrets: Secrets) -> Self {
        let server = build(Config::parse(config).expect("a configuration"), secrets).await.expect("a signer");
        let address = server.local_addr();
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let run = async { server.run(async move { stopped.notified().await }).await.expect("serves") };
        Self { address, server: tokio::spawn(run), stop }
    }

    /// Tells the signer to stop, as an operator would, and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.stop.notify_one();
        (&mut self.server).await.expect("no panic");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A call with a body of JSON and the right token.
    pub(crate) async fn call(&self, path: &str, body: &impl Serialize) -> Reply {
        self.call_with(path, serde_json::to_vec(body).expect("JSON")).await
    }

    /// A call with any body and the right token.
    pub(crate) async fn call_with(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        send("POST", &self.url(path), &headers, body.into()).await
    }

    pub(crate) async fn open_all(&self, files: Vec<OpenFile>) -> Vec<Outcome<OpenedUpload>> {
        let opened: OpenedUploads =
            self.call(path::OPEN, &OpenUploads { site: None, by_access_point: false, files }).await.json();
        opened.uploads
    }

    pub(crate) async fn open(&self, file: OpenFile) -> OpenedUpload {
        done(self.open_all(vec![file]).await.remove(0))
    }

    pub(crate) async fn complete(&self, upload: CompleteUpload) -> Outcome<CompletedUpload> {
        let body = CompleteUploads { uploads: vec![upload] };
        let mut completed: CompletedUploads = self.call(path::COMPLETE, &body).await.json();
        completed.uploads.remove(0)
    }
}

fn secrets(secret_key: &str) -> Secrets {
    let credentials = SiteCredentials {
        access_key_id: ACCESS_KEY.to_owned(),
        secret_access_key: secret_key.to_owned(),
        session_token: None,
    };
    Secrets {
        ticket_keys: vec![TicketKey { id: "k1".to_owned(), secret: vec![7; 32] }],
        development_token: Some(TOKEN.to_owned()),
        webhook_secrets: vec![WEBHOOK_SECRET.to_vec()],
        site_credentials: SITES.map(|id| (id.to_owned(), credentials.clone())).into(),
        ..Secrets::default()
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) async fn start() -> (Storage, Signer) {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Options::default()).await;
    (storage, signer)
}

pub(crate) fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(done) => done,
        Outcome::Failed(error) => panic!("{error:?}"),
    }
}

pub(crate) fn failed<T: std::fmt::Debug>(outcome: Outcome<T>) -> nearput_api::ErrorCode {
    match outcome {
        Outcome::Done(done) => panic!("{done:?}"),
        Outcome::Failed(error) => error.error.code,
    }
}

/// Bytes that differ from place to place.
pub(crate) fn bytes(len: u64) -> Vec<u8> {
    (0..len).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

pub(crate) fn checksum(bytes: &[u8]) -> String {
    let checksum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    BASE64_STANDARD.encode(checksum.to_be_bytes())
}

/// A file of these bytes, cut by the plan, with all its parts to be signed.
pub(crate) fn file(bytes: &[u8], plan: Plan) -> OpenFile {
    let size = bytes.len() as u64;
    let parts = (1..).map_while(|number| {
        let range = plan.part_range(size, number)?;
        let checksum = Some(checksum(&bytes[range.start as usize..range.end as usize]));
        Some(PartToSign { number, checksum })
    });
    OpenFile {
        name: "photo of ü.jpg".to_owned(),
        size,
        content_type: "image/jpeg".to_owned(),
        access: None,
        metadata: [("album".to_owned(), "summer".to_owned())].into(),
        plan,
        parts: parts.collect(),
    }
}

pub(crate) fn to_complete(opened: &OpenedUpload, bytes: &[u8], etags: Vec<Option<String>>) -> CompleteUpload {
    let part = |(number, etag)| CompletedPart { number, etag, checksum: None };
    CompleteUpload {
        ticket: opened.ticket.clone(),
        parts: (1..).zip(etags).map(part).collect(),
        checksum: Some(checksum(bytes)),
    }
}
