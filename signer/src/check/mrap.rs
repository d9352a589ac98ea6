//! Whether a Multi-Region Access Point can be used as Nearput uses it, which AWS's documentation does not say.
//!
//! An upload is created and a part of it sent by the access point, and the upload is looked for in each bucket behind it. What a
//! page's preflight is answered there is looked at as by every other path.

use futures_util::future::join_all;
use nearput_api::{PathKind, Plan};

use super::aws_call::texts;
use super::finding::Finding;
use super::sample;
use super::uploads::{MULTIPART, PART_SIZE, Uploads, remove, stored};
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
    left: Option<String>,
}

/// How far it went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    NotCreated(String),
    /// It was created, and is in none of the buckets.
    NotFound,
    /// It is in the bucket of this site, and what became of its part.
    In {
        site: String,
        part: Result<(), String>,
    },
}

/// Tries the access point of the uploads' site; `behind` are all sites that it leads to. None where nothing can be signed.
pub(super) async fn look(uploads: &Uploads<'_>, behind: &[&Site]) -> Option<Tried> {
    let path = &uploads.site.bucket.paths.iter().find(|path| path.kind == PathKind::Mrap)?.id;
    let mut tried = Tried { put: Err(String::new()), parts: Parts::NotFound, left: None };
    tried.put = put(uploads, path, behind, &mut tried.left).await;
    tried.parts = send_parts(uploads, path, behind, &mut tried.left).await.unwrap_or_else(Parts::NotCreated);
    Some(tried)
}

async fn put(uploads: &Uploads<'_>, path: &str, behind: &[&Site], left: &mut Option<String>) -> Result<String, String> {
    let (ticket, _) = uploads.ticket(Plan::Put).map_err(text)?;
    let upload = uploads.upload(ticket);
    let credentials = uploads.site.credentials().await.map_err(text)?;
    let presigner = uploads.presigner(&credentials).map_err(text)?;
    let signed = upload.sign(&uploads.part(&upload).map_err(text)?, &presigner).map_err(text)?;
    stored(&uploads.send(&signed, path, sample::CONTENT).await?).map_err(text)?;
    let key = upload.ticket.key.as_str();
    for site in behind {
        if let Ok(Some(_)) = site.storage.head(key, None).await {
            *left = (!remove(site, key).await).then(|| format!("{key} in {}", site.bucket.name));
            return Ok(site.id.clone());
        }
    }
    *left = Some(key.to_owned());
    Err("what was sent is in none of the configured buckets".to_owned())
}

async fn send_parts(
    uploads: &Uploads<'_>,
    path: &str,
    behind: &[&Site],
    left: &mut Option<String>,
) -> Result<Parts, String> {
    let (mut ticket, attributes) = uploads.ticket(MULTIPART).map_err(text)?;
    ticket.sending = Sending::Awaiting { part_size: PART_SIZE, attributes };
    let credentials = uploads.site.credentials().await.map_err(text)?;
    let presigner = uploads.presigner(&credentials).map_err(text)?;
    let upload = uploads.upload(ticket);
    let answer = uploads.send(&upload.sign_create(&presigner).map_err(text)?, path, b"").await?;
    stored(&answer).map_err(text)?;
    let id = texts(&answer.body, "UploadId").into_iter().next().ok_or("the answer has no UploadId")?;
    let key = upload.ticket.key.as_str().to_owned();
    let looks = behind.iter().map(|site| async { site.storage.list_parts(&key, &id).await.is_ok() });
    let found = join_all(looks).await;
    let Some((holder, _)) = behind.iter().zip(found).find(|(_, has)| *has) else { return Ok(Parts::NotFound) };
    let upload = uploads.upload(upload.ticket.created(&holder.id, &id));
    let part = async {
        let signed = upload.sign(&uploads.part(&upload).map_err(text)?, &presigner).map_err(text)?;
        stored(&uploads.send(&signed, path, sample::CONTENT).await?).map_err(text)
    };
    let part = part.await;
    if holder.storage.abort(&key, &id).await.is_err() {
        *left = Some(format!("the open upload {key} in {}", holder.bucket.name));
    }
    Ok(Parts::In { site: holder.id.clone(), part })
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
        Parts::In { site, part } => {
            found.push(Finding::ok("mrap-create", format!("{alias} creates uploads; from here they go to {site}")));
            found.push(match part {
                Ok(()) => Finding::ok("mrap-part", format!("{alias} takes their parts")),
                Err(problem) => error("mrap-part", format!("{alias} takes no part of them: {problem}")),
            });
        }
    }
    found.extend(left.as_ref().map(|left| {
        let what = format!("{left} could not be removed");
        Finding::warning("upload-left", what, "remove it by hand")
    }));
    found
}
