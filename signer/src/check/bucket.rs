//! How a bucket is set up, as its operator sees it.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    BucketAccelerateStatus, BucketVersioningStatus, ExpirationStatus, ObjectLockEnabled, ObjectOwnership,
};

use super::finding::Finding;
use super::look::{Look, Right};
use crate::error::chain;

const DAY: Duration = Duration::from_hours(24);

/// Whether the bucket is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Presence {
    /// In this region, if the service says it.
    In(Option<String>),
    Missing,
    Refused,
    /// Nobody can be asked without credentials.
    Unsigned,
    Failed(String),
}

/// What its owner has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) is_versioned: Look<bool>,
    is_accelerated: Look<bool>,
    /// After how many days each rule that counts for every object aborts what was begun.
    aborts_after_days: Look<Vec<i32>>,
    blocks_public_access: Look<bool>,
    enforces_ownership: Look<bool>,
    is_encrypted: Look<bool>,
    has_public_policy: Look<bool>,
    has_object_lock: Look<bool>,
}

/// What the configuration expects of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) bucket: &'a str,
    pub(super) region: &'a str,
    pub(super) is_accelerated: bool,
    /// How long an upload may take.
    pub(super) max_lifetime: Duration,
    pub(super) is_aws: bool,
}

/// Looks whether the bucket is there.
pub(super) async fn find(client: &Client, bucket: &str) -> Presence {
    let error = match client.head_bucket().bucket(bucket).send().await {
        Ok(found) => return Presence::In(found.bucket_region),
        Err(error) => error,
    };
    let region = error.raw_response().and_then(|response| response.headers().get("x-amz-bucket-region"));
    match (error.raw_response().map(|response| response.status().as_u16()), region, error.code()) {
        (Some(404), _, _) => Presence::Missing,
        (Some(301 | 307 | 400), Some(region), _) => Presence::In(Some(region.to_owned())),
        (Some(401 | 403), _, _) => Presence::Refused,
        (_, _, Some(code)) => Presence::Failed(code.to_owned()),
        (_, _, None) => Presence::Failed(chain(&error)),
    }
}

/// Looks at all settings.
pub(super) async fn look(client: &Client, bucket: &str, is_at_aws: bool) -> Settings {
    let (versioning, acceleration, lifecycle, block, ownership, encryption, policy, lock) = futures_util::join!(
        client.get_bucket_versioning().bucket(bucket).send(),
        client.get_bucket_accelerate_configuration().bucket(bucket).send(),
        client.get_bucket_lifecycle_configuration().bucket(bucket).send(),
        client.get_public_access_block().bucket(bucket).send(),
        client.get_bucket_ownership_controls().bucket(bucket).send(),
        client.get_bucket_encryption().bucket(bucket).send(),
        client.get_bucket_policy_status().bucket(bucket).send(),
        client.get_object_lock_configuration().bucket(bucket).send(),
    );
    let versioned = versioning.map(|set| set.status == Some(BucketVersioningStatus::Enabled));
    let accelerated = acceleration.map(|set| set.status == Some(BucketAccelerateStatus::Enabled));
    let aborts = lifecycle.map(|set| {
        let for_all = |rule: &aws_sdk_s3::types::LifecycleRule| {
            let filter = rule.filter.as_ref();
            let is_narrow = filter.is_some_and(|filter| {
                filter.prefix().is_some_and(|prefix| !prefix.is_empty())
                    || filter.tag().is_some()
                    || filter.and().is_some()
            });
            rule.status == ExpirationStatus::Enabled && !is_narrow
        };
        let rules = set.rules.unwrap_or_default();
        let days = |rule: &aws_sdk_s3::types::LifecycleRule| {
            rule.abort_incomplete_multipart_upload.as_ref()?.days_after_initiation
        };
        rules.iter().filter(|rule| for_all(rule)).filter_map(days).collect()
    });
    let blocks = block.map(|set| {
        let set = set.public_access_block_configuration.unwrap_or_else(none_blocked);
        let all = [set.block_public_acls, set.ignore_public_acls, set.block_public_policy, set.restrict_public_buckets];
        all.iter().all(|blocked| *blocked == Some(true))
    });
    let enforced = ownership.map(|set| {
        let rules = set.ownership_controls.map(|controls| controls.rules).unwrap_or_default();
        rules.iter().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced)
    });
    let encrypted =
        encryption.map(|set| set.server_side_encryption_configuration.is_some_and(|set| !set.rules.is_empty()));
    let public = policy.map(|set| set.policy_status.and_then(|status| status.is_public) == Some(true));
    let locked = lock.map(|set| {
        set.object_lock_configuration.is_some_and(|set| set.object_lock_enabled == Some(ObjectLockEnabled::Enabled))
    });
    let (no, right) = (|| false, |name| Right { name, is_at_aws });
    Settings {
        is_versioned: Look::of(right("s3:GetBucketVersioning"), versioned, &[], no),
        is_accelerated: Look::of(right("s3:GetAccelerateConfiguration"), accelerated, &[], no),
        aborts_after_days: Look::of(
            right("s3:GetLifecycleConfiguration"),
            aborts,
            &["NoSuchLifecycleConfiguration"],
            Vec::new,
        ),
        blocks_public_access: Look::of(
            right("s3:GetBucketPublicAccessBlock"),
            blocks,
            &["NoSuchPublicAccessBlockConfiguration"],
            no,
        ),
        enforces_ownership: Look::of(
            right("s3:GetBucketOwnershipControls"),
            enforced,
            &["OwnershipControlsNotFoundError"],
            no,
        ),
        is_encrypted: Look::of(
            right("s3:GetEncryptionConfiguration"),
            encrypted,
            &["ServerSideEncryptionConfigurationNotFoundError"],
            no,
        ),
        has_public_policy: Look::of(right("s3:GetBucketPolicyStatus"), public, &["NoSuchBucketPolicy"], no),
        has_object_lock: Look::of(
            right("s3:GetBucketObjectLockConfiguration"),
            locked,
            &["ObjectLockConfigurationNotFoundError"],
            no,
        ),
    }
}

