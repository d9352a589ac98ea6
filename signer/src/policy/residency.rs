//! Where what a caller uploads may be kept, whatever a rule offers.

use super::audience::Audience;
use crate::auth::Caller;
use crate::config;

/// The sites, and the signers, of the callers that it is for.
#[derive(Debug)]
pub(super) struct Residency {
    audience: Audience,
    sites: Vec<String>,
    signers: Option<Vec<String>>,
}

impl Residency {
    pub(super) fn new(table: config::Residency) -> Self {
        let config::Residency { callers, groups, tenants, subjects, claims, sites, signers } = table;
        Self {
            audience: Audience { callers, groups, tenants, subjects, claims },
            sites,
            signers: signers.map(|signers| signers.iter().map(ToString::to_string).collect()),
        }
    }

    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        self.audience.includes(caller)
    }

    pub(super) fn allows(&self, site: &str) -> bool {
        self.sites.iter().any(|one| one == site)
    }

    pub(super) fn names(&self, signer: &str) -> bool {
        self.signers.as_ref().is_none_or(|signers| signers.iter().any(|one| one == signer))
    }
}
