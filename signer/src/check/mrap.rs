//! Whether a Multi-Region Access Point can be used as Nearput uses it, which AWS's documentation does not say.
//!
//! An upload is created and a part of it sent by the access point, and the upload is looked for in each bucket behind it. What a
//! page's preflight is answered there is looked at as by every other path.

use std::fmt::Display;

use futures_util::future::join_all;
use nearput_api::{PathKind, Plan};

use super::aws_call::texts;
use super::cors;
use super::eyes::Answer;
use super::finding::Finding;
use super::remains::{self, Remains};
use super::sample;
use super::uploads::{MULTIPART, PART_SIZE, Uploads, stored};
use crate::aws::{Failure, StorageError};
use crate::site::Site;
use crate::ticket::Sending;

const SOURCE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointRequests.html";

/// What became of an object by one PUT, and of an upload in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tried {
    /// The site where the object was found.
    put: Result<String, Problem>,
    parts: Parts,
    /// What could not be removed.
    left: Vec<String>,
}

/// How far it went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    NotCreated(Problem),
    /// It was created, and is in none of the buckets.
    NotFound,
    /// It was created, and this site does not tell whether it has it.
    Hidden {
        site: String,
        problem: String,
    },
    /// It is in the bucket of this site, and what became of its part.
    In {
        site: String,
        part: Result<(), Problem>,
    },
}

/// Why it went no further.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    /// The access point, or what it leads to, does not do it.
    Refused(String),
    /// Nobody was reached who could tell.
    Unreached(String),
}

/// The access point of a site, and all sites that it leads to.
struct Trial<'a> {
    uploads: &'a Uploads<'a>,
    path: &'a str,
    behind: &'a [&'a Site],
    left: Vec<String>,
}

/// Tries the access point of the uploads' site; `behind` are all sites that it leads to. None where that site has none.
pub(super) async fn look(uploads: &Uploads<'_>, behind: &[&Site]) -> Option<Tried> {
    let path = &uploads.site.bucket.paths.iter().find(|path| path.kind == PathKind::Mrap)?.id;
    let mut trial = Trial { uploads, path, behind, left: Vec::new() };
    let put = trial.put().await;
    let parts = trial.send_parts().await.unwrap_or_else(Parts::NotCreated);
    Some(Tried { put, parts, left: trial.left })
}

impl Trial<'_> {
    async fn put(&mut self) -> Result<String, Problem> {
        let Self { uploads, path, behind, .. } = *self;
        let (ticket, _) = uploads.ticket(Plan::Put).map_err(refused)?;
        let upload = uploads.upload(ticket);
        let credentials = uploads.site.credentials().await.map_err(unreached)?;
        let presigner = uploads.presigner(&credentials).map_err(refused)?;
        let signed = upload.sign(&uploads.part(&upload).map_err(refused)?, &presigner).map_err(refused)?;
        let answer = uploads.send(&signed, path, sample::CONTENT).await;
        let key = upload.ticket.key.as_str();
        let seen = join_all(behind.iter().map(|site| site.storage.head(key, None))).await;
        let mut holder = None;
        for (site, seen) in behind.iter().zip(&seen) {
            if let Ok(Some(_)) = seen {
                holder.get_or_insert(site.id.clone());
                self.left.extend(Remains { site, key, upload_id: None, may_be_stored: true }.clear().await);
            }
        }
        read(uploads, &answer.map_err(Problem::Unreached)?)?;
        if holder.is_none() {
            self.left.push(format!("{key} behind the access point"));
        }
        match seen.into_iter().find_map(Result::err) {
            Some(problem) if holder.is_none() => Err(unreached(format!("what was sent is not found: {problem}"))),
            Some(_) | None => holder.ok_or_else(|| refused("what was sent is in none of the configured buckets")),
        }
    }

    async fn send_parts(&mut self) -> Result<Parts, Problem> {
        let Self { uploads, path, behind, .. } = *self;
        let (mut ticket, attributes) = uploads.ticket(MULTIPART).map_err(refused)?;
        ticket.sending = Sending::Awaiting { part_size: PART_SIZE, attributes };
        let credentials = uploads.site.credentials().await.map_err(unreached)?;
        let presigner = uploads.presigner(&credentials).map_err(refused)?;
        let upload = uploads.upload(ticket);
        let answer = uploads
            .send(&upload.sign_create(&presigner).map_err(refused)?, path, b"")
            .await
            .map_err(Problem::Unreached)?;
        stored(&answer).map_err(refused)?;
        let key = upload.ticket.key.as_str().to_owned();
        let Some(id) = texts(&answer.body, "UploadId").into_iter().next() else {
            self.left.push(format!("the open upload {key} behind the access point"));
            return Err(refused("the answer has no UploadId"));
        };
        let looks = join_all(behind.iter().map(|site| site.storage.has_upload(&key, &id))).await;
        let Some((holder, _)) = behind.iter().zip(&looks).find(|(_, has)| matches!(has, Ok(true))) else {
            return Ok(self.lost(&key, &id, looks).await);
        };
        let upload = uploads.upload(upload.ticket.created(&holder.id, &id));
        let part = async {
            let signed = upload.sign(&uploads.part(&upload).map_err(refused)?, &presigner).map_err(refused)?;
            read(uploads, &uploads.send(&signed, path, sample::CONTENT).await.map_err(Problem::Unreached)?)
        };
        let is_created = read(uploads, &answer);
        let part = if is_created.is_ok() { part.await } else { Ok(()) };
        let remains = Remains { site: holder, key: &key, upload_id: Some(&id), may_be_stored: false };
        self.left.extend(remains.clear().await);
        is_created?;
        Ok(Parts::In { site: holder.id.clone(), part })
    }

    /// Of an upload that no site shows. Those that do not tell whether they have it are asked to abort it all the same.
    async fn lost(&mut self, key: &str, id: &str, looks: Vec<Result<bool, StorageError>>) -> Parts {
        let mut parts = Parts::NotFound;
        for (site, look) in self.behind.iter().zip(looks) {
            let Err(problem) = look else { continue };
            // Only this is a no.
            if problem.failure != Failure::NoSuchUpload {
                let _ = Remains { site, key, upload_id: Some(id), may_be_stored: false }.clear().await;
                parts = Parts::Hidden { site: site.id.clone(), problem: problem.to_string() };
            }
        }
        self.left.push(format!("the open upload {key} behind the access point"));
        parts
    }
}

