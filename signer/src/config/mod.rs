//! The configuration: one TOML file, read once. Secrets come from the environment only.

mod check;
mod claims;
mod credentials;
#[cfg(test)]
mod documented;
mod doubts;
mod downloads;
mod duration;
mod error;
mod issuers;
mod limits;
mod origin;
mod quotas;
mod residency;
mod rules;
mod secrets;
mod server;
mod service;
mod signers;
mod site;
mod telemetry;
mod topology;
mod webhooks;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use nearput_api::Routing;
use serde::Deserialize;

pub(crate) use credentials::{Credentials, CredentialsKind, r2_account};
pub(crate) use downloads::Downloads;
pub use duration::{NotADuration, parse as parse_duration};
pub use error::ConfigError;
pub(crate) use issuers::{Issuer, trustworthy_url};
pub(crate) use limits::Limits;
pub(crate) use origin::Origin;
pub(crate) use quotas::{Daily, OnFailure, Rate, Rates, Redis};
pub(crate) use residency::Residency;
pub(crate) use rules::{Callers, EncryptionKind, Rule};
pub use secrets::{Secrets, SiteCredentials, TicketKey};
pub(crate) use server::{Server, Tls};
pub(crate) use service::Service;
pub(crate) use site::{CredentialSource, Site};
pub(crate) use telemetry::{LogFormat, Telemetry};
pub(crate) use topology::Topology;
pub(crate) use webhooks::Webhook;

const CONFIG: &str = "NEARPUT_CONFIG";
const CONFIG_FILE: &str = "NEARPUT_CONFIG_FILE";

/// Everything that an operator decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the signer listens; port 0 takes any free one.
    #[serde(default = "usual_address")]
    pub(crate) listen: SocketAddr,
    /// The origins whose pages may call the signer.
    #[serde(default)]
    pub(crate) allowed_origins: Vec<Origin>,
    /// Whether calls without a token are answered.
    #[serde(default)]
    pub(crate) allow_anonymous: bool,
    /// Whose tokens are accepted.
    #[serde(default)]
    pub(crate) issuers: Vec<Issuer>,
    #[serde(default)]
    pub(crate) limits: Limits,
    pub(crate) sites: Vec<Site>,
    /// What the sites are together; without it, they are held to nothing.
    pub(crate) topology: Option<Topology>,
    /// The first one that matches decides.
    #[serde(default = "rules::built_in")]
    pub(crate) rules: Vec<Rule>,
    /// The first one that is for a caller cuts what all rules offer it.
    #[serde(default)]
    pub(crate) residency: Vec<Residency>,
    /// The id of the preferred site; without one, the first.
    home: Option<String>,
    /// How browsers choose among the sites.
    #[serde(default)]
    pub(crate) routing: Routing,
    /// All signers of this configuration, in the order in which browsers are to try them.
    #[serde(default)]
    pub(crate) signers: Vec<Origin>,
    #[serde(default)]
    pub(crate) tickets: Tickets,
    #[serde(default)]
    pub(crate) signing: Signing,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) downloads: Option<Downloads>,
    #[serde(default)]
    pub(crate) telemetry: Telemetry,
    #[serde(default)]
    pub(crate) server: Server,
    #[serde(default)]
    pub(crate) webhooks: Vec<Webhook>,
}

/// `[tickets]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tickets {
    /// How long an upload may stand still.
    #[serde(with = "duration")]
    pub(crate) lifetime: Duration,
    /// How long an upload may take, from opening to completion.
    #[serde(with = "duration")]
    pub(crate) max_lifetime: Duration,
}

/// `[signing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Signing {
    /// How long a signed request is good for.
    #[serde(with = "duration")]
    pub(crate) expires: Duration,
}

impl Config {
    /// Reads the configuration from a TOML file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), problem: source.to_string() })?;
        Self::parse(&text)
    }

    /// Reads the configuration from where there are no arguments: from `NEARPUT_CONFIG` itself, or from the file that
    /// `NEARPUT_CONFIG_FILE` names.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (variable(CONFIG), variable(CONFIG_FILE)) {
            (Some(text), None) => Self::parse(&text),
            (None, Some(path)) => Self::load(Path::new(&path)),
            (Some(_), Some(_)) => Err(ConfigError::variable(CONFIG, format!("is set beside {CONFIG_FILE}; unset one"))),
            (None, None) => Err(ConfigError::variable(CONFIG, "is not set; put the configuration in it, as TOML")),
        }
    }

    /// Reads the configuration from TOML text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text)
            .map_err(|error| ConfigError::Toml { problem: error.to_string().trim_end().to_owned() })?;
        config.sites.iter_mut().for_each(Site::fill_in);
        let watched = config.watched_claims();
        config.issuers.iter_mut().for_each(|issuer| issuer.watched.clone_from(&watched));
        check::check(&config)?;
        Ok(config)
    }

    /// The claims of which rules and residencies want to know the values, by name or JSON pointer.
    pub(crate) fn watched_claims(&self) -> BTreeSet<String> {
        claims::watched(self)
    }

    /// The id of the site that this signer prefers.
    pub(crate) fn home(&self) -> &str {
        self.home.as_deref().unwrap_or(&self.sites[0].id)
    }
}

fn usual_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 4401))
}

impl Default for Tickets {
    fn default() -> Self {
        Self { lifetime: Duration::from_hours(24), max_lifetime: Duration::from_hours(7 * 24) }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self { expires: Duration::from_mins(15) }
    }
}
