//! `[credentials]`

use std::time::Duration;

use serde::Deserialize;

use super::{ConfigError, Origin, Site, duration};

/// How browsers come to credentials of their own. Without it, they come to none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    #[serde(default)]
    pub(crate) kind: CredentialsKind,
    /// The role that is assumed for them. What it may do is cut down to one upload's objects.
    #[serde(default)]
    pub(crate) role_arn: String,
    /// How long they are good for.
    #[serde(default = "an_hour", with = "duration")]
    pub(crate) duration: Duration,
    /// Where roles are assumed, if not at STS in the site's own region. Then services that are not AWS take part.
    pub(crate) endpoint: Option<Origin>,
}

/// Who makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CredentialsKind {
    /// STS, which lets a role be assumed.
    #[default]
    Sts,
    /// The signer itself, for sites on Cloudflare R2.
    R2,
}

/// What the hosts of all of R2's accounts and jurisdictions end with.
const R2_HOSTS: &str = ".r2.cloudflarestorage.com";

/// The account of an endpoint, if that is one of R2's: it comes first, and the name of a jurisdiction may follow.
pub(crate) fn r2_account(endpoint: &Origin) -> Option<&str> {
    endpoint.authority().strip_suffix(R2_HOSTS)?.split('.').next()
}

/// What AWS allows to a signer that has assumed a role itself.
fn an_hour() -> Duration {
    Duration::from_hours(1)
}

impl Credentials {
    pub(super) fn check(&self, sites: &[Site]) -> Result<(), ConfigError> {
        match self.kind {
            CredentialsKind::Sts => self.check_sts(),
            CredentialsKind::R2 => self.check_r2(sites),
        }
    }

    fn check_sts(&self) -> Result<(), ConfigError> {
        if !self.role_arn.starts_with("arn:") || !self.role_arn.contains(":role/") {
            let problem = "write a role's ARN, such as `arn:aws:iam::123456789012:role/nearput-browser`";
            return Err(ConfigError::key("credentials.role_arn", problem));
        }
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        if !(Duration::from_mins(15)..=Duration::from_hours(12)).contains(&self.duration) {
            return Err(ConfigError::key("credentials.duration", "write a duration from `15m` to `12h`"));
        }
        Ok(())
    }

    fn check_r2(&self, sites: &[Site]) -> Result<(), ConfigError> {
        if !self.role_arn.is_empty() || self.endpoint.is_some() {
            let problem = "R2 has no roles, and is not asked; leave role_arn and endpoint out";
            return Err(ConfigError::key("credentials.kind", problem));
        }
        if !sites.iter().any(|site| site.endpoint.as_ref().is_some_and(|endpoint| r2_account(endpoint).is_some())) {
            let problem = "no site's endpoint is one of R2's, such as `https://ACCOUNT.r2.cloudflarestorage.com`";
            return Err(ConfigError::key("credentials.kind", problem));
        }
        // https://developers.cloudflare.com/api/resources/r2/subresources/temporary_credentials/methods/create/
        if !(Duration::from_mins(15)..=Duration::from_hours(7 * 24)).contains(&self.duration) {
            return Err(ConfigError::key("credentials.duration", "write a duration from `15m` to `7d`"));
        }
        Ok(())
    }
}
