//! `signer check` before a world with a fault in it, one at a time: each is found by its name, and nothing where there is none.

mod access_point;
mod certificates;
mod cloud;
mod front;
mod program;
mod setup;

use std::time::Duration;

use nearput_signer::{Finding, Report, Severity};
use serde_json::json;

use cloud::Cloud;
use setup::{AccessPoint, Certificate, DOTTED, Setup};

/// What is planted, and the name by which it must be found.
struct Fault {
    id: &'static str,
    severity: Severity,
    plant: fn(&mut Setup),
}

const fn error(id: &'static str, plant: fn(&mut Setup)) -> Fault {
    Fault { id, severity: Severity::Error, plant }
}

const fn warning(id: &'static str, plant: fn(&mut Setup)) -> Fault {
    Fault { id, severity: Severity::Warning, plant }
}

const FAULTS: &[Fault] = &[
    error("cors-header-refused", |world| world.cors.headers = vec!["content-type", "content-disposition"]),
    error("cors-method-refused", |world| world.cors.methods.retain(|method| *method != "PUT")),
    error("cors-origin-refused", |world| world.cors.origins = vec!["https://other.example"]),
    warning("cors-any-origin", |world| world.cors.origins = vec!["*"]),
    warning("cors-etag-hidden", |world| world.cors.exposed = vec!["x-amz-request-id"]),
    error("acceleration-off", |world| world.is_accelerated = false),
    warning("dotted-bucket", |world| (world.bucket, world.accelerate) = (DOTTED, false)),
    error("versioning-off", |world| world.is_versioned = false),
    error("replication-rule-missing", |world| world.copies.truncate(1)),
    error("replication-rule-missing", |world| world.copies[0].to = "another-bucket"),
    error("replication-rule-missing", |world| world.copies.clear()),
    error("replication-abroad", |world| world.tables = "[[residency]]\ntenants = ['acme']\nsites = ['eu']"),
    warning("replication-rule-narrow", |world| world.copies[0].prefix = "public/"),
    error("replication-role-missing", |world| world.has_role = false),
    error("replication-rule-disabled", |world| world.copies[0].is_enabled = false),
    warning("replication-delete-markers-off", |world| world.copies[1].delete_markers = false),
    warning("replication-modifications-off", |world| world.copies[1].modifications = false),
    error("replication-role-rights", |world| {
        world.rights = json!([{ "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" }]);
    }),
    error("replication-role-trust", |world| world.trust[0]["Principal"]["Service"] = json!("ec2.amazonaws.com")),
    warning("lifecycle-missing", |world| world.aborts_after_days = None),
    error("lifecycle-too-short", |world| world.aborts_after_days = Some(1)),
    error("public-access-not-blocked", |world| world.blocks_public_access = false),
    warning("ownership-not-enforced", |world| world.enforces_ownership = false),
    error("bucket-policy-public", |world| (world.has_public_policy, world.blocks_public_access) = (true, false)),
    warning("encryption-off", |world| world.is_encrypted = false),
    error("storage-unreachable", |world| world.is_reachable = false),
    error("signer-not-ready", |world| world.is_reachable = false),
    error("bucket-wrong-region", |world| world.region = Some("eu-central-1")),
    error("bucket-missing", |world| world.region = None),
    error("upload-refused", |world| world.may_put = false),
    error("upload-mismatch", |world| world.corrupts = true),
    error("clock-skewed", |world| world.ahead = Duration::from_mins(16)),
    error("certificate-expired", |world| world.certificate = Certificate::Ended),
    error("certificate-wrong-name", |world| world.certificate = Certificate::OfAnotherName),
    error("certificate-untrusted", |world| world.is_trusted = false),
    error("path-unreachable", |world| world.is_trusted = false),
    error("dns-record-missing", |world| world.name = "sign.missing.test"),
    error("dns-no-latency-records", |world| world.record_regions = &[]),
    error("dns-no-latency-records", |world| world.record_regions = &["eu-west-1"]),
    warning("dns-no-health-check", |world| world.has_health_checks = false),
    error("signer-down", |world| world.second_signer_runs = false),
    error("ticket-keys-differ", |world| world.second_ticket_key = 8),
    error("signers-differ", |world| {
        world.second_tables = "\n[[rules]]\naccess = 'private'\nkey = '{sub}/{uuid}/{name}'\nsites = ['us']";
    }),
    error("mrap-create", |world| world.access_point = Some(AccessPoint { creates: false, ..AccessPoint::SOUND })),
    error("mrap-create", |world| world.access_point = Some(AccessPoint { is_readable: false, ..AccessPoint::SOUND })),
    error("mrap-part", |world| world.access_point = Some(AccessPoint { takes_parts: false, ..AccessPoint::SOUND })),
    // To a bucket of no site.
    error("mrap-put", |world| world.access_point = Some(AccessPoint { leads_to: DOTTED, ..AccessPoint::SOUND })),
    error("mrap-holder", |world| world.access_point = Some(AccessPoint { leads_to: DOTTED, ..AccessPoint::SOUND })),
    // All that a PUT needs, and not what Create has besides.
    error("cors-header-refused", |world| {
        world.access_point = Some(AccessPoint::SOUND);
        world.cors.headers = vec![
            "content-type",
            "content-disposition",
            "if-none-match",
            "x-amz-checksum-crc64nvme",
            "x-amz-meta-nearput-check",
        ];
    }),
    warning("object-lock-on", |world| world.is_locked = true),
    error("upload-refused", |world| world.completes = false),
    warning("signers-same-home", |world| world.second_home = "eu"),
];

