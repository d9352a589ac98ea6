//! Secrets, which come from the environment only, and are never printed.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Config, ConfigError, CredentialSource};

const TICKET_KEYS: &str = "NEARPUT_TICKET_KEYS";
const DEVELOPMENT_TOKEN: &str = "NEARPUT_DEVELOPMENT_TOKEN";
const WEBHOOK_SECRETS: &str = "NEARPUT_WEBHOOK_SECRETS";
/// As the Standard Webhooks specification writes a secret.
const WEBHOOK_SECRET_PREFIX: &str = "whsec_";
const METRICS_TOKEN: &str = "NEARPUT_METRICS_TOKEN";
const DOWNLOADS_PRIVATE_KEY: &str = "NEARPUT_DOWNLOADS_PRIVATE_KEY";
const REDIS_PASSWORD: &str = "NEARPUT_REDIS_PASSWORD";

/// What must not be known outside the signer.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The first one signs, all of them verify.
    pub ticket_keys: Vec<TicketKey>,
    /// Whoever shows it is the caller `developer`.
    pub development_token: Option<String>,
    /// Whoever shows it may read the metrics.
    pub metrics_token: Option<String>,
    /// All of them sign each message to a webhook.
    pub webhook_secrets: Vec<Vec<u8>>,
    /// Of the Redis in which limits are counted, where it has one.
    pub redis_password: Option<String>,
    /// By which addresses of CloudFront are signed: an RSA key of 2048 bits in PEM.
    pub downloads_key: Option<String>,
    /// By the site's id, for sites with `credentials = "environment"`.
    pub site_credentials: BTreeMap<String, SiteCredentials>,
}

/// A key for tickets, and the name by which a ticket refers to it.
#[derive(Clone)]
pub struct TicketKey {
    pub id: String,
    /// At least 32 bytes.
    pub secret: Vec<u8>,
}

/// Credentials for one site.
#[derive(Clone)]
pub struct SiteCredentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Where the service hands out temporary credentials.
    pub session_token: Option<String>,
}

