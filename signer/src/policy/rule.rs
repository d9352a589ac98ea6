//! A rule, with all that it leaves to `[limits]` filled in.

use super::audience::Audience;
use crate::attributes::Encryption;
use crate::auth::Caller;
use crate::config::{self, EncryptionKind, Limits};
use crate::file_name::Disposition;
use crate::key_template::KeyTemplate;
use crate::media_type::{MediaType, TypePattern};
use crate::tags::TagTemplates;
use crate::template::Placeholder;
use crate::ticket::Existing;

/// Who may upload what, where to, and what is stored with it.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its index in the configuration.
    pub(crate) number: usize,
    pub(crate) access: String,
    audience: Audience,
    /// The ids of the sites.
    pub(crate) sites: Vec<String>,
    pub(crate) key: KeyTemplate,
    /// In bytes.
    pub(crate) max_file_size: u64,
    pub(crate) max_files_per_call: u32,
    pub(crate) types: Vec<TypePattern>,
    pub(crate) existing: Existing,
    /// The names that clients may give; any without a list.
    pub(crate) metadata: Option<Vec<String>>,
    pub(crate) tags: TagTemplates,
    pub(crate) disposition: Disposition,
    pub(crate) cache_control: Option<String>,
    pub(crate) storage_class: Option<String>,
    pub(crate) encryption: Option<Encryption>,
}

impl Rule {
    /// Whether browsers may have credentials: they cannot be kept from replacing an object, and a part that is encrypted by a key
    /// needs more rights than they are given.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions>
    pub(crate) fn allows_delegation(&self) -> bool {
        self.existing != Existing::Kept && self.encryption.as_ref().and_then(Encryption::kms_key_id).is_none()
    }

    /// `sites` are the ids of all that there are.
    pub(super) fn new(number: usize, rule: config::Rule, limits: &Limits, sites: &[String]) -> Self {
        let existing = match (rule.overwrite, rule.key.has(Placeholder::Uuid)) {
            (Some(true), _) => Existing::Replaced,
            (Some(false) | None, true) => Existing::OwnOnly,
            (Some(false) | None, false) => Existing::Kept,
        };
        Self {
            number,
            access: rule.access,
            audience: Audience {
                callers: rule.callers,
                groups: rule.groups,
                tenants: rule.tenants,
                subjects: rule.subjects,
                claims: rule.claims,
            },
            sites: rule.sites.unwrap_or_else(|| sites.to_owned()),
            key: rule.key,
            max_file_size: rule.max_file_size.unwrap_or(limits.max_file_size),
            max_files_per_call: rule.max_files_per_call.unwrap_or(limits.max_files_per_call),
            types: rule.types.unwrap_or_else(|| limits.types.clone()),
            existing,
            metadata: rule.metadata,
            tags: rule.tags,
            disposition: rule.disposition,
            cache_control: rule.cache_control,
            storage_class: rule.storage_class,
            encryption: rule.encryption.map(|kind| match kind {
                EncryptionKind::SseS3 => Encryption::SseS3,
                EncryptionKind::SseKms => Encryption::SseKms(rule.kms_key_id.unwrap_or_default()),
            }),
        }
    }

    /// Whether the rule is for this caller.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        self.audience.includes(caller)
    }

    /// What browsers would run must be named exactly.
    pub(super) fn allows(&self, media_type: &MediaType) -> bool {
        let named = self.types.iter().any(|pattern| pattern.names(media_type));
        let covered = self.types.iter().any(|pattern| pattern.covers(media_type));
        named || (covered && !media_type.runs_in_browsers())
    }
}
