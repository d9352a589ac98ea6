//! What a caller may upload: `(caller, request, rules) → grant`, and nothing else decides it.

mod audience;
mod grant;
mod residency;
mod rule;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use nearput_api::OpenFile;
use residency::Residency;

pub(crate) use grant::{Fresh, Grant};
pub(crate) use rule::Rule;

use crate::auth::Caller;
use crate::config::Config;
use crate::file_name::{FileName, NameTooLong};
use crate::key::UnsafeKey;
use crate::media_type::MediaType;
use crate::metadata::{InvalidMetadata, Metadata};
use crate::template::Placeholder;

/// The rules and residencies, in order, and the site that is taken where none is asked for.
#[derive(Debug)]
pub(crate) struct Policy {
    rules: Vec<Rule>,
    residencies: Vec<Residency>,
    pub(crate) home: String,
}

/// A rule that decides for a caller.
#[derive(Debug)]
pub(crate) struct Level<'a> {
    pub(crate) rule: &'a Rule,
    /// The ids of the sites that it offers and where the caller's files may be. One at least.
    pub(crate) sites: Cow<'a, [String]>,
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
    #[error("what this caller uploads may be kept at no site that is offered to it; ask the signer's operator for one")]
    Nowhere,
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
    pub(crate) fn new(config: &Config) -> Self {
        let sites: Vec<_> = config.sites.iter().map(|site| site.id.clone()).collect();
        let rule = |(rule, number): (&_, _)| Rule::new(number, Clone::clone(rule), &config.limits, &sites);
        Self {
            rules: config.rules.iter().zip(0..).map(rule).collect(),
            residencies: config.residency.iter().cloned().map(Residency::new).collect(),
            home: config.home().to_owned(),
        }
    }

    /// What decides for this caller, one for each access level. The first one is the default, and there is one.
    pub(crate) fn levels(&self, caller: &Caller) -> Result<Vec<Level<'_>>, Denied> {
        let levels = self.levels_of(caller);
        if levels.is_empty() { Err(self.why_not(caller, None)) } else { Ok(levels) }
    }

    /// Whether what this caller uploads may be kept at a site.
    pub(crate) fn may_be_kept(&self, caller: &Caller, site: &str) -> bool {
        self.residency(caller).is_none_or(|residency| residency.allows(site))
    }

    /// Whether it is said of this caller where its files may be.
    pub(crate) fn is_pinned(&self, caller: &Caller) -> bool {
        self.residency(caller).is_some()
    }

    /// Whether this caller is told of a signer.
    pub(crate) fn names(&self, caller: &Caller, signer: &str) -> bool {
        self.residency(caller).is_none_or(|residency| residency.names(signer))
    }

    /// The preferred one of these sites.
    pub(crate) fn home<'a>(&self, sites: &'a [String]) -> &'a str {
        let home = sites.iter().find(|site| **site == self.home).or(sites.first());
        home.map(String::as_str).unwrap_or_default()
    }

    fn residency(&self, caller: &Caller) -> Option<&Residency> {
        self.residencies.iter().find(|residency| residency.is_for(caller))
    }

    /// The first rule of each access level, where its sites leave the caller any.
    fn levels_of<'a>(&'a self, caller: &Caller) -> Vec<Level<'a>> {
        let residency = self.residency(caller);
        let mut first: Vec<&'a Rule> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.is_for(caller)) {
            if first.iter().all(|known| known.access != rule.access) {
                first.push(rule);
            }
        }
        let cut = |sites: &[String], residency: &Residency| {
            sites.iter().filter(|site| residency.allows(site)).cloned().collect::<Vec<_>>()
        };
        let level = |rule: &'a Rule| Level {
            rule,
            sites: residency.map_or(Cow::from(&rule.sites), |residency| cut(&rule.sites, residency).into()),
        };
        first.into_iter().map(level).filter(|level| !level.sites.is_empty()).collect()
    }

    fn level(&self, caller: &Caller, access: Option<&str>) -> Result<Level<'_>, Denied> {
        let is_asked_for = |level: &Level<'_>| access.is_none_or(|access| level.rule.access == access);
        self.levels_of(caller).into_iter().find(is_asked_for).ok_or_else(|| self.why_not(caller, access))
    }

    fn why_not(&self, caller: &Caller, access: Option<&str>) -> Denied {
        let is_asked_for = |rule: &&Rule| rule.is_for(caller) && access.is_none_or(|access| rule.access == access);
        match (self.rules.iter().find(is_asked_for), access) {
            (Some(_), _) => Denied::Nowhere,
            (None, Some(given)) => Denied::Access { given: given.to_owned() },
            (None, None) => Denied::Nothing,
        }
    }
}

/// Grants a file to a caller, or says why not.
pub(crate) fn decide<'a>(caller: &'a Caller, request: &Request<'a>, policy: &'a Policy) -> Result<Grant<'a>, Denied> {
    let Request { site, files, file } = *request;
    let Level { rule, sites } = policy.level(caller, file.access.as_deref())?;
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
            Some(given) if sites.iter().any(|site| site == given) => given.to_owned(),
            Some(given) => return Err(Denied::Site { given: given.to_owned() }),
            None => policy.home(&sites).to_owned(),
        },
        sites,
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
    Policy::new(&Config::parse(text).expect("the smallest configuration"))
}
