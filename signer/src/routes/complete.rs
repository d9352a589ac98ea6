//! `POST /v1/uploads/complete`: completes uploads.
//!
//! Nothing is reported as uploaded unless the storage, asked for the object itself, says that it has the size and, where
//! it keeps one, the checksum that the browser computed from the file.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt as _, stream};
use nearput_api::{CompleteUpload, CompleteUploads, CompletedPart, CompletedUpload, CompletedUploads, path};

use super::finish;
use super::openapi::Failures;
use super::verify::verify;
use crate::app::App;
use crate::auth::{Call, Caller};
use crate::aws::{Failure, PartToComplete, StoredObject, UploadToComplete};
use crate::checksum::{Checked, Checksum};
use crate::clock::unix_millis;
use crate::error::{Error, outcome};
use crate::limits::Who;
use crate::plan::Cut;
use crate::site::Site;
use crate::ticket::{Existing, Sending};
use crate::upload::Upload;

/// How many uploads of one call are completed in the storage at a time.
const CONCURRENCY: usize = 64;

/// Completes uploads.
///
/// The reply describes the object as the storage itself has confirmed it, by size and checksum. Repeated, the call answers the same.
#[utoipa::path(post, tag = "uploads", path = path::COMPLETE, request_body = CompleteUploads, responses((status = 200, body = CompletedUploads, description = "Done"), Failures))]
pub(super) async fn complete(
    State(app): State<Arc<App>>,
    call: Call<CompleteUploads>,
) -> Result<Json<CompletedUploads>, Error> {
    finish(complete_all(app, call)).await
}

async fn complete_all(app: Arc<App>, call: Call<CompleteUploads>) -> Result<Json<CompletedUploads>, Error> {
    app.check_file_count(&app.policy.levels(&call.caller)?, call.body.uploads.len())?;
    let uploads: Vec<_> =
        call.body.uploads.into_iter().map(|asked| complete_one(&app, &call.caller, &call.who, asked)).collect();
    let uploads =
        stream::iter(uploads).buffered(CONCURRENCY).map(|result| outcome(result, &app.metrics)).collect().await;
    Ok(Json(CompletedUploads { server_time: unix_millis(SystemTime::now()), uploads }))
}

async fn complete_one(app: &App, caller: &Caller, who: &Who, asked: CompleteUpload) -> Result<CompletedUpload, Error> {
    let upload = app.upload(&asked.ticket, caller, SystemTime::now())?;
    let cut = upload.ticket.cut();
    let checksum = Checksum::required(cut.checksum, asked.checksum.as_deref(), Checked::File)?;
    let storage = &upload.site.storage;
    let key = upload.ticket.key.as_str();

    // Where an object may not be replaced, the one that is there may be another's.
    let mut is_own = upload.ticket.existing != Existing::Kept;
    let own = |stored: Option<StoredObject>| stored.map(|stored| (upload.site, stored));
    let stored = match &upload.ticket.sending {
        Sending::Form(_) | Sending::Put(_) => app.stored(&upload).await?,
        Sending::Awaiting { .. } => return Err(Error::NotCreated),
        Sending::Multipart { upload_id, .. } => {
            let parts = check_parts(asked.parts, &cut)?;
            match put_together(&upload, upload_id, parts, checksum.as_ref()).await {
                Ok(()) => {
                    is_own = true;
                    own(storage.head(key, cut.checksum).await?)
                }
                // A finished upload is unknown, or nobody's, to many services: what counts is the object.
                Err(Error::Storage(error))
                    if matches!(
                        error.failure,
                        Failure::NoSuchUpload | Failure::Conflict | Failure::Exists | Failure::Refused
                    ) =>
                {
                    match storage.head(key, cut.checksum).await {
                        Ok(Some(stored)) => own(Some(stored)),
                        Err(unknown) if unknown.failure == Failure::Unavailable => return Err(unknown.into()),
                        Ok(None) | Err(_) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error),
            }
        }
    };
    let (site, stored) =
        stored.ok_or(Error::Incomplete("the file is not stored; send it, then complete the upload"))?;
    verify(&stored, &cut, checksum.as_ref(), is_own)?;
    // A signed request fixes it; who has credentials may have stored it as something else.
    if stored.media_type.as_ref().is_some_and(|media_type| *media_type != upload.ticket.media_type) {
        return Err(Error::Mismatch("the stored object has another type than the file"));
    }
    if let Some(place) = &upload.ticket.place {
        app.limiter.release(who, place).await;
    }
    let completed = describe(app, &upload, site, stored).await?;
    app.webhooks.completed(&completed, upload.ticket.subject()).await?;
    site.metrics.completed.inc();
    site.metrics.uploaded_bytes.inc_by(cut.size);
    Ok(completed)
}

/// Every part must be there, by ascending number: nothing else adds up to the file.
fn check_parts(parts: Vec<CompletedPart>, cut: &Cut) -> Result<Vec<PartToComplete>, Error> {
    if parts.len() as u64 != cut.part_count() || !parts.iter().zip(1..).all(|(part, number)| part.number == number) {
        return Err(Error::Incomplete(
            "the parts are not those of the upload; name each one once, by ascending number",
        ));
    }
    let check = |part: CompletedPart| {
        let of = Checked::Part(part.number);
        let checksum = Checksum::optional(cut.checksum, part.checksum.as_deref(), of)?;
        Ok(PartToComplete { number: part.number, etag: part.etag, checksum })
    };
    parts.into_iter().map(check).collect()
}

async fn put_together(
    upload: &Upload<'_>,
    upload_id: &str,
    mut parts: Vec<PartToComplete>,
    checksum: Option<&Checksum>,
) -> Result<(), Error> {
    let (storage, key) = (&upload.site.storage, upload.ticket.key.as_str());
    if parts.iter().any(|part| part.etag.is_none()) {
        let mut etags = storage.list_etags(key, upload_id).await?;
        for part in &mut parts {
            let stored = etags.remove(&part.number).ok_or(Error::Incomplete(
                "the storage lacks parts; list them, send those that are missing, then complete the upload",
            ))?;
            part.etag = part.etag.take().or(stored);
        }
    }
    let size = upload.ticket.cut().size;
    Ok(storage
        .complete(UploadToComplete { key, upload_id, size, parts, checksum, only_new: upload.only_new() })
        .await?)
}

async fn describe(app: &App, upload: &Upload<'_>, site: &Site, stored: StoredObject) -> Result<CompletedUpload, Error> {
    let key = &upload.ticket.key;
    Ok(CompletedUpload {
        site: site.id.clone(),
        region: site.bucket.region.clone(),
        bucket: site.bucket.name.clone(),
        key: key.as_str().to_owned(),
        size: stored.size,
        etag: stored.etag,
        version_id: stored.version_id,
        checksum: stored.checksum,
        download_url: app.download_url(site, key).await?,
    })
}
