//! The role that replication has: S3 copies by its rights, and says nothing where one is missing.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html>.

use percent_encoding::percent_decode_str;
use reqwest::Method;
use serde_json::Value;

use super::aws_call::{Service, texts};
use super::finding::Finding;
use super::look::Look;
use super::policy_document::{allows, trusts};
use crate::routing::escape_query;

const SOURCE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html";
const ID: &str = "replication-role";

/// On the bucket that is copied from.
const ON_SOURCE: [&str; 2] = ["s3:GetReplicationConfiguration", "s3:ListBucket"];
/// On its objects.
const ON_OBJECTS: [&str; 3] =
    ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"];
/// On the objects of a bucket that is copied to.
const ON_COPIES: [&str; 3] = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"];

/// A role as IAM has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    trust: Value,
    policies: Vec<Value>,
}

/// Looks at a role and all its policies. None where there is no such role.
pub(super) async fn look(iam: &Service<'_>, arn: &str) -> Look<Option<Role>> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let answer = match ask(iam, "iam:GetRole", "GetRole", &[("RoleName", name)]).await.seen() {
        Ok(Some(answer)) => answer,
        Ok(None) => return Look::Seen(None),
        Err(unseen) => return unseen,
    };
    let trust = documents(&answer, "AssumeRolePolicyDocument").into_iter().next().unwrap_or_default();
    match policies(iam, name).await {
        Ok(policies) => Look::Seen(Some(Role { trust, policies })),
        Err(unseen) => unseen,
    }
}

/// Those that are written into the role, and those that are attached to it.
async fn policies(iam: &Service<'_>, role: &str) -> Result<Vec<Value>, Look<Option<Role>>> {
    let ask = async |right, action, parameters: &[(&str, &str)]| {
        ask(iam, right, action, parameters).await.seen().map(Option::unwrap_or_default)
    };
    let mut found = Vec::new();
    let inline = ask("iam:ListRolePolicies", "ListRolePolicies", &[("RoleName", role)]).await?;
    for name in texts(&inline, "member") {
        let answer = ask("iam:GetRolePolicy", "GetRolePolicy", &[("RoleName", role), ("PolicyName", &name)]).await?;
        found.extend(documents(&answer, "PolicyDocument"));
    }
    let attached = ask("iam:ListAttachedRolePolicies", "ListAttachedRolePolicies", &[("RoleName", role)]).await?;
    for arn in texts(&attached, "PolicyArn") {
        let policy = ask("iam:GetPolicy", "GetPolicy", &[("PolicyArn", &arn)]).await?;
        for version in texts(&policy, "DefaultVersionId") {
            let parameters = [("PolicyArn", arn.as_str()), ("VersionId", &version)];
            found.extend(documents(&ask("iam:GetPolicyVersion", "GetPolicyVersion", &parameters).await?, "Document"));
        }
    }
    Ok(found)
}

async fn ask(
    iam: &Service<'_>,
    right: &'static str,
    action: &str,
    parameters: &[(&str, &str)],
) -> Look<Option<String>> {
    let parameters = parameters.iter().map(|(name, value)| format!("&{name}={}", escape_query(value)));
    let body = format!("Action={action}&Version=2010-05-08{}", parameters.collect::<String>());
    iam.call(right, Method::POST, "/", body).await
}

/// IAM escapes them as in a query.
fn documents(xml: &str, element: &str) -> Vec<Value> {
    let read = |text: &String| serde_json::from_str(&percent_decode_str(text).decode_utf8().ok()?).ok();
    texts(xml, element).iter().filter_map(read).collect()
}

/// What is found of the role by which `from` is copied to the buckets `to`.
pub(super) fn findings(role: &Look<Option<Role>>, arn: &str, from: &str, to: &[&str]) -> Vec<Finding> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    role.judge(ID, |role| {
        let Some(Role { trust, policies }) = role else {
            let what = format!("the role {name} by which it is copied is not there");
            let mend =
                "make it, with the rights that the source names, or name another in the replication configuration";
            return vec![Finding::error("replication-role-missing", what, mend).source(SOURCE)];
        };
        if !trusts(trust, "s3.amazonaws.com") {
            let what = format!("S3 may not assume the role {name}");
            let mend =
                format!("let `s3.amazonaws.com` assume it: aws iam update-assume-role-policy --role-name {name} …");
            return vec![Finding::error("replication-role-trust", what, mend).source(SOURCE)];
        }
        let bucket = |bucket: &str| format!("arn:{partition}:s3:::{bucket}");
        let lacks = |action: &&str, resource: &str| !allows(policies, action, resource);
        let mut missing: Vec<_> = ON_SOURCE.iter().filter(|action| lacks(action, &bucket(from))).copied().collect();
        missing.extend(ON_OBJECTS.iter().filter(|action| lacks(action, &format!("{}/*", bucket(from)))));
        for to in to {
            missing.extend(ON_COPIES.iter().filter(|action| lacks(action, &format!("{}/*", bucket(to)))));
        }
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return vec![Finding::ok(ID, format!("the role {name} has all rights that copying needs"))];
        }
        let what =
            format!("the role {name} lacks {}, so that objects are not copied as the rules say", missing.join(", "));
        let mend = format!(
            "add them: aws iam put-role-policy --role-name {name} --policy-name replication --policy-document …"
        );
        vec![Finding::error("replication-role-rights", what, mend).source(SOURCE)]
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_needs_its_rights_on_both_buckets() {
        let role = |actions: Value, resource: &str| {
            let trust = json!({ "Statement": { "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" } } });
            let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": resource }] });
            Look::Seen(Some(Role { trust, policies: vec![policy] }))
        };
        let find = |role| findings(&role, "arn:aws:iam::1:role/path/copier", "a", &["b"]).remove(0);
        assert_eq!(find(role(json!("s3:*"), "*")).id, "replication-role");
        let half = find(role(json!("s3:*"), "arn:aws:s3:::a*"));
        assert_eq!(half.id, "replication-role-rights");
        assert!(
            half.what.contains("copier lacks s3:ReplicateDelete, s3:ReplicateObject, s3:ReplicateTags,"),
            "{}",
            half.what
        );
        assert_eq!(find(Look::Seen(None)).id, "replication-role-missing");
        let untrusted = Role { trust: json!({}), policies: Vec::new() };
        assert_eq!(find(Look::Seen(Some(untrusted))).id, "replication-role-trust");
        assert!(find(Look::Refused { right: "iam:GetRole" }).what.contains("iam:GetRole"));
    }
}
