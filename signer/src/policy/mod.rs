//! What a caller may upload: `(caller, request, rules) → grant`, and nothing else decides it.

mod grant;
mod rule;
#[cfg(test)]
mod tests;

use nearput_api::OpenFile;

pub(crate) use grant::{Fresh, Grant};
pub(crate) use rule::Rule;

use crate::auth::Caller;
use crate::config::{self, Limits};
use crate::file_name::{FileName, NameTooLong};
use crate::key::UnsafeKey;
use crate::media_type::MediaType;
use crate::metadata::{InvalidMetadata, Metadata};
use crate::template::Placeholder;

/// The rules, in order, and the site that is taken where none is asked for.
#[derive(Debug)]
pub(crate) struct Policy {
    rules: Vec<Rule>,
    pub(crate) home: String,
}

/// What is asked for one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The id of a site; without one, the signer chooses.
    pub(crate) site: Option<&'a str>,
    /// How many files the call names.
    pub(crate) files: usize,
    pub(crate) file: &'a OpenFile,
}

/// Why a file may not be uploaded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("this caller may upload nothing; ask the signer's operator for a rule that allows it")]
    Nothing,
    #[error("there is no access level `{given}` for this caller; the list of sites names those that there are")]
    Access { given: String },
    #[error("there is no site `{given}` for this caller and access level; ask for the list of sites")]
    Site { given: String },
    #[error("{given} files are more than one call may name at this access level; name at most {max}")]
    TooManyFiles { given: usize, max: u32 },
    #[error("the file has {size} bytes, and {max} are allowed; choose a smaller one")]
    TooLarge { size: u64, max: u64 },
    #[error(
        "files of the type `{given}` may not be uploaded; choose another, or ask the signer's operator to allow the type"
    )]
    Type { given: String },
    #[error(transparent)]
    Name(#[from] NameTooLong),
    #[error(transparent)]
    Metadata(#[from] InvalidMetadata),
    #[error("the metadata name `{name}` may not be given; leave it out")]
    MetadataName { name: String },
    #[error("this access level is for callers of a tenant, and the token names none; use another token or level")]
    NoTenant,
    #[error("the name makes a key that is not safe; give the file another one")]
    Key(#[from] UnsafeKey),
}

impl Policy {
    /// `sites` are the ids of all that there are.
    pub(crate) fn new(rules: Vec<config::Rule>, limits: &Limits, sites: &[String], home: &str) -> Self {
        let rules = rules.into_iter().zip(0..).map(|(rule, number)| Rule::new(number, rule, limits, sites)).collect();
        Self { rules, home: home.to_owned() }
    }

    /// The rules that decide for this caller, one for each access level. The first one is the default.
    pub(crate) fn levels(&self, caller: &Caller) -> Vec<&Rule> {
        let mut levels: Vec<&Rule> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.is_for(caller)) {
            if levels.iter().all(|known| known.access != rule.access) {
                levels.push(rule);
            }
        }
        levels
    }

    /// The preferred one of these sites.
    pub(crate) fn home<'a>(&self, sites: &'a [String]) -> &'a str {
        let home = sites.iter().find(|site| **site == self.home).or(sites.first());
        home.map(String::as_str).unwrap_or_default()
    }

    fn rule(&self, caller: &Caller, access: Option<&str>) -> Result<&Rule, Denied> {
        let asked = |rule: &&Rule| rule.is_for(caller) && access.is_none_or(|access| rule.access == access);
        self.rules.iter().find(asked).ok_or_else(|| match access {
            Some(given) => Denied::Access { given: given.to_owned() },
            None => Denied::Nothing,
        })
    }
}

/// Grants a file to a caller, or says why not.
pub(crate) fn decide<'a>(caller: &'a Caller, request: &Request<'a>, policy: &'a Policy) -> Result<Grant<'a>, Denied> {
    let Request { site, files, file } = *request;
    let rule = policy.rule(caller, file.access.as_deref())?;
    if !u32::try_from(files).is_ok_and(|files| files <= rule.max_files_per_call) {
        return Err(Denied::TooManyFiles { given: files, max: rule.max_files_per_call });
    }
    if file.size > rule.max_file_size {
        return Err(Denied::TooLarge { size: file.size, max: rule.max_file_size });
    }
    let media_type = MediaType::parse(&file.content_type).filter(|media_type| rule.allows(media_type));
    let grant = Grant {
        caller,
        rule,
        site: match site {
            Some(given) => {
                rule.sites.iter().find(|site| *site == given).ok_or(Denied::Site { given: given.to_owned() })?
            }
            None => policy.home(&rule.sites),
        },
        name: FileName::parse(&file.name)?,
        size: file.size,
        media_type: media_type.ok_or_else(|| Denied::Type { given: file.content_type.clone() })?,
        metadata: metadata(file, rule)?,
    };
    let needs_tenant = rule.key.has(Placeholder::Tenant) || rule.tags.has(Placeholder::Tenant);
    if needs_tenant && grant.tenant().is_none() { Err(Denied::NoTenant) } else { Ok(grant) }
}

fn metadata(file: &OpenFile, rule: &Rule) -> Result<Metadata, Denied> {
    let metadata = Metadata::parse(&file.metadata)?;
    let Some(allowed) = &rule.metadata else { return Ok(metadata) };
    let further = metadata.iter().map(|(name, _)| name).find(|name| !allowed.iter().any(|one| one == name));
    match further.map(str::to_owned) {
        Some(name) => Err(Denied::MetadataName { name }),
        None => Ok(metadata),
    }
}

/// That of a configuration without rules.
#[cfg(test)]
pub(crate) fn built_in() -> Policy {
    let text = "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'r'\nbucket = 'uploads'";
    let config = config::Config::parse(text).expect("the smallest configuration");
    Policy::new(config.rules, &config.limits, &["local".to_owned()], "local")
}
