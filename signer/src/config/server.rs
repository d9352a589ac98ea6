//! `[server]`

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{ConfigError, duration};

/// How the signer deals with connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// How long a new connection may take to greet, where there is TLS, and then to send the head of its first request.
    #[serde(with = "duration")]
    pub(crate) header_timeout: Duration,
    /// How long the body of a request may take.
    #[serde(with = "duration")]
    pub(crate) body_timeout: Duration,
    /// How long a call may be in work.
    #[serde(with = "duration")]
    pub(crate) request_timeout: Duration,
    /// How long a connection is kept on which nothing is asked.
    #[serde(with = "duration")]
    pub(crate) idle_timeout: Duration,
    /// How long calls that are in work may go on once the signer is told to stop.
    #[serde(with = "duration")]
    pub(crate) shutdown_grace: Duration,
    /// The most connections at a time.
    pub(crate) max_connections: usize,
    /// The most calls in work at a time.
    pub(crate) max_concurrency: usize,
    /// The header in which the proxies in front of the signer say who connects to them; without one, nobody is believed.
    #[serde(deserialize_with = "header_name")]
    pub(crate) client_address_header: Option<HeaderName>,
    /// How many proxies add to that header, one after the other.
    pub(crate) trusted_hops: usize,
    pub(crate) tls: Option<Tls>,
}

/// `[server.tls]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// The PEM file of the certificate and those above it.
    pub(crate) certificate: PathBuf,
    /// The PEM file of its private key.
    pub(crate) key: PathBuf,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            // Longer than the storage may take to put a large object together.
            request_timeout: Duration::from_mins(5),
            // Longer than a load balancer keeps its own: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
            idle_timeout: Duration::from_secs(75),
            shutdown_grace: Duration::from_secs(30),
            max_connections: 10_000,
            max_concurrency: 1_000,
            client_address_header: None,
            trusted_hops: 1,
            tls: None,
        }
    }
}

impl Server {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, timeout) in [
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
            ("request_timeout", self.request_timeout),
            ("idle_timeout", self.idle_timeout),
            ("shutdown_grace", self.shutdown_grace),
        ] {
            if !(Duration::from_secs(1)..=Duration::from_hours(1)).contains(&timeout) {
                return Err(ConfigError::key(format!("server.{key}"), "write a duration from `1s` to `1h`"));
            }
        }
        for (key, count) in [
            ("max_connections", self.max_connections),
            ("max_concurrency", self.max_concurrency),
            ("trusted_hops", self.trusted_hops),
        ] {
            if !(1..=1_000_000).contains(&count) {
                return Err(ConfigError::key(format!("server.{key}"), "write a number from 1 to 1000000"));
            }
        }
        Ok(())
    }
}

fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HeaderName>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let name = HeaderName::try_from(&text)
        .map_err(|_| D::Error::custom(format!("`{text}` is not the name of a header, such as `x-forwarded-for`")))?;
    Ok(Some(name))
}
