//! `claims` of rules and residencies: what a token must say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Callers, Config};

/// The claims of which a caller's values are kept, by name or JSON pointer.
pub(super) fn watched(config: &Config) -> BTreeSet<String> {
    let rules = config.rules.iter().flat_map(|rule| rule.claims.keys());
    rules.chain(config.residency.iter().flat_map(|table| table.claims.keys())).cloned().collect()
}

pub(super) fn check(claims: &BTreeMap<String, Vec<String>>, callers: Callers) -> Result<(), (&'static str, String)> {
    let wrong = |problem: &str| Err(("claims", problem.to_owned()));
    if !claims.is_empty() && callers == Callers::Anonymous {
        return wrong("an anonymous caller has none; leave it out, or write callers = \"known\"");
    }
    if claims.keys().any(|name| name.is_empty()) {
        return wrong("name a claim of the token, or write its JSON pointer, such as \"/address/country\"");
    }
    if claims.values().any(Vec::is_empty) {
        return wrong("no claim has a value of an empty list; leave it out for all");
    }
    Ok(())
}
