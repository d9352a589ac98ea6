//! Which variables of the Terraform module say what a finding is about, for those who have set up everything by it.

use super::finding::Finding;

/// By a finding's id. What the module always sets has none.
const VARIABLES: &[(&str, &str)] = &[
    ("acceleration-off", "topology"),
    ("bucket-missing", "sites"),
    ("bucket-wrong-region", "sites"),
    ("cors-any-origin", "allowed_origins"),
    ("cors-origin-refused", "allowed_origins"),
    ("dns-no-latency-records", "domain"),
    ("dns-record-missing", "domain"),
    ("lifecycle-missing", "abort_multipart_days"),
    ("lifecycle-too-short", "abort_multipart_days"),
    ("mrap-put", "buckets"),
    ("replication-abroad", "sites"),
    ("replication-rule-missing", "buckets"),
];

/// The same, with the variable in its mend where there is one.
pub(super) fn named(finding: Finding) -> Finding {
    let Some((_, variable)) = VARIABLES.iter().find(|(id, _)| *id == finding.id) else { return finding };
    let mend = finding.mend.map(|mend| format!("{mend}; by Terraform: `{variable}`"));
    Finding { mend, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: [&str; 2] =
        [include_str!("../../terraform/variables.tf"), include_str!("../../terraform/region/variables.tf")];

    #[test]
    fn the_module_has_every_variable_that_is_named() {
        for (id, variable) in VARIABLES {
            let head = format!("variable \"{variable}\" {{");
            assert!(MODULES.iter().any(|module| module.contains(&head)), "{id}: {variable}");
        }
    }

    #[test]
    fn what_is_as_it_should_be_names_no_variable() {
        assert_eq!(named(Finding::ok("mrap-put", "it works")), Finding::ok("mrap-put", "it works"));
    }
}
