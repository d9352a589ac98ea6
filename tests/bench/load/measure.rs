//! What is asked, and of whom.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use nearput_api::{OpenFile, OpenUploads, OpenedUploads, Outcome, PartToSign, Plan, SignParts, SignedParts, path};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::program::Program;

const PART: u64 = 8 << 20;
const PARTS: u64 = 1_000;
const CHECKSUM: &str = "AAAAAAAAAAA=";

/// One call, to be made many times.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: BTreeMap<&'static str, String>,
    pub(super) body: String,
}

impl Case {
    /// Has so many parts of a large upload signed by each call.
    pub(super) async fn parts(name: &'static str, signer: &Program, parts: u32) -> Result<Self> {
        let file = OpenFile {
            name: "film of the summer.mp4".to_owned(),
            size: PART * PARTS,
            content_type: "video/mp4".to_owned(),
            access: None,
            metadata: BTreeMap::new(),
            plan: Plan::Multipart { part_size: PART },
            parts: Vec::new(),
        };
        let opened: OpenedUploads =
            ask(signer, path::OPEN, &OpenUploads { site: None, by_access_point: false, files: vec![file] }).await?;
        let Some(Outcome::Done(opened)) = opened.uploads.into_iter().next() else {
            anyhow::bail!("the upload was not opened")
        };
        let part = |number| PartToSign { number, checksum: Some(CHECKSUM.to_owned()) };
        let asked = SignParts { ticket: opened.ticket, parts: (1..=parts).map(part).collect() };
        let signed: SignedParts = ask(signer, path::SIGN, &asked).await?;
        anyhow::ensure!(signed.parts.iter().all(|part| part.urls.len() == 1), "each part has one URL, as Companion's");
        anyhow::ensure!(signed.parts.len() == parts as usize, "each part is signed");
        Ok(Self {
            name,
            method: "POST",
            url: signer.url(path::SIGN),
            headers: signer.headers(),
            body: serde_json::to_string(&asked)?,
        })
    }
}

async fn ask<T: DeserializeOwned>(signer: &Program, path: &str, body: &impl Serialize) -> Result<T> {
    let mut request = http::Request::post(signer.url(path));
    for (name, value) in signer.headers() {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(hyper::body::Bytes::from(serde_json::to_vec(body)?)))?;
    let reply = Client::builder(TokioExecutor::new()).build_http().request(request).await?;
    let body = reply.into_body().collect().await?.to_bytes();
    serde_json::from_slice(&body).with_context(|| format!("{path} answered {}", String::from_utf8_lossy(&body)))
}

pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
