//! How the world is set up: soundly, until a fault is planted.

use std::time::Duration;

use serde_json::{Value, json};

pub(crate) const PAGE: &str = "https://page.example";
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/copier";
pub(crate) const NAME: &str = "sign.nearput.test";

/// Two sites, two signers, and what is between them.
pub(crate) struct Setup {
    /// The bucket of the first site.
    pub(crate) bucket: &'static str,
    /// Where that one is; none where it is not there.
    pub(crate) region: Option<&'static str>,
    pub(crate) cors: Cors,
    pub(crate) is_accelerated: bool,
    /// Whether the configuration says so.
    pub(crate) accelerate: bool,
    pub(crate) is_versioned: bool,
    pub(crate) copies: Vec<Copy>,
    pub(crate) trust: Value,
    pub(crate) rights: Value,
    pub(crate) aborts_after_days: Option<u32>,
    pub(crate) blocks_public_access: bool,
    pub(crate) enforces_ownership: bool,
    pub(crate) may_put: bool,
    pub(crate) ahead: Duration,
    pub(crate) certificate: Certificate,
    pub(crate) record_regions: &'static [&'static str],
    pub(crate) has_health_checks: bool,
    pub(crate) name: &'static str,
    pub(crate) second_signer_runs: bool,
    pub(crate) second_ticket_key: u8,
    pub(crate) second_home: &'static str,
    /// Further tables of the configuration.
    pub(crate) tables: &'static str,
    /// And of that of the second signer.
    pub(crate) second_tables: &'static str,
    pub(crate) is_encrypted: bool,
    pub(crate) has_public_policy: bool,
    pub(crate) has_role: bool,
    /// Whether the check trusts the authority of the certificates.
    pub(crate) is_trusted: bool,
    /// Whether the signer reaches its storage.
    pub(crate) is_reachable: bool,
    /// Whether the credentials may see how everything is set up.
    pub(crate) may_look: bool,
    /// Whether the storage says of a bucket's settings that it has no such thing.
    pub(crate) denies_settings: bool,
    pub(crate) is_locked: bool,
    pub(crate) corrupts: bool,
    /// Whether the storage completes multipart uploads.
    pub(crate) completes: bool,
    /// What it says of each object besides.
    pub(crate) object_headers: &'static [(&'static str, &'static str)],
    /// Whether it tells which multipart uploads it has.
    pub(crate) lists_parts: bool,
    pub(crate) access_point: Option<AccessPoint>,
}

/// What is in front of the buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccessPoint {
    pub(crate) leads_to: &'static str,
    pub(crate) creates: bool,
    pub(crate) takes_parts: bool,
    /// Whether pages may read what it answers.
    pub(crate) is_readable: bool,
}

pub(crate) struct Cors {
    pub(crate) origins: Vec<&'static str>,
    pub(crate) methods: Vec<&'static str>,
    pub(crate) headers: Vec<&'static str>,
    pub(crate) exposed: Vec<&'static str>,
}

/// A rule of replication.
pub(crate) struct Copy {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// What the keys that it is for begin with.
    pub(crate) prefix: &'static str,
    pub(crate) is_enabled: bool,
    pub(crate) delete_markers: bool,
    pub(crate) modifications: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    Ended,
    OfAnotherName,
}

pub(crate) const EU: &str = "nearput-eu";
pub(crate) const US: &str = "nearput-us";
pub(crate) const DOTTED: &str = "nearput.eu";

impl Setup {
    pub(crate) fn sound() -> Self {
        let copy =
            |from, to| Copy { from, to, prefix: "", is_enabled: true, delete_markers: true, modifications: true };
        let s3 = json!({ "Service": "s3.amazonaws.com" });
        Self {
            bucket: EU,
            region: Some("eu-west-1"),
            cors: Cors {
                origins: vec![PAGE],
                methods: vec!["PUT", "POST", "GET", "HEAD"],
                headers: vec!["*"],
                exposed: vec!["ETag", "x-amz-checksum-crc64nvme", "x-amz-version-id", "x-amz-request-id"],
            },
            is_accelerated: true,
            accelerate: true,
            is_versioned: true,
            copies: vec![copy(EU, US), copy(US, EU)],
            trust: json!([{ "Effect": "Allow", "Principal": s3, "Action": "sts:AssumeRole" }]),
            rights: json!([
                { "Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": "*" },
                { "Effect": "Allow", "Action": ["s3:GetObjectVersion*", "s3:Replicate*"], "Resource": "arn:aws:s3:::nearput-*/*" },
            ]),
            aborts_after_days: Some(8),
            blocks_public_access: true,
            enforces_ownership: true,
            may_put: true,
            ahead: Duration::ZERO,
            certificate: Certificate::Good,
            record_regions: &["eu-west-1", "us-west-2"],
            has_health_checks: true,
            name: NAME,
            second_signer_runs: true,
            second_ticket_key: 7,
            second_home: "us",
            tables: "",
            second_tables: "",
            is_encrypted: true,
            has_public_policy: false,
            has_role: true,
            is_trusted: true,
            is_reachable: true,
            may_look: true,
            denies_settings: false,
            is_locked: false,
            corrupts: false,
            completes: true,
            object_headers: &[],
            lists_parts: true,
            access_point: None,
        }
    }

    /// The same behind an access point.
    pub(crate) fn behind(access_point: AccessPoint) -> Self {
        Self { access_point: Some(access_point), ..Self::sound() }
    }
}

impl AccessPoint {
    pub(crate) const SOUND: Self = Self { leads_to: EU, creates: true, takes_parts: true, is_readable: true };
}

impl Cors {
    pub(crate) fn xml(&self) -> String {
        let list = |element: &str, items: &[&str]| {
            items.iter().map(|item| format!("<{element}>{item}</{element}>")).collect::<String>()
        };
        format!(
            "<CORSConfiguration><CORSRule>{}{}{}{}</CORSRule></CORSConfiguration>",
            list("AllowedOrigin", &self.origins),
            list("AllowedMethod", &self.methods),
            list("AllowedHeader", &self.headers),
            list("ExposeHeader", &self.exposed),
        )
    }
}

/// As S3 would answer it for a bucket, if there is any.
pub(crate) fn replication(copies: &[Copy], from: &str) -> Option<String> {
    let status = |is_on: bool| if is_on { "Enabled" } else { "Disabled" };
    let rule = |copy: &Copy| {
        format!(
            "<Rule><ID>to-{to}</ID><Priority>1</Priority><Status>{}</Status><Filter><Prefix>{}</Prefix></Filter>\
             <Destination><Bucket>arn:aws:s3:::{to}</Bucket></Destination>\
             <DeleteMarkerReplication><Status>{}</Status></DeleteMarkerReplication>\
             <SourceSelectionCriteria><ReplicaModifications><Status>{}</Status></ReplicaModifications>\
             </SourceSelectionCriteria></Rule>",
            status(copy.is_enabled),
            copy.prefix,
            status(copy.delete_markers),
            status(copy.modifications),
            to = copy.to,
        )
    };
    let rules: Vec<_> = copies.iter().filter(|copy| copy.from == from).map(rule).collect();
    (!rules.is_empty())
        .then(|| format!("<ReplicationConfiguration><Role>{ROLE}</Role>{}</ReplicationConfiguration>", rules.concat()))
}