fn wrong(report: &Report) -> Vec<String> {
    report.findings.iter().filter(|finding| finding.severity != Severity::Ok).map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_planted_fault_is_found_by_its_name_and_nothing_in_a_sound_world() {
    let cloud = Cloud::start().await;
    let sound = cloud.look(&Setup::sound()).await;
    println!("{sound}");
    assert!(wrong(&sound).is_empty(), "{}", wrong(&sound).join("\n"));
    assert_eq!(cloud.leftovers(), 0);
    let mut missed = Vec::new();
    for (number, Fault { id, severity, plant }) in (1..).zip(FAULTS) {
        let mut setup = Setup::sound();
        plant(&mut setup);
        let before = cloud.leftovers();
        let report = cloud.look(&setup).await;
        let is_found = report.findings.iter().any(|finding| finding.id == *id && finding.severity == *severity);
        println!("{number:>2} {id}: {}", if is_found { "found" } else { "MISSED" });
        if !is_found {
            missed.push(format!("{number} {id}, but\n{}", wrong(&report).join("\n")));
        }
        let tells_what_is_left = report.findings.iter().any(|finding| finding.id == "upload-left");
        assert!(cloud.leftovers() == before || tells_what_is_left, "{id} leaves something and does not say so");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[tokio::test]
async fn an_access_point_that_creates_uploads_and_takes_their_parts_is_said_to_work() {
    let cloud = Cloud::start().await;
    let report = cloud.look(&Setup::behind(AccessPoint::SOUND)).await;
    assert!(wrong(&report).is_empty(), "{}", wrong(&report).join("\n"));
    for id in ["mrap-put", "mrap-create", "mrap-part"] {
        assert_eq!(report.findings.iter().filter(|finding| finding.id == id).count(), 1, "{id}");
    }
    assert_eq!(cloud.leftovers(), 0);
}

#[tokio::test]
async fn what_the_credentials_may_not_see_is_no_error_and_names_the_right_that_is_needed() {
    let cloud = Cloud::start().await;
    let report = cloud.look(&Setup { may_look: false, ..Setup::sound() }).await;
    assert!(!report.has_errors(), "{}", wrong(&report).join("\n"));
    let said = report.to_string();
    for right in [
        "s3:GetBucketVersioning",
        "s3:GetAccelerateConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketOwnershipControls",
        "s3:GetEncryptionConfiguration",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetReplicationConfiguration",
        "route53:ListHostedZonesByName",
    ] {
        assert!(said.contains(&format!("not looked at: that needs {right} ")), "{right}\n{said}");
    }
    for id in ["upload", "cors-allowed", "certificate", "dns", "signer", "ticket-keys"] {
        let is_fine = |finding: &&Finding| finding.id == id && finding.severity == Severity::Ok;
        assert!(report.findings.iter().any(|finding| is_fine(&finding)), "{id}\n{said}");
    }
}

#[tokio::test]
async fn a_site_that_does_not_tell_of_its_uploads_is_not_taken_for_one_without_them() {
    let cloud = Cloud::start().await;
    let report = cloud.look(&Setup { lists_parts: false, ..Setup::behind(AccessPoint::SOUND) }).await;
    let holder: Vec<_> = report.findings.iter().filter(|finding| finding.id == "mrap-holder").collect();
    assert!(matches!(holder[..], [Finding { severity: Severity::Unknown, .. }]), "{report}");
    let left = cloud.leftovers();
    let told = report.findings.iter().filter(|finding| finding.id == "upload-left").count();
    assert!(left == 0 || told > 0, "{left} left, {told} told of\n{report}");
}

#[tokio::test]
async fn what_is_not_reached_is_told_of_and_nothing_is_said_to_be_well() {
    let cloud = Cloud::start().await;
    let report = cloud.look(&Setup { is_reachable: false, ..Setup::sound() }).await;
    for id in ["settings", "cors", "upload", "versioning", "replication"] {
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.id == id).collect();
        let are_unknown = found.iter().all(|finding| finding.severity == Severity::Unknown);
        assert!(found.len() == 2 && are_unknown, "{id} of both sites\n{report}");
    }
}

#[tokio::test]
async fn everything_that_is_left_is_told_of() {
    let cloud = Cloud::start().await;
    let access_point = AccessPoint { leads_to: DOTTED, ..AccessPoint::SOUND };
    let report = cloud.look(&Setup::behind(access_point)).await;
    let told = report.findings.iter().filter(|finding| finding.id == "upload-left");
    assert_eq!(told.count(), 2, "an object and an open upload\n{report}");
}

#[tokio::test]
async fn a_setting_that_aws_denies_to_have_was_not_looked_at() {
    let cloud = Cloud::start().await;
    let report = cloud.look(&Setup { denies_settings: true, ..Setup::sound() }).await;
    for id in [
        "acceleration",
        "lifecycle",
        "public-access",
        "bucket-policy",
        "encryption",
        "object-lock",
        "versioning",
        "replication",
    ] {
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.id == id).collect();
        let are_unknown = found.iter().all(|finding| finding.severity == Severity::Unknown);
        assert!(!found.is_empty() && are_unknown, "{id}\n{report}");
    }
}

#[tokio::test]
async fn a_version_is_deleted_itself_and_leaves_a_marker_only_where_copies_are_to_be_hidden() {
    let cloud = Cloud::start().await;
    let names_version = |query: &String| query.contains("versionId=v1");
    let object_headers: &[_] = &[("x-amz-version-id", "v1")];
    cloud.look(&Setup { object_headers, ..Setup::sound() }).await;
    let deletes = cloud.deletes();
    assert!(!deletes.is_empty() && deletes.iter().all(names_version), "{deletes:?}");

    let object_headers: &[_] = &[("x-amz-version-id", "v1"), ("x-amz-replication-status", "PENDING")];
    cloud.look(&Setup { object_headers, ..Setup::sound() }).await;
    let deletes = cloud.deletes();
    let (versions, markers): (Vec<_>, Vec<_>) = deletes.iter().partition(|query| names_version(query));
    assert!(!markers.is_empty() && versions.len() == markers.len(), "{deletes:?}");
}

#[tokio::test]
async fn a_mend_names_the_variable_of_the_terraform_module_as_well() {
    let cloud = Cloud::start().await;
    let report = cloud.look(&Setup { aborts_after_days: None, ..Setup::sound() }).await;
    let found = report.findings.iter().find(|finding| finding.id == "lifecycle-missing").expect("it is found");
    let mend = found.mend.as_deref().unwrap_or_default();
    assert!(mend.ends_with("; by Terraform: `abort_multipart_days`"), "{mend}");
}
