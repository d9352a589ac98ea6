//! A client that sees what a browser sees: no credentials, no redirects, and certificates that are looked at.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use hickory_resolver::TokioResolver;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{DATE, HeaderMap};
use reqwest::tls::TlsInfo;
use reqwest::{Certificate, Client, ClientBuilder, Method, StatusCode};

use crate::crypto;
use crate::error::chain;

const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests, and says what came of them.
pub(super) struct Eyes {
    strict: Client,
    /// Takes any certificate, so as to look at one that is wrong. Nothing secret is sent by it.
    lenient: Client,
}

/// A request as a browser's script would make it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// Halfway between the request and its answer.
    pub(super) at: SystemTime,
}

impl Eyes {
    /// `led` are names that are to be found elsewhere than DNS says, of which `resolver` is asked instead of the system; `roots` are
    /// trusted besides those of the system.
    pub(super) fn open(
        led: &[(String, SocketAddr)],
        resolver: Option<&TokioResolver>,
        roots: &[Certificate],
    ) -> Result<Self, reqwest::Error> {
        crypto::install();
        let client = || -> ClientBuilder {
            let client = Client::builder().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT).no_proxy();
            let client = client.redirect(reqwest::redirect::Policy::none()).tls_info(true);
            let client = match resolver {
                Some(resolver) => client.dns_resolver(Arc::new(Names(resolver.clone()))),
                None => client,
            };
            led.iter().fold(client, |client, (name, address)| client.resolve(name, *address))
        };
        let strict = if roots.is_empty() { client() } else { client().tls_certs_merge(roots.iter().cloned()) };
        Ok(Self { strict: strict.build()?, lenient: client().tls_danger_accept_invalid_certs(true).build()? })
    }

    /// Sends it. An error says in words why there is no answer.
    pub(super) async fn send(&self, asked: &Asked) -> Result<Answer, String> {
        let start = SystemTime::now();
        let mut request = self.strict.request(asked.method.clone(), &asked.url).body(asked.body.clone());
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        // An error must not hold the address: it may be signed.
        let answer = request.send().await.map_err(|error| chain(&error.without_url()))?;
        let took = SystemTime::now().duration_since(start).unwrap_or_default();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.text().await.map_err(|error| chain(&error.without_url()))?;
        Ok(Answer { status, headers, body, at: start + took / 2 })
    }

    /// The certificate that a server shows, whatever it is worth. None where there is no TLS.
    pub(super) async fn certificate(&self, url: &str) -> Result<Option<Vec<u8>>, String> {
        let answer = self.lenient.head(url).send().await.map_err(|error| chain(&error.without_url()))?;
        Ok(answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).map(<[u8]>::to_owned))
    }
}

/// Another DNS server than the system's.
struct Names(TokioResolver);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.0.clone();
        Box::pin(async move {
            let found = resolver.lookup_ip(format!("{}.", name.as_str())).await?;
            // Port 0 stands for that of the scheme.
            let found: Vec<_> = found.iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Asked {
    pub(super) fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The clock of the server.
    pub(super) fn date(&self) -> Option<SystemTime> {
        let date = self.headers.get(DATE)?.to_str().ok()?;
        DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?.try_into().ok()
    }
}
