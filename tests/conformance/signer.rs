//! A signer in this process, and what a browser asks it for.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nearput_api::{
    CompleteUpload, CompleteUploads, CompletedUpload, CompletedUploads, ErrorCode, OpenFile, OpenUploads, OpenedUpload,
    OpenedUploads, Outcome, PartToSign, Plan, SignedPart, path,
};
use nearput_signer::{Config, Secrets, SiteCredentials, TicketKey, build};
use nearput_tests::client::{Reply, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use crate::garage::{ACCESS_KEY, BUCKET, Garage, SECRET_KEY};

pub(crate) const TOKEN: &str = "the development token";
pub(crate) const PART: u64 = 5 << 20;

pub(crate) struct Signer {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Signer {
    /// In front of Garage. `head` comes before the site in the configuration.
    pub(crate) async fn before(garage: &Garage, head: &str) -> Self {
        Self::with_profile(garage, head, "second_copies = false").await
    }

    pub(crate) async fn with_profile(garage: &Garage, head: &str, profile: &str) -> Self {
        let endpoint = &garage.address;
        let site = format!(
            "region = 'us-east-1'\nbucket = '{BUCKET}'\nendpoint = 'http://{endpoint}'\nprofile = {{ {profile} }}"
        );
        Self::of(head, &site).await.expect("a signer")
    }

    /// With one site, `local`. An error says what is wrong with the configuration.
    pub(crate) async fn of(head: &str, site: &str) -> Result<Self, String> {
        let config =
            format!("listen = '127.0.0.1:0'\n{head}\n[[sites]]\nid = 'local'\ncredentials = 'environment'\n{site}");
        let config = Config::parse(&config).map_err(|error| error.to_string())?;
        let credentials = SiteCredentials {
            access_key_id: ACCESS_KEY.to_owned(),
            secret_access_key: SECRET_KEY.to_owned(),
            session_token: None,
        };
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "k1".to_owned(), secret: vec![7; 32] }],
            development_token: Some(TOKEN.to_owned()),
            metrics_token: None,
            webhook_secrets: Vec::new(),
            site_credentials: [("local".to_owned(), credentials)].into(),
            ..Secrets::default()
        };
        let server = build(config, secrets).await.map_err(|error| error.to_string())?;
        let address = server.local_addr();
        let run = async { server.run(std::future::pending()).await.expect("serves") };
        Ok(Self { address, server: tokio::spawn(run) })
    }

    pub(crate) async fn ask(&self, path: &str, body: &impl Serialize) -> Reply {
        let headers = [("authorization".to_owned(), format!("Bearer {TOKEN}"))].into();
        let url = format!("http://{}{path}", self.address);
        let body = serde_json::to_vec(body).expect("JSON");
        Request { method: "POST".to_owned(), url, headers, body }.send().await
    }

    pub(crate) async fn call<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> T {
        let reply = self.ask(path, body).await;
        assert!(reply.status.is_success(), "{}: {}", reply.status, reply.text());
        serde_json::from_slice(&reply.body).expect("the reply of the call")
    }

    pub(crate) async fn open(&self, file: OpenFile) -> OpenedUpload {
        let mut opened: OpenedUploads =
            self.call(path::OPEN, &OpenUploads { site: None, by_access_point: false, files: vec![file] }).await;
        match opened.uploads.remove(0) {
            Outcome::Done(done) => done,
            Outcome::Failed(error) => panic!("{error:?}"),
        }
    }

    pub(crate) async fn complete(&self, upload: CompleteUpload) -> Result<CompletedUpload, ErrorCode> {
        let mut completed: CompletedUploads =
            self.call(path::COMPLETE, &CompleteUploads { uploads: vec![upload] }).await;
        match completed.uploads.remove(0) {
            Outcome::Done(done) => Ok(done),
            Outcome::Failed(error) => Err(error.error.code),
        }
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The request for a part, as a browser sends it.
pub(crate) fn request(part: &SignedPart, body: &[u8]) -> Request {
    let url = &part.urls["custom"];
    if part.fields.is_empty() {
        Request { method: part.method.clone(), url: url.clone(), headers: part.headers.clone(), body: body.to_vec() }
    } else {
        Request::form(url, &part.fields, body)
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

pub(crate) fn to_complete(opened: &OpenedUpload, bytes: &[u8]) -> CompleteUpload {
    CompleteUpload { ticket: opened.ticket.clone(), parts: Vec::new(), checksum: Some(checksum(bytes)) }
}
