//! Which callers a rule or a residency is for.

use std::collections::BTreeMap;

use crate::auth::{Caller, Identity};
use crate::config::Callers;

/// Every list that is there must name the caller.
#[derive(Debug)]
pub(super) struct Audience {
    pub(super) callers: Callers,
    pub(super) groups: Option<Vec<String>>,
    pub(super) tenants: Option<Vec<String>>,
    pub(super) subjects: Option<Vec<String>>,
    /// By name or JSON pointer.
    pub(super) claims: BTreeMap<String, Vec<String>>,
}

impl Audience {
    pub(super) fn includes(&self, caller: &Caller) -> bool {
        match (self.callers, caller) {
            (Callers::Known, Caller::Anonymous) | (Callers::Anonymous, Caller::Known(_)) => false,
            (Callers::Anonymous | Callers::Everyone, Caller::Anonymous) => self.has_no_list(),
            (Callers::Known | Callers::Everyone, Caller::Known(identity)) => self.names(identity),
        }
    }

    fn names(&self, identity: &Identity) -> bool {
        let is_in = |list: &Option<Vec<String>>, names: &[&str]| {
            list.as_ref().is_none_or(|list| list.iter().any(|one| names.contains(&one.as_str())))
        };
        let groups: Vec<_> = identity.groups.iter().map(String::as_str).collect();
        let tenant: Vec<_> = identity.tenant.iter().map(|tenant| tenant.as_str()).collect();
        let says = |(name, allowed): (&String, &Vec<String>)| {
            identity.claims.get(name).is_some_and(|values| values.iter().any(|value| allowed.contains(value)))
        };
        is_in(&self.groups, &groups)
            && is_in(&self.tenants, &tenant)
            && is_in(&self.subjects, &[identity.subject.as_str()])
            && self.claims.iter().all(says)
    }

    /// Whoever is anonymous has nothing that a list could name.
    fn has_no_list(&self) -> bool {
        let lists = [&self.groups, &self.tenants, &self.subjects];
        self.claims.is_empty() && lists.into_iter().all(Option::is_none)
    }
}
