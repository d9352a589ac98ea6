//! `[[issuers]]`

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use reqwest::Url;
use serde::Deserialize;

use super::{ConfigError, duration};

const MAX_LEEWAY: Duration = Duration::from_mins(5);
const MAX_NAME_BYTES: usize = 32;

/// An OpenID Connect provider whose tokens are accepted, and what their claims mean.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    /// The `iss` of its tokens, to the letter.
    pub(crate) issuer: String,
    /// What goes before its subjects, so that no two issuers' subjects meet.
    pub(crate) name: Option<String>,
    /// Whom a token may be meant for.
    pub(crate) audience: Vec<String>,
    /// The claim that says whom it is meant for.
    #[serde(default = "aud")]
    pub(crate) audience_claim: String,
    /// Where its keys are; without one, where its discovery document says.
    pub(crate) jwks_url: Option<String>,
    #[serde(default = "usual_algorithms")]
    pub(crate) algorithms: Vec<Algorithm>,
    /// How far its clock may be off this machine's.
    #[serde(default = "a_minute", with = "duration")]
    pub(crate) leeway: Duration,
    /// How old its keys may be before they are asked for again.
    #[serde(default = "an_hour", with = "duration")]
    pub(crate) keys_refresh: Duration,
    #[serde(default = "sub")]
    pub(crate) subject_claim: String,
    #[serde(default = "groups")]
    pub(crate) groups_claim: String,
    pub(crate) tenant_claim: Option<String>,
    /// Whether a token without `nbf` is refused. Where there is one it always counts.
    #[serde(default)]
    pub(crate) require_nbf: bool,
    /// The claims of which rules and residencies want to know the values.
    #[serde(skip)]
    pub(crate) watched: BTreeSet<String>,
}

/// Reads an address at which nobody on the way can change an issuer's answers: of https, or of this machine's own http.
pub(crate) fn trustworthy_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
    let is_loopback = match url.host_str()?.trim_matches(['[', ']']) {
        "localhost" => true,
        host => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    };
    let trustworthy = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    (trustworthy && url.fragment().is_none()).then_some(url)
}

pub(super) fn check(issuers: &[Issuer]) -> Result<(), ConfigError> {
    let (mut urls, mut names) = (HashSet::new(), HashSet::new());
    for (index, issuer) in issuers.iter().enumerate() {
        let error = |key: &str, problem: &str| Err(ConfigError::key(format!("issuers[{index}].{key}"), problem));
        check_issuer(issuer, &error)?;
        if !urls.insert(&issuer.issuer) {
            return error("issuer", "it is there twice; put all its audiences into one table");
        }
        match &issuer.name {
            None if issuers.len() > 1 => {
                return error("name", "each of several issuers needs one, since it goes before the subjects");
            }
            Some(name) if !names.insert(name) => return error("name", "two issuers have it; give each its own"),
            None | Some(_) => {}
        }
    }
    Ok(())
}

fn check_issuer(issuer: &Issuer, error: &dyn Fn(&str, &str) -> Result<(), ConfigError>) -> Result<(), ConfigError> {
    if trustworthy_url(&issuer.issuer).is_none_or(|url| url.query().is_some()) {
        return error("issuer", "write the `iss` of its tokens, an https URL without a query");
    }
    if issuer.jwks_url.as_deref().is_some_and(|url| trustworthy_url(url).is_none()) {
        return error("jwks_url", "write an https URL");
    }
    if issuer.name.as_deref().is_some_and(|name| !is_name(name)) {
        return error("name", "write 1 to 32 lower-case letters, digits and hyphens");
    }
    if issuer.audience.is_empty() || issuer.audience.iter().any(String::is_empty) {
        return error("audience", "write whom its tokens must be meant for, such as the client's id");
    }
    if issuer.algorithms.is_empty() || issuer.algorithms.iter().any(|one| one.family() == AlgorithmFamily::Hmac) {
        let problem = "write some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA; \
                       HS256 and its like have no public key";
        return error("algorithms", problem);
    }
    if issuer.leeway > MAX_LEEWAY {
        return error("leeway", "write a duration up to `5m`");
    }
    if !(Duration::from_mins(1)..=Duration::from_hours(24)).contains(&issuer.keys_refresh) {
        return error("keys_refresh", "write a duration from `1m` to `24h`");
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.chars().all(is_fine)
}

fn aud() -> String {
    "aud".to_owned()
}

fn sub() -> String {
    "sub".to_owned()
}

fn groups() -> String {
    "groups".to_owned()
}

fn usual_algorithms() -> Vec<Algorithm> {
    vec![Algorithm::RS256, Algorithm::ES256]
}

fn a_minute() -> Duration {
    Duration::from_mins(1)
}

fn an_hour() -> Duration {
    Duration::from_hours(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_asked_by_https_or_on_this_machine() {
        for good in ["https://a.example/realms/x", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost/a"] {
            assert!(trustworthy_url(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "http://127.0.0.1.a.example",
            "http://localhost.a.example",
            "http://10.0.0.1",
            "https://me@a.example",
            "https://a.example/#x",
            "file:///etc/passwd",
            "ftp://127.0.0.1",
        ] {
            assert!(trustworthy_url(bad).is_none(), "{bad}");
        }
    }
}
