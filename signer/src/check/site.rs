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
    /// None where there is no bucket.
    pub(super) member: Option<Member>,
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
    let presence = bucket::find(client, name).await;
    let mut found = vec![bucket::place(&presence, &expected)];
    let is_there = match presence {
        Presence::In(_) | Presence::Refused => true,
        Presence::Missing | Presence::Failed(_) => false,
    };
    let mut member = None;
    if is_there {
        let (settings, replication) = futures_util::join!(
            bucket::look(client, name, given.is_on_aws()),
            replication::look(client, name, given.is_on_aws())
        );
        found.extend(settings.findings(&expected));
        let is_versioned = settings.is_versioned;
        member = Some(Member { site: site.id.clone(), bucket: name.to_owned(), is_versioned, replication });
    }

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
    let any_answers = answers.iter().any(Result::is_ok);
    if is_there && any_answers {
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
    Looked { findings: found.into_iter().map(|finding| finding.at(&site.id)).collect(), member }
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
