//! What the policy allows for one file.

use std::borrow::Cow;
use std::time::SystemTime;

use uuid::Uuid;

use super::{Denied, Rule};
use crate::attributes::Attributes;
use crate::auth::{Caller, Subject};
use crate::clock::utc_date;
use crate::file_name::FileName;
use crate::key::ObjectKey;
use crate::media_type::MediaType;
use crate::metadata::Metadata;
use crate::template::Values;

/// What the policy allows for one file, with everything that signing needs. Only [`super::decide`] makes one.
#[derive(Debug)]
pub(crate) struct Grant<'a> {
    pub(super) caller: &'a Caller,
    pub(super) rule: &'a Rule,
    pub(super) site: String,
    /// All that the caller may choose from.
    pub(super) sites: Cow<'a, [String]>,
    pub(super) name: FileName,
    pub(super) size: u64,
    pub(super) media_type: MediaType,
    pub(super) metadata: Metadata,
}

/// What is new with each upload.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    uuid: String,
    date: String,
}

impl Fresh {
    pub(crate) fn new(id: Uuid, now: SystemTime) -> Self {
        Self { uuid: id.to_string(), date: utc_date(now) }
    }
}

impl Grant<'_> {
    /// None where the caller is anonymous.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.caller.subject()
    }

    pub(super) fn tenant(&self) -> Option<&Subject> {
        match self.caller {
            Caller::Anonymous => None,
            Caller::Known(identity) => identity.tenant.as_ref(),
        }
    }

    pub(crate) fn rule(&self) -> &Rule {
        self.rule
    }

    /// The id of the site.
    pub(crate) fn site(&self) -> &str {
        &self.site
    }

    /// The ids of all sites that the caller might have chosen.
    pub(crate) fn sites(&self) -> &[String] {
        &self.sites
    }

    /// In bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// Where the file is to be stored.
    pub(crate) fn key(&self, fresh: &Fresh) -> Result<ObjectKey, Denied> {
        let name = self.name.key_segment();
        let key = self.rule.key.fill(&self.values(fresh, &name)).ok_or(Denied::NoTenant)?;
        Ok(key?)
    }

    /// What is to be stored with it.
    pub(crate) fn attributes(&self, fresh: &Fresh) -> Result<Attributes, Denied> {
        Ok(Attributes {
            disposition: self.name.content_disposition(self.rule.disposition),
            cache_control: self.rule.cache_control.clone(),
            storage_class: self.rule.storage_class.clone(),
            encryption: self.rule.encryption.clone(),
            tags: self.rule.tags.fill(&self.values(fresh, "")).ok_or(Denied::NoTenant)?,
            metadata: self.metadata.clone(),
        })
    }

    fn values<'b>(&'b self, fresh: &'b Fresh, name: &'b str) -> Values<'b> {
        Values {
            subject: self.caller.subject().map(Subject::as_str),
            tenant: self.tenant().map(Subject::as_str),
            uuid: &fresh.uuid,
            date: &fresh.date,
            name,
        }
    }
}