impl Secrets {
    /// Reads the secrets that `config` calls for from the environment.
    pub fn from_environment(config: &Config) -> Result<Self, ConfigError> {
        Self::read(config, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads those by which the sites are reached, and no others.
    pub fn of_sites(config: &Config) -> Result<Self, ConfigError> {
        let site_credentials = read_sites(config, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
        Ok(Self { site_credentials, ..Self::default() })
    }

    fn read(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let keys = variable(TICKET_KEYS).ok_or_else(|| {
            ConfigError::variable(TICKET_KEYS, "is not set; write `id:` and the base64 of 32 random bytes")
        })?;
        let ticket_keys = keys.split(',').map(read_ticket_key).collect::<Result<_, _>>()?;
        Ok(Self {
            ticket_keys,
            development_token: variable(DEVELOPMENT_TOKEN),
            metrics_token: variable(METRICS_TOKEN),
            webhook_secrets: if config.webhooks.is_empty() { Vec::new() } else { read_webhooks(variable)? },
            redis_password: variable(REDIS_PASSWORD),
            downloads_key: variable(DOWNLOADS_PRIVATE_KEY).filter(|_| config.downloads.is_some()),
            site_credentials: read_sites(config, variable)?,
        })
    }
}

fn read_ticket_key(text: &str) -> Result<TicketKey, ConfigError> {
    let (id, secret) = text.trim().split_once(':').filter(|(id, _)| !id.is_empty()).ok_or_else(|| {
        ConfigError::variable(TICKET_KEYS, "has an entry that is not `id:base64`; separate entries by commas")
    })?;
    let secret = BASE64_STANDARD.decode(secret).map_err(|_| {
        ConfigError::variable(
            TICKET_KEYS,
            format!("has a key `{id}` that is not base64 with `+`, `/` and `=`; make one by `openssl rand -base64 32`"),
        )
    })?;
    Ok(TicketKey { id: id.to_owned(), secret })
}

fn read_webhooks(variable: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Vec<u8>>, ConfigError> {
    let error = |problem| ConfigError::variable(WEBHOOK_SECRETS, problem);
    let secrets = variable(WEBHOOK_SECRETS)
        .ok_or_else(|| error("is not set; write `whsec_` and the base64 of 24 to 64 random bytes"))?;
    let read = |text: &str| {
        let secret = BASE64_STANDARD.decode(text.trim().strip_prefix(WEBHOOK_SECRET_PREFIX)?).ok()?;
        (24..=64).contains(&secret.len()).then_some(secret)
    };
    let secrets: Option<Vec<_>> = secrets.split(',').map(read).collect();
    secrets.ok_or_else(|| error("has an entry that is not `whsec_` and the base64 of 24 to 64 bytes"))
}

fn read_sites(
    config: &Config,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, SiteCredentials>, ConfigError> {
    let with_own = config.sites.iter().filter(|site| site.credentials == CredentialSource::Environment);
    with_own.map(|site| Ok((site.id.clone(), read_site(&site.id, variable)?))).collect()
}

fn read_site(id: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<SiteCredentials, ConfigError> {
    let prefix = format!("NEARPUT_SITE_{}", id.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    let required = |suffix: &str| {
        let name = format!("{prefix}_{suffix}");
        variable(&name).ok_or_else(|| ConfigError::variable(&name, format!("is not set, and the site `{id}` needs it")))
    };
    Ok(SiteCredentials {
        access_key_id: required("ACCESS_KEY_ID")?,
        secret_access_key: required("SECRET_ACCESS_KEY")?,
        session_token: variable(&format!("{prefix}_SESSION_TOKEN")),
    })
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKey").finish_non_exhaustive()
    }
}

impl fmt::Debug for SiteCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteCredentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "listen = '127.0.0.1:0'
        [[sites]]\nid = 'site-1'\nregion = 'us-east-1'\nbucket = 'uploads'\ncredentials = 'environment'";

    fn read(variables: &[(&str, &str)]) -> Result<Secrets, ConfigError> {
        let config = Config::parse(CONFIG).expect("valid");
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        Secrets::read(&config, &|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn secrets_come_from_named_variables() {
        let secrets = read(&[
            ("NEARPUT_TICKET_KEYS", "k1:AAAA,k0:////"),
            ("NEARPUT_DEVELOPMENT_TOKEN", "let me in"),
            ("NEARPUT_SITE_SITE_1_ACCESS_KEY_ID", "id"),
            ("NEARPUT_SITE_SITE_1_SECRET_ACCESS_KEY", "secret"),
        ])
        .expect("all are there");
        let keys: Vec<_> = secrets.ticket_keys.iter().map(|key| (key.id.as_str(), key.secret.as_slice())).collect();
        assert_eq!(keys, [("k1", &[0; 3][..]), ("k0", &[255; 3])]);
        assert_eq!(secrets.development_token.as_deref(), Some("let me in"));
        assert_eq!(secrets.site_credentials["site-1"].secret_access_key, "secret");
    }

    #[test]
    fn a_missing_secret_is_named_and_none_is_shown() {
        let named = |variables: &[(&str, &str)], name: &str| {
            let error = read(variables).expect_err(name).to_string();
            assert!(error.contains(name) && !error.contains("!secret"), "{error}");
        };
        named(&[], "NEARPUT_TICKET_KEYS");
        named(&[("NEARPUT_TICKET_KEYS", "!secret")], "NEARPUT_TICKET_KEYS");
        named(&[("NEARPUT_TICKET_KEYS", "k:!secret")], "NEARPUT_TICKET_KEYS");
        named(&[("NEARPUT_TICKET_KEYS", "k:AAAA")], "NEARPUT_SITE_SITE_1_ACCESS_KEY_ID");
    }

    #[test]
    fn webhooks_have_secrets_as_their_standard_writes_them() {
        let config = format!("{CONFIG}\n[[webhooks]]\nurl = 'https://receiver.example'");
        let config = Config::parse(&config.replace("credentials = 'environment'", "")).expect("valid");
        let read = |value: Option<&str>| {
            let variable = |name: &str| match name {
                TICKET_KEYS => Some("k:AAAA".to_owned()),
                _ => value.filter(|_| name == WEBHOOK_SECRETS).map(str::to_owned),
            };
            Secrets::read(&config, &variable).map(|secrets| secrets.webhook_secrets)
        };
        let (one, two) = (BASE64_STANDARD.encode([1; 24]), BASE64_STANDARD.encode([2; 64]));
        let secrets = read(Some(&format!("whsec_{one}, whsec_{two}"))).expect("two");
        assert_eq!(secrets, [vec![1; 24], vec![2; 64]]);
        let short = BASE64_STANDARD.encode([1; 23]);
        for wrong in [None, Some(one.clone()), Some("whsec_!".to_owned()), Some(format!("whsec_{short}"))] {
            let error = read(wrong.as_deref()).expect_err("no secret").to_string();
            assert!(error.contains(WEBHOOK_SECRETS) && !error.contains(&one), "{error}");
        }
    }

    #[test]
    fn secrets_print_nothing_of_themselves() {
        let site = SiteCredentials {
            access_key_id: "hush".to_owned(),
            secret_access_key: "hush".to_owned(),
            session_token: Some("hush".to_owned()),
        };
        let key = TicketKey { id: "hush".to_owned(), secret: b"hush".to_vec() };
        let secrets = Secrets {
            ticket_keys: vec![key.clone()],
            development_token: Some("hush".to_owned()),
            metrics_token: Some("hush".to_owned()),
            webhook_secrets: vec![b"hush".to_vec()],
            redis_password: Some("hush".to_owned()),
            downloads_key: Some("hush".to_owned()),
            site_credentials: [("hush".to_owned(), site.clone())].into(),
        };
        let printed = format!("{secrets:?} {key:?} {site:?}");
        assert!(!printed.contains("hush") && !printed.contains("104"), "{printed}");
    }
}