fn none_blocked() -> aws_sdk_s3::types::PublicAccessBlockConfiguration {
    aws_sdk_s3::types::PublicAccessBlockConfiguration::builder().build()
}

/// What is found of where the bucket is.
pub(super) fn place(presence: &Presence, expected: &Expected<'_>) -> Finding {
    let Expected { bucket, region, is_aws, .. } = *expected;
    match presence {
        Presence::In(Some(found)) if is_aws && found != region => {
            let what = format!("the bucket {bucket} is in {found}, and the configuration says {region}");
            Finding::error("bucket-wrong-region", what, format!("write `region = \"{found}\"` for the site"))
                .source("https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html#access-bucket-intro")
        }
        Presence::In(_) => Finding::ok("bucket", format!("the bucket {bucket} is in {region}")),
        Presence::Missing => {
            let what = format!("there is no bucket {bucket} in {region}");
            let mend = format!(
                "aws s3api create-bucket --bucket {bucket} --region {region} \
                 --create-bucket-configuration LocationConstraint={region}"
            );
            Finding::error("bucket-missing", what, mend)
        }
        Presence::Refused => Finding::unknown("bucket", "not looked at: that needs s3:ListBucket"),
        Presence::Unsigned => Finding::unknown("bucket", "not looked at: there are no credentials"),
        Presence::Failed(problem) => {
            let what = format!("the storage does not answer the signer: {problem}");
            Finding::error("storage-unreachable", what, "look at the site's endpoint, region and credentials")
        }
    }
}

