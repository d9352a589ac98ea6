//! Everything about one site.

use std::collections::BTreeSet;
use std::iter;
use std::time::SystemTime;

use futures_util::future::join_all;
use nearput_api::{ChecksumAlgorithm, PathKind};

use super::bucket::{self, Expected, Presence};
use super::cors::Signed;
use super::eyes::{self, Answer, Eyes};
use super::finding::Finding;
use super::look::Look;
use super::replication::{self, Member};
use super::uploads::{self, Uploads};
use super::{certificate, clock, cors, sample};
use crate::config::{self, Config};
use crate::routing::Path;
use crate::site::Site;

/// What is to be looked at.
pub(super) struct Asked<'a> {
    pub(super) config: &'a Config,
    pub(super) given: &'a config::Site,
    pub(super) site: &'a Site,
    pub(super) eyes: &'a Eyes,
    pub(super) origins: &'a [String],
    pub(super) read_only: bool,
}

/// What there was to see.
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    pub(super) member: Member,
    pub(super) has_credentials: bool,
}

/// Looks as the operator, and then as a browser.
pub(super) async fn look(asked: Asked<'_>) -> Looked {
    let Asked { config, given, site, eyes, origins, read_only } = asked;
    let (client, name) = (site.storage.client(), site.bucket.name.as_str());
    let expected = Expected {
        bucket: name,
        region: &given.region,
        is_accelerated: given.accelerate,
        max_lifetime: config.tickets.max_lifetime,
        is_aws: given.is_on_aws(),
    };
    let presence = match site.credentials().await {
        Ok(_) => bucket::find(client, name).await,
        Err(_) => Presence::Unsigned,
    };
    let mut found = vec![bucket::place(&presence, &expected)];
    let (absence, has_credentials) = (absence(&presence), presence != Presence::Unsigned);
    let (is_versioned, replication) = match absence {
        None => {
            let (settings, replication) = futures_util::join!(
                bucket::look(client, name, given.is_on_aws()),
                replication::look(client, name, given.is_on_aws())
            );
            found.extend(settings.findings(&expected));
            (settings.is_versioned, replication)
        }
        Some(why) => {
            found.push(unseen(why));
            (Look::Failed(why.to_owned()), Look::Failed(why.to_owned()))
        }
    };
    let member = Member { site: site.id.clone(), bucket: name.to_owned(), is_versioned, replication };

    let answers = join_all(site.bucket.paths.iter().map(|path| meet(eyes, path))).await;
    let mut hosts = BTreeSet::new();
    for (path, answer) in site.bucket.paths.iter().zip(&answers) {
        found.extend(reached(path, answer, name));
        if let Some(shown) = certificate::look(eyes, &path.url("nearput-check")).await
            && hosts.insert(shown.host.clone())
        {
            found.extend(certificate::findings(&shown, SystemTime::now()));
        }
    }
    if let Some((at, date)) = answers.iter().flatten().find_map(|answer| Some((answer.at, answer.date()?))) {
        found.push(clock::finding("this machine", at, "the storage", date));
    }
    let is_silent = answers.iter().all(Result::is_err);
    if let Some(why) = absence.or(is_silent.then_some("browsers do not reach it")) {
        found.extend(untried(why, read_only));
    } else {
        found.extend(look_at_cors(&asked).await);
        if !read_only {
            let policy = sample::policy(config, &site.id);
            let origin = origins.first().map_or(cors::FOREIGN, String::as_str);
            let tried = Uploads { eyes, site, origin, policy: &policy }.try_all().await;
            found.extend(uploads::findings(&tried));
            let answer =
                tried.iter().filter_map(|tried| tried.answer.as_ref()).find(|answer| answer.status.is_success());
            found.extend(answer.filter(|_| !origins.is_empty()).map(|answer| cors::exposed(name, origin, answer)));
        }
    }
    Looked { findings: found.into_iter().map(|finding| finding.at(&site.id)).collect(), member, has_credentials }
}

/// Why there is nothing more to see of a bucket, if so.
fn absence(presence: &Presence) -> Option<&'static str> {
    match presence {
        Presence::In(_) | Presence::Refused => None,
        Presence::Missing => Some("there is no such bucket"),
        Presence::Unsigned => Some("there are no credentials"),
        Presence::Failed(_) => Some("the storage does not answer"),
    }
}

/// What is found where these sites have no credentials. Those that the configuration wants in the environment are there.
pub(super) fn unsigned(sites: &[String]) -> Option<Finding> {
    let what = format!(
        "there are no AWS credentials for {}: neither in the environment, nor by a profile, nor by a role of this machine",
        sites.join(", ")
    );
    let mend = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run it where a role gives them";
    let source = "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html";
    (!sites.is_empty()).then(|| Finding::error("credentials-missing", what, mend).source(source))
}

