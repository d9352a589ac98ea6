//! Whether a Multi-Region Access Point can be used as Nearput uses it, which AWS's documentation does not say.
//!
//! An upload is created and a part of it sent by the access point, and the upload is looked for in each bucket behind it. What a
//! page's preflight is answered there is looked at as by every other path.

use futures_util::future::join_all;
use nearput_api::{PathKind, Plan};

use super::aws_call::texts;
use super::finding::Finding;
use super::uploads::{CONTENT, MULTIPART, Uploads, stored};
use crate::site::Site;
use crate::ticket::Sending;

const SOURCE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointRequests.html";

/// How far it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tried {
    /// Nothing was created.
    NotCreated(String),
    /// It was created, and is in none of the buckets.
    NotFound,
    /// It is in the bucket of this site, what became of its part, and what could not be given up.
    In { site: String, part: Result<(), String>, left: Option<String> },
}

/// Tries the access point of the uploads' site; `behind` are all sites that it leads to. None where nothing can be signed.
pub(super) async fn look(uploads: &Uploads<'_>, behind: &[&Site]) -> Option<Tried> {
    let path = uploads.site.bucket.paths.iter().find(|path| path.kind == PathKind::Mrap)?;
    let Plan::Multipart { part_size } = MULTIPART else { return None };
    let (mut ticket, attributes) = uploads.ticket(MULTIPART).ok()?;
    ticket.sending = Sending::Awaiting { part_size, attributes };
    let credentials = uploads.site.credentials().await.ok()?;
    let presigner = uploads.presigner(&credentials).ok()?;
    let upload = uploads.upload(ticket);
    let created = uploads.send(&upload.sign_create(&presigner).ok()?, &path.id, b"").await;
    let id = match created.map(|answer| (stored(&answer), texts(&answer.body, "UploadId").into_iter().next())) {
        Ok((Ok(()), Some(id))) => id,
        Ok((Ok(()), None)) => return Some(Tried::NotCreated("the answer has no UploadId".to_owned())),
        Ok((Err(problem), _)) => return Some(Tried::NotCreated(problem.to_string())),
        Err(problem) => return Some(Tried::NotCreated(problem)),
    };
    let key = upload.ticket.key.as_str().to_owned();
    let looks = behind.iter().map(|site| async { site.storage.list_parts(&key, &id).await.is_ok() });
    let found = join_all(looks).await;
    let Some((holder, _)) = behind.iter().zip(found).find(|(_, has)| *has) else { return Some(Tried::NotFound) };
    let upload = uploads.upload(upload.ticket.created(&holder.id, &id));
    let signed = upload.sign(&uploads.part(&upload).ok()?, &presigner).ok()?;
    let part = uploads.send(&signed, &path.id, CONTENT).await;
    let part = part.and_then(|answer| stored(&answer).map_err(|problem| problem.to_string()));
    let left = holder.storage.abort(&key, &id).await.is_err().then_some(key);
    Some(Tried::In { site: holder.id.clone(), part, left })
}

/// What is found of it.
pub(super) fn findings(alias: &str, tried: &Tried) -> Vec<Finding> {
    let mend = "take `mrap` out of the configuration, or see that the access point leads to all of these buckets and that the \
                signer's policy allows s3:PutObject and s3:AbortMultipartUpload on it";
    let error = |id, what: String| vec![Finding::error(id, what, mend).source(SOURCE)];
    match tried {
        Tried::NotCreated(problem) => error("mrap-create", format!("{alias} creates no upload: {problem}")),
        Tried::NotFound => {
            error("mrap-holder", format!("{alias} has created an upload that is in none of the configured buckets"))
        }
        Tried::In { site, part, left } => {
            let mut found =
                vec![Finding::ok("mrap-create", format!("{alias} creates uploads; from here they go to {site}"))];
            match part {
                Ok(()) => found.push(Finding::ok("mrap-part", format!("{alias} takes their parts"))),
                Err(problem) => found.extend(error("mrap-part", format!("{alias} takes no part of them: {problem}"))),
            }
            found.extend(left.as_ref().map(|key| {
                let what = format!("the open upload {key} could not be given up at {site}");
                Finding::warning("upload-left", what, "give the signer s3:AbortMultipartUpload, or abort it by hand")
            }));
            found
        }
    }
}
