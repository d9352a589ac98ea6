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
    ("replication-rule-missing", "sites"),
];

/// And which attribute of it, where it has several.
const ATTRIBUTES: &[(&str, &str)] =
    &[("replication-abroad", "replicate_to"), ("replication-rule-missing", "replicate_to")];

/// The same, with the variable in its mend where there is one.
pub(super) fn named(finding: Finding) -> Finding {
    let of = |list: &[(&str, &'static str)]| list.iter().find(|(id, _)| *id == finding.id).map(|(_, name)| *name);
    let Some(variable) = of(VARIABLES) else { return finding };
    let attribute = of(ATTRIBUTES).map(|attribute| format!(" (`{attribute}`)")).unwrap_or_default();
    let mend = finding.mend.map(|mend| format!("{mend}; by Terraform: `{variable}`{attribute}"));
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
    fn the_mend_of_a_missing_rule_names_the_sites_that_are_copied_to() {
        let mend = named(Finding::error("replication-rule-missing", "nothing is copied", "add a rule")).mend;
        assert_eq!(mend.as_deref(), Some("add a rule; by Terraform: `sites` (`replicate_to`)"));
        for (id, attribute) in ATTRIBUTES {
            assert!(MODULES[0].contains(&format!("    {attribute} = ")), "{id}: {attribute}");
        }
    }

    #[test]
    fn what_is_as_it_should_be_names_no_variable() {
        assert_eq!(named(Finding::ok("mrap-put", "it works")), Finding::ok("mrap-put", "it works"));
    }
}
