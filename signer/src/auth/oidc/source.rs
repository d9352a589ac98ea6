//! Where an issuer's keys come from: its discovery document, which names its JWK set, or that set straight away.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig>

use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Url};
use serde::Deserialize;

use crate::config::{Issuer, trustworthy_url};
use crate::crypto;
use crate::error::chain;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 1 << 20;
const MAX_REDIRECTS: usize = 3;

/// An issuer, as it is asked for its keys.
pub(super) struct KeySource {
    client: Client,
    issuer: String,
    jwks_url: Option<String>,
}

/// Why an issuer's keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("it cannot be reached: {}", chain(.0))]
    Unreachable(#[from] reqwest::Error),
    #[error("`{0}` is no address to get keys from; it must be of https")]
    Address(String),
    #[error("{url} answered {status}")]
    Status { url: Url, status: u16 },
    #[error("{0} answered more than 1 MiB")]
    TooLarge(Url),
    #[error("its discovery document is not one: {0}")]
    NotADocument(serde_json::Error),
    #[error("its discovery document is that of `{0}`")]
    OtherIssuer(String),
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

impl KeySource {
    pub(super) fn new(issuer: &Issuer) -> Self {
        crypto::install();
        let mut client = Client::builder().timeout(TIMEOUT).redirect(Policy::custom(redirect)).https_only(false);
        if issuer.issuer.starts_with("http:") {
            // On this machine: there is no proxy between.
            client = client.no_proxy();
        }
        Self {
            client: client.build().expect("the machine has TLS and certificates"),
            issuer: issuer.issuer.clone(),
            jwks_url: issuer.jwks_url.clone(),
        }
    }

    /// Asks for the JWK set, and gives it as it is.
    pub(super) async fn fetch(&self) -> Result<Vec<u8>, SourceError> {
        match &self.jwks_url {
            Some(url) => self.get(url).await,
            None => self.get(&self.discover().await?).await,
        }
    }

    async fn discover(&self) -> Result<String, SourceError> {
        let issuer = self.issuer.strip_suffix('/').unwrap_or(&self.issuer);
        let answer = self.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let document: Document = serde_json::from_slice(&answer).map_err(SourceError::NotADocument)?;
        // Else whoever can put a document there could speak for every other issuer.
        if document.issuer == self.issuer {
            Ok(document.jwks_uri)
        } else {
            Err(SourceError::OtherIssuer(document.issuer))
        }
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, SourceError> {
        let url = trustworthy_url(url).ok_or_else(|| SourceError::Address(url.to_owned()))?;
        let mut answer = self.client.get(url.clone()).send().await?;
        if !answer.status().is_success() {
            return Err(SourceError::Status { url, status: answer.status().as_u16() });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(SourceError::TooLarge(url));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// To another place on the same host only, since the host is what an operator has put trust in.
fn redirect(attempt: Attempt<'_>) -> Action {
    let stays = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if stays && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
}