/// What is found of the settings of a bucket that is not to be seen.
fn unseen(why: &str) -> Finding {
    let settings = "versioning, acceleration, lifecycle, public access, policy, ownership, encryption, Object Lock";
    Finding::unknown("settings", format!("its settings were not looked at ({settings}): {why}"))
}

/// What is found where a bucket cannot be tried as browsers do.
fn untried(why: &str, read_only: bool) -> Vec<Finding> {
    let cors = Finding::unknown("cors", format!("CORS was not looked at: {why}"));
    let upload = || Finding::unknown("upload", format!("no upload was tried: {why}"));
    iter::once(cors).chain((!read_only).then(upload)).collect()
}

/// A request that asks for nothing: whatever the storage answers, it is there.
async fn meet(eyes: &Eyes, path: &Path) -> Result<Answer, String> {
    eyes.send(&eyes::Asked::get(path.url("nearput-check"))).await
}

fn reached(path: &Path, answer: &Result<Answer, String>, bucket: &str) -> Option<Finding> {
    let host = path.address.split("://").nth(1).unwrap_or_default();
    match answer {
        Err(problem) => {
            let what = format!("browsers do not reach {host}: {problem}");
            Some(Finding::error(
                "path-unreachable",
                what,
                "look at its name, its certificate and what is in front of it",
            ))
        }
        // It says so to everybody: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3AccelerateErrorCodeList
        Ok(answer) if path.kind == PathKind::Accelerate && answer.status.as_u16() == 400 => {
            let what = format!("{host} takes no uploads: Transfer Acceleration is not on");
            let mend = format!(
                "aws s3api put-bucket-accelerate-configuration --bucket {bucket} --accelerate-configuration Status=Enabled"
            );
            Some(Finding::error("acceleration-off", what, mend))
        }
        Ok(_) => None,
    }
}

async fn look_at_cors(asked: &Asked<'_>) -> Vec<Finding> {
    let Asked { config, site, eyes, origins, .. } = asked;
    let offered = |rule: &&config::Rule| rule.sites.as_ref().is_none_or(|sites| sites.contains(&site.id));
    let rules: Vec<_> = config.rules.iter().filter(offered).cloned().collect();
    let checksum = match site.profile.checksum {
        Some(ChecksumAlgorithm::Crc64nvme) => Some("x-amz-checksum-crc64nvme"),
        Some(ChecksumAlgorithm::Crc32c) => Some("x-amz-checksum-crc32c"),
        None => None,
    };
    let put = Signed::put(&rules, checksum, site.conditional_writes);
    let create = Signed::create(&rules, checksum.is_some());
    let signed = |path: &Path| -> Vec<_> {
        // By an access point the page creates uploads itself.
        let creates = path.kind == PathKind::Mrap;
        iter::once(&put).chain(creates.then_some(&create)).collect()
    };
    let mut seen = Vec::new();
    for origin in *origins {
        let looks =
            site.bucket.paths.iter().map(|path| async move { cors::look(eyes, path, origin, &signed(path)).await });
        seen.extend(join_all(looks).await.into_iter().flatten());
    }
    let mut found = cors::findings(&site.bucket.name, &seen);
    let foreign = cors::lets_foreign_pages_in(eyes, site.bucket.default_path()).await;
    found.extend(foreign.map(|let_in| cors::foreign(&site.bucket.name, let_in)));
    found
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn missing_credentials_are_one_error_for_all_sites() {
        assert_eq!(unsigned(&[]), None);
        let found = unsigned(&["eu".to_owned(), "us".to_owned()]).expect("it is found");
        assert_eq!((found.id, found.severity), ("credentials-missing", Severity::Error));
        assert!(found.what.starts_with("there are no AWS credentials for eu, us: neither in the environment"));
    }

    #[test]
    fn a_bucket_that_is_not_to_be_seen_says_why() {
        assert_eq!(absence(&Presence::In(None)).or(absence(&Presence::Refused)), None);
        let whys = [Presence::Missing, Presence::Unsigned, Presence::Failed("timeout".to_owned())].map(|presence| {
            let found = unseen(absence(&presence).expect("it says why"));
            assert_eq!((found.id, found.severity), ("settings", Severity::Unknown));
            found.what.rsplit(": ").next().map(str::to_owned)
        });
        let expected = ["there is no such bucket", "there are no credentials", "the storage does not answer"];
        assert_eq!(whys, expected.map(|why| Some(why.to_owned())));
    }

    #[test]
    fn what_cannot_be_tried_is_not_passed_over() {
        for (read_only, ids) in [(false, &["cors", "upload"][..]), (true, &["cors"])] {
            let found = untried("the storage does not answer", read_only);
            assert_eq!(found.iter().map(|finding| finding.id).collect::<Vec<_>>(), ids);
            let says_why = |finding: &Finding| finding.what.ends_with(": the storage does not answer");
            assert!(found.iter().all(|finding| finding.severity == Severity::Unknown && says_why(finding)));
        }
    }
}