/// What a page learns of an answer.
fn read(uploads: &Uploads<'_>, answer: &Answer) -> Result<(), Problem> {
    stored(answer).map_err(refused)?;
    // Where no page is known, none is asked for.
    if uploads.origin == cors::FOREIGN || cors::is_readable(answer, uploads.origin) {
        return Ok(());
    }
    Err(refused(format!(
        "pages of {} may not read its answer, which has no access-control-allow-origin for them",
        uploads.origin
    )))
}

fn refused(error: impl Display) -> Problem {
    Problem::Refused(error.to_string())
}

fn unreached(error: impl Display) -> Problem {
    Problem::Unreached(error.to_string())
}

/// What is found of it.
pub(super) fn findings(alias: &str, tried: &Tried) -> Vec<Finding> {
    let mend = "take `mrap` out of the configuration, or see that the access point leads to all of these buckets, and that the \
                signer may do on it what it may do on them";
    let error = |id, what: String| Finding::error(id, what, mend).source(SOURCE);
    let failed = |id, does_not: &str, does: &str, problem: &Problem| match problem {
        Problem::Refused(problem) => error(id, format!("{alias} {does_not}: {problem}")),
        Problem::Unreached(problem) => Finding::unknown(id, format!("not looked at whether {alias} {does}: {problem}")),
    };
    let Tried { put, parts, left } = tried;
    let mut found = vec![match put {
        Ok(site) => Finding::ok("mrap-put", format!("{alias} takes files; from here they go to {site}")),
        Err(problem) => failed("mrap-put", "takes no file", "takes files", problem),
    }];
    match parts {
        Parts::NotCreated(problem) => {
            found.push(failed("mrap-create", "creates no upload", "creates uploads", problem));
        }
        Parts::NotFound => {
            let what = format!("{alias} has created an upload that is in none of the configured buckets");
            found.push(error("mrap-holder", what));
        }
        Parts::Hidden { site, problem } => {
            let what = format!("{alias} has created an upload, and {site} does not tell whether it has it: {problem}");
            found.push(Finding::unknown("mrap-holder", what));
        }
        Parts::In { site, part } => {
            found.push(Finding::ok("mrap-create", format!("{alias} creates uploads; from here they go to {site}")));
            found.push(match part {
                Ok(()) => Finding::ok("mrap-part", format!("{alias} takes their parts")),
                Err(problem) => failed("mrap-part", "takes no part of them", "takes their parts", problem),
            });
        }
    }
    found.extend(remains::findings(left));
    found
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn an_access_point_is_wrong_only_where_it_was_reached() {
        let found = |problem: Problem| {
            let tried = Tried { put: Err(problem.clone()), parts: Parts::NotCreated(problem), left: Vec::new() };
            findings("a.mrap", &tried).iter().map(|finding| (finding.id, finding.severity)).collect::<Vec<_>>()
        };
        let both = |severity| [("mrap-put", severity), ("mrap-create", severity)];
        assert_eq!(found(refused("403 AccessDenied")), both(Severity::Error));
        assert_eq!(found(unreached("dns error")), both(Severity::Unknown));
    }
}
