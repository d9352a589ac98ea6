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

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "[[issuers]]\nissuer = 'https://a.example'\naudience = ['b']\n";
    const SITE: &str = "[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'\n";

    fn config(tables: &str) -> Config {
        Config::parse(&format!("{ISSUER}{SITE}{tables}")).expect("valid")
    }

    /// What is known of a token is kept for as long as its issuer is the same.
    #[test]
    fn an_issuer_is_another_one_once_other_claims_of_its_tokens_count() {
        let rule = "[[rules]]\naccess = 'x'\nkey = '{uuid}/{name}'\nclaims = { plan = ['pro'] }\n";
        let pinned = "[[residency]]\nsites = ['a']\nclaims = { '/address/country' = ['DE'] }\n";
        let (before, after) = (config(rule), config(&format!("{rule}{pinned}")));
        assert_eq!(watched(&before).into_iter().collect::<Vec<_>>(), ["plan"]);
        assert_eq!(watched(&after).into_iter().collect::<Vec<_>>(), ["/address/country", "plan"]);
        assert!(before.issuers[0] != after.issuers[0] && before.issuers[0] == config(rule).issuers[0]);
    }
}
