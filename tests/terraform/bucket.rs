//! A bucket as every topology has it.

use serde_json::{Value, json};

use crate::aws::{Aws, elements, sorted, statements, texts, within};

/// A rule of replication, as far as it may differ.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Copies {
    pub(crate) to: String,
    pub(crate) within_minutes: Option<String>,
    pub(crate) measured: bool,
}

impl Aws {
    pub(crate) async fn check_bucket(&self, region: &str, bucket: &str) {
        assert_eq!(texts(&self.of(region, bucket, "versioning").await, "Status"), ["Enabled"]);
        assert_eq!(texts(&self.of(region, bucket, "encryption").await, "SSEAlgorithm"), ["AES256"]);
        assert_eq!(
            texts(&self.of(region, bucket, "ownershipControls").await, "ObjectOwnership"),
            ["BucketOwnerEnforced"]
        );
        let block = self.of(region, bucket, "publicAccessBlock").await;
        for name in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] {
            assert_eq!(texts(&block, name), ["true"], "{name}");
        }
        self.check_cors(region, bucket).await;
        let lifecycle = self.of(region, bucket, "lifecycle").await;
        assert_eq!(texts(&lifecycle, "DaysAfterInitiation"), ["8"]);
        assert_eq!(texts(&lifecycle, "Status"), ["Enabled"]);
    }

    async fn check_cors(&self, region: &str, bucket: &str) {
        let cors = self.of(region, bucket, "cors").await;
        assert_eq!(texts(&cors, "AllowedOrigin"), ["https://www.example.com"]);
        assert_eq!(sorted(texts(&cors, "AllowedMethod")), ["GET", "HEAD", "POST", "PUT"]);
        let headers = ["cache-control", "content-disposition", "content-type", "if-none-match", "x-amz-*"];
        assert_eq!(sorted(texts(&cors, "AllowedHeader")), headers);
        let exposed = ["ETag", "x-amz-checksum-crc64nvme", "x-amz-request-id", "x-amz-version-id"];
        assert_eq!(sorted(texts(&cors, "ExposeHeader")), exposed);
    }

    /// The bucket's policy, after the statement that all have.
    pub(crate) async fn further_statements(&self, region: &str, bucket: &str) -> Vec<Value> {
        let policy = serde_json::from_str(&self.of(region, bucket, "policy").await).expect("JSON");
        let mut statements = statements(&policy);
        let only_by_tls = json!({
            "Effect": "Deny", "Principal": "*", "Action": ["s3:*"],
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        });
        assert_eq!(statements.remove(0), only_by_tls);
        statements
    }

    pub(crate) async fn is_accelerated(&self, region: &str, bucket: &str) -> bool {
        texts(&self.of(region, bucket, "accelerate").await, "Status") == ["Enabled"]
    }

    /// The rules by which the bucket is copied. Each is in force, for all objects, with delete markers and what replicas change.
    pub(crate) async fn copies(&self, region: &str, bucket: &str, role: &str) -> Vec<Copies> {
        let rules = self.of(region, bucket, "replication").await;
        assert_eq!(texts(&rules, "Role"), [format!("arn:aws:iam::123456789012:role/{role}")]);
        let mut copies = elements(&rules, "Rule", |rule| {
            let status_of = |name| {
                let part = rule.descendants().find(|node| node.tag_name().name() == name);
                part.and_then(|part| within(part, "Status"))
            };
            assert_eq!(status_of("DeleteMarkerReplication").as_deref(), Some("Enabled"));
            assert_eq!(status_of("ReplicaModifications").as_deref(), Some("Enabled"));
            assert!(rule.children().any(|node| node.tag_name().name() == "Status" && node.text() == Some("Enabled")));
            let time = rule.descendants().find(|node| node.tag_name().name() == "ReplicationTime");
            Copies {
                to: within(rule, "Bucket").expect("a bucket").trim_start_matches("arn:aws:s3:::").to_owned(),
                within_minutes: time.and_then(|time| within(time, "Minutes")),
                measured: status_of("Metrics").as_deref() == Some("Enabled"),
            }
        });
        copies.sort();
        copies
    }

    async fn of(&self, region: &str, bucket: &str, part: &str) -> String {
        self.get("s3", region, &format!("/{bucket}?{part}")).await
    }
}
