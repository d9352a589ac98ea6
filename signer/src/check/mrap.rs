//! Whether a Multi-Region Access Point can be used as Nearput uses it, which AWS's documentation does not say.
//!
//! An upload is created and a part of it sent by the access point, and the upload is looked for in each bucket behind it. What a
//! page's preflight is answered there is looked at as by every other path.

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
    put: Result<String, String>,
    parts: Parts,
    /// What could not be removed.
    left: Vec<String>,
}

/// How far it went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    NotCreated(String),
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
        part: Result<(), String>,
    },
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
    async fn put(&mut self) -> Result<String, String> {
        let Self { uploads, path, behind, .. } = *self;
        let (ticket, _) = uploads.ticket(Plan::Put).map_err(text)?;
        let upload = uploads.upload(ticket);
        let credentials = uploads.site.credentials().await.map_err(text)?;
        let presigner = uploads.presigner(&credentials).map_err(text)?;
        let signed = upload.sign(&uploads.part(&upload).map_err(text)?, &presigner).map_err(text)?;
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
        read(uploads, &answer?)?;
        if holder.is_none() {
            self.left.push(format!("{key} behind the access point"));
        }
        match seen.into_iter().find_map(Result::err) {
            Some(problem) if holder.is_none() => Err(format!("what was sent is not found: {problem}")),
            Some(_) | None => holder.ok_or("what was sent is in none of the configured buckets".to_owned()),
        }
    }

    async fn send_parts(&mut self) -> Result<Parts, String> {
        let Self { uploads, path, behind, .. } = *self;
        let (mut ticket, attributes) = uploads.ticket(MULTIPART).map_err(text)?;
        ticket.sending = Sending::Awaiting { part_size: PART_SIZE, attributes };
        let credentials = uploads.site.credentials().await.map_err(text)?;
        let presigner = uploads.presigner(&credentials).map_err(text)?;
        let upload = uploads.upload(ticket);
        let answer = uploads.send(&upload.sign_create(&presigner).map_err(text)?, path, b"").await?;
        stored(&answer).map_err(text)?;
        let key = upload.ticket.key.as_str().to_owned();
        let Some(id) = texts(&answer.body, "UploadId").into_iter().next() else {
            self.left.push(format!("the open upload {key} behind the access point"));
            return Err("the answer has no UploadId".to_owned());
        };
        let looks = join_all(behind.iter().map(|site| site.storage.has_upload(&key, &id))).await;
        let Some((holder, _)) = behind.iter().zip(&looks).find(|(_, has)| matches!(has, Ok(true))) else {
            return Ok(self.lost(&key, &id, looks).await);
        };
        let upload = uploads.upload(upload.ticket.created(&holder.id, &id));
        let part = async {
            let signed = upload.sign(&uploads.part(&upload).map_err(text)?, &presigner).map_err(text)?;
            read(uploads, &uploads.send(&signed, path, sample::CONTENT).await?)
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
                parts = Parts::Hidden { site: site.id.clone(), problem: text(problem) };
            }
        }
        self.left.push(format!("the open upload {key} behind the access point"));
        parts
    }
}

/// What a page learns of an answer.
fn read(uploads: &Uploads<'_>, answer: &Answer) -> Result<(), String> {
    stored(answer).map_err(text)?;
    // Where no page is known, none is asked for.
    if uploads.origin == cors::FOREIGN || cors::is_readable(answer, uploads.origin) {
        return Ok(());
    }
    Err(format!(
        "pages of {} may not read its answer, which has no access-control-allow-origin for them",
        uploads.origin
    ))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What is found of it.
pub(super) fn findings(alias: &str, tried: &Tried) -> Vec<Finding> {
    let mend = "take `mrap` out of the configuration, or see that the access point leads to all of these buckets, and that the \
                signer may do on it what it may do on them";
    let error = |id, what: String| Finding::error(id, what, mend).source(SOURCE);
    let Tried { put, parts, left } = tried;
    let mut found = vec![match put {
        Ok(site) => Finding::ok("mrap-put", format!("{alias} takes files; from here they go to {site}")),
        Err(problem) => error("mrap-put", format!("{alias} takes no file: {problem}")),
    }];
    match parts {
        Parts::NotCreated(problem) => found.push(error("mrap-create", format!("{alias} creates no upload: {problem}"))),
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
                Err(problem) => error("mrap-part", format!("{alias} takes no part of them: {problem}")),
            });
        }
    }
    found.extend(remains::findings(left));
    found
}