impl Settings {
    /// What is found of them.
    pub(super) fn findings(&self, expected: &Expected<'_>) -> Vec<Finding> {
        let bucket = expected.bucket;
        let mut found = self.acceleration(expected);
        found.extend(self.lifecycle(expected));
        found.extend(self.blocks_public_access.judge("public-access", |blocked| {
            if *blocked {
                return vec![Finding::ok("public-access", "public access is blocked")];
            }
            let what = "public access is not blocked, so that a policy or ACL can make uploads public";
            let block = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";
            let mend = format!(
                "aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration {block}"
            );
            let source =
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html";
            vec![Finding::error("public-access-not-blocked", what, mend).source(source)]
        }));
        found.extend(self.has_public_policy.judge("bucket-policy", |public| {
            if !public {
                return vec![Finding::ok("bucket-policy", "no bucket policy is for everybody")];
            }
            let what = "the bucket's policy lets everybody in";
            vec![Finding::error("bucket-policy-public", what, format!("aws s3api get-bucket-policy --bucket {bucket}"))]
        }));
        found.extend(self.enforces_ownership.judge("ownership", |enforced| {
            if *enforced {
                return vec![Finding::ok("ownership", "all objects are the bucket owner's")];
            }
            let what = "objects may have ACLs of their own";
            let mend = format!(
                "aws s3api put-bucket-ownership-controls --bucket {bucket} \
                 --ownership-controls 'Rules=[{{ObjectOwnership=BucketOwnerEnforced}}]'"
            );
            let source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html";
            vec![Finding::warning("ownership-not-enforced", what, mend).source(source)]
        }));
        found.extend(self.is_encrypted.judge("encryption", |encrypted| {
            if *encrypted {
                return vec![Finding::ok("encryption", "objects are encrypted")];
            }
            let mend = format!(
                "aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration \
                 '{{\"Rules\":[{{\"ApplyServerSideEncryptionByDefault\":{{\"SSEAlgorithm\":\"AES256\"}}}}]}}'"
            );
            vec![Finding::warning("encryption-off", "the bucket names no encryption", mend)]
        }));
        found.extend(self.has_object_lock.judge("object-lock", |locked| {
            if !locked {
                return vec![Finding::ok("object-lock", "objects are not locked")];
            }
            let what = "the bucket has Object Lock: with a default retention nothing that is uploaded can be deleted";
            let mend = format!("see whether it is meant: aws s3api get-object-lock-configuration --bucket {bucket}");
            vec![Finding::warning("object-lock-on", what, mend)]
        }));
        found
    }

    fn acceleration(&self, expected: &Expected<'_>) -> Vec<Finding> {
        let Expected { bucket, is_accelerated: wanted, is_aws, .. } = *expected;
        if is_aws && bucket.contains('.') {
            let what =
                "the bucket's name has a dot, so that it has no Transfer Acceleration, and only names in path style";
            let mend = "make a bucket without a dot; a bucket cannot be renamed";
            let source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html";
            return vec![Finding::warning("dotted-bucket", what, mend).source(source)];
        }
        self.is_accelerated.judge("acceleration", |is_on| match (wanted, is_on) {
            (true, false) => {
                let mend = format!(
                    "aws s3api put-bucket-accelerate-configuration --bucket {bucket} \
                     --accelerate-configuration Status=Enabled, or write `accelerate = false`"
                );
                let source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html";
                vec![Finding::error("acceleration-off", "Transfer Acceleration is off", mend).source(source)]
            }
            (true, true) => vec![Finding::ok("acceleration", "Transfer Acceleration is on")],
            (false, true) => vec![Finding::ok("acceleration", "Transfer Acceleration is on, and not used")],
            (false, false) => vec![Finding::ok("acceleration", "Transfer Acceleration is off, as it is configured")],
        })
    }

    fn lifecycle(&self, expected: &Expected<'_>) -> Vec<Finding> {
        let Expected { bucket, max_lifetime, .. } = *expected;
        let needed = max_lifetime.as_secs().div_ceil(DAY.as_secs());
        let source =
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html";
        let mend = format!(
            "abort what is older than {needed} days, which is tickets.max_lifetime: aws s3api \
             put-bucket-lifecycle-configuration --bucket {bucket} --lifecycle-configuration '{{\"Rules\":[{{\"ID\":\"abort\",\
             \"Status\":\"Enabled\",\"Filter\":{{}},\"AbortIncompleteMultipartUpload\":{{\"DaysAfterInitiation\":{needed}}}}}]}}'"
        );
        self.aborts_after_days.judge("lifecycle", |days| match days.iter().copied().min() {
            None => {
                let what = "uploads that were never finished stay for ever, and cost storage";
                vec![Finding::warning("lifecycle-missing", what, &mend).source(source)]
            }
            Some(days) if u64::try_from(days).unwrap_or_default() < needed => {
                let what =
                    format!("uploads are aborted after {days} days, and may take {needed} by tickets.max_lifetime");
                vec![Finding::error("lifecycle-too-short", what, &mend).source(source)]
            }
            Some(days) => vec![Finding::ok(
                "lifecycle",
                format!("uploads that were never finished are aborted after {days} days"),
            )],
        })
    }
}
