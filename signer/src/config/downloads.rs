//! `[downloads]`: CloudFront, by which objects are read.

use serde::Deserialize;

use super::{ConfigError, Site};

/// A distribution in front of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Downloads {
    /// The host name at which it answers.
    pub(crate) domain: String,
    /// The id of the public key to which it holds signed URLs; without one, it reads for everybody.
    pub(crate) key_pair_id: Option<String>,
    /// The ids of the sites whose objects it has; the one where there is one only.
    sites: Option<Vec<String>>,
}

impl Downloads {
    /// Whether the distribution has the objects of this site.
    pub(crate) fn serves(&self, site: &str) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.iter().any(|one| one == site))
    }

    pub(super) fn check(&self, sites: &[Site]) -> Result<(), ConfigError> {
        let wrong = |key: &str, problem: String| Err(ConfigError::key(format!("downloads.{key}"), problem));
        if !super::check::is_made_of(&self.domain, 253, "-.") || !self.domain.contains('.') {
            return wrong("domain", "write a host name, such as `d111111abcdef8.cloudfront.net`".to_owned());
        }
        let is_id = |id: &String| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !self.key_pair_id.iter().all(is_id) {
            return wrong(
                "key_pair_id",
                "write the id of a public key of CloudFront, such as `K2JCJMDEHXQW5F`".to_owned(),
            );
        }
        match &self.sites {
            None if sites.len() > 1 => wrong(
                "sites",
                "a distribution reads from one bucket; name the site or sites whose objects it has".to_owned(),
            ),
            Some(ids) if ids.is_empty() => {
                wrong("sites", "it would serve none; name one, or leave [downloads] out".to_owned())
            }
            Some(ids) => match ids.iter().find(|id| !sites.iter().any(|site| site.id == **id)) {
                Some(unknown) => {
                    wrong("sites", format!("there is no site `{unknown}`; name the id of one under [[sites]]"))
                }
                None => Ok(()),
            },
            None => Ok(()),
        }
    }
}
