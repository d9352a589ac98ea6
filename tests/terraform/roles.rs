//! What the roles may do, and who may be them.

use serde_json::{Value, json};

use crate::aws::{Aws, sorted, statements};

const SIGNER: &str = "arn:aws:iam::123456789012:role/example-uploads-signer";

pub(crate) fn allow(actions: &[&str], resources: &[String]) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

fn trusts(kind: &str, who: &str) -> Value {
    json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { kind: who } }])
}

fn arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

fn objects(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}/*")
}

impl Aws {
    /// The signers' role: this much on the buckets, the log, and `further`.
    pub(crate) async fn check_signer_role(&self, buckets: &[&str], further: &[Value]) {
        assert_eq!(self.trust("example-uploads-signer").await["Statement"], trusts("Service", "lambda.amazonaws.com"));
        let each = |of: fn(&str) -> String| sorted(buckets.iter().map(|bucket| of(bucket)).collect());
        let on_objects = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"];
        let log = "arn:aws:logs:*:123456789012:log-group:/aws/lambda/example-uploads-*:*".to_owned();
        let mut expected = vec![
            allow(&on_objects, &each(objects)),
            allow(&["s3:ListBucket"], &each(arn)),
            allow(&["logs:CreateLogStream", "logs:PutLogEvents"], &[log]),
        ];
        expected.extend_from_slice(further);
        assert_eq!(statements(&self.role_policy("example-uploads-signer", "signer").await), expected);
    }

    /// The role for temporary credentials: for the signer only, and to upload only.
    pub(crate) async fn check_browser_role(&self, bucket: &str) {
        assert_eq!(self.trust("example-uploads-browser").await["Statement"], trusts("AWS", SIGNER));
        let policy = self.role_policy("example-uploads-browser", "upload").await;
        assert_eq!(statements(&policy), [allow(&["s3:PutObject"], &[objects(bucket)])]);
    }

    pub(crate) async fn check_replication_role(&self, role: &str, from: &str, to: &[&str]) {
        assert_eq!(self.trust(role).await["Statement"], trusts("Service", "s3.amazonaws.com"));
        let of_versions = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"];
        let to: Vec<_> = to.iter().map(|bucket| objects(bucket)).collect();
        let expected = [
            allow(&["s3:GetReplicationConfiguration", "s3:ListBucket"], &[arn(from)]),
            allow(&of_versions, &[objects(from)]),
            allow(&["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"], &to),
        ];
        assert_eq!(statements(&self.role_policy(role, "replication").await), expected);
    }
}
