//! Policies of IAM, as far as it takes to say whether one allows an action.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use serde_json::Value;

/// Whether these policies together allow it. Conditions are taken as met where they allow, and as not met where they deny.
pub(super) fn allows(policies: &[Value], action: &str, resource: &str) -> bool {
    let about = |statement: &&Value| {
        any(&statement["Action"], |pattern| matches(&pattern.to_lowercase(), &action.to_lowercase()))
            && any(&statement["Resource"], |pattern| matches(pattern, resource))
    };
    let has = |effect: &str| policies.iter().flat_map(statements).filter(about).any(|found| found["Effect"] == *effect);
    let denies = |statement: &Value| statement["Effect"] == "Deny" && statement["Condition"].is_null();
    has("Allow") && !policies.iter().flat_map(statements).filter(about).any(denies)
}

/// Whether a role's trust policy lets a service of AWS, such as `s3.amazonaws.com`, assume it.
pub(super) fn trusts(policy: &Value, service: &str) -> bool {
    statements(policy).any(|statement| {
        statement["Effect"] == "Allow" && any(&statement["Principal"]["Service"], |name| name == service)
    })
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    one_or_many(&policy["Statement"])
}

fn any(texts: &Value, is: impl Fn(&str) -> bool) -> bool {
    one_or_many(texts).filter_map(Value::as_str).any(is)
}

/// What is alone needs no list around it.
fn one_or_many(values: &Value) -> impl Iterator<Item = &Value> {
    values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice).iter()
}

/// `*` stands for any characters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern_rest.as_str();
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }
        Some(wanted) => {
            let mut text = text.chars();
            text.next().is_some_and(|found| wanted == '?' || wanted == found)
                && matches(pattern_rest.as_str(), text.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_action_is_allowed_by_a_statement_that_names_it_and_its_resource() {
        let one = json!({ "Effect": "Allow", "Action": "s3:Replicate*", "Resource": "arn:aws:s3:::b/*" });
        let policies = [json!({ "Statement": one })];
        assert!(allows(&policies, "s3:ReplicateObject", "arn:aws:s3:::b/*"));
        assert!(allows(&policies, "S3:replicateTags", "arn:aws:s3:::b/key"));
        assert!(!allows(&policies, "s3:GetObject", "arn:aws:s3:::b/*"));
        assert!(!allows(&policies, "s3:ReplicateObject", "arn:aws:s3:::other/*"));
        assert!(!allows(&[], "s3:ReplicateObject", "arn:aws:s3:::b/*"));
        let denied =
            json!({ "Statement": [one, { "Effect": "Deny", "Action": ["*"], "Resource": ["arn:aws:s3:::?/x"] }] });
        assert!(!allows(std::slice::from_ref(&denied), "s3:ReplicateObject", "arn:aws:s3:::b/x"));
        assert!(allows(&[denied], "s3:ReplicateObject", "arn:aws:s3:::b/y"));
    }

    #[test]
    fn a_role_trusts_the_services_that_it_names() {
        let trust = |service| json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": service } }] });
        assert!(trusts(&trust(json!(["a.amazonaws.com", "s3.amazonaws.com"])), "s3.amazonaws.com"));
        assert!(!trusts(&trust(json!("ec2.amazonaws.com")), "s3.amazonaws.com"));
        assert!(!trusts(&json!({ "Statement": { "Effect": "Allow", "Principal": "*" } }), "s3.amazonaws.com"));
    }
}
