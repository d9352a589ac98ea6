//! `POST /v1/uploads/created`: goes on with an upload that the browser itself has created, by an access point.
//!
//! Which bucket the access point has taken is not said by its answer, so every site behind it is asked for the upload. A browser may create
//! any number with one ticket, so it is here that each one is counted.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use futures_util::future::join_all;
use nearput_api::{CreatedUpload, OpenedUpload, OpenedUploads, Outcome, path};
use sha2::{Digest as _, Sha256};

use super::finish;
use super::openapi::Failures;
use crate::app::App;
use crate::auth::Call;
use crate::aws::Failure;
use crate::clock::unix_millis;
use crate::error::Error;
use crate::limits::{Exceeded, Who};
use crate::site::Site;
use crate::upload::{Part, Upload};

/// S3's own are far shorter.
const MAX_UPLOAD_ID_BYTES: usize = 1024;

/// Goes on with an upload that the browser itself has created.
///
/// The ticket is one of an open call `by_access_point`. The reply has one outcome, with the ticket that counts from now on: that of an upload
/// like any other at the site that the access point has chosen, which is aborted where it is more than the caller may open. Repeated, the
/// call answers the same.
#[utoipa::path(post, tag = "uploads", path = path::CREATED, request_body = CreatedUpload, responses((status = 200, body = OpenedUploads, description = "Done"), Failures))]
pub(super) async fn created(
    State(app): State<Arc<App>>,
    call: Call<CreatedUpload>,
) -> Result<Json<OpenedUploads>, Error> {
    finish(go_on(app, call)).await
}

async fn go_on(app: Arc<App>, call: Call<CreatedUpload>) -> Result<Json<OpenedUploads>, Error> {
    let now = SystemTime::now();
    let CreatedUpload { ticket, upload_id, parts: asked } = &call.body;
    let awaiting = app.upload(ticket, &call.caller, now)?;
    if !awaiting.ticket.awaits_creation() {
        return Err(Error::CreatedAlready);
    }
    if !is_upload_id(upload_id) {
        return Err(Error::InvalidUploadId);
    }
    app.check_parts(asked)?;
    let cut = awaiting.ticket.cut();
    let parts: Vec<_> = asked.iter().map(|asked| Part::check(asked, &cut)).collect::<Result<_, _>>()?;

    let site = find(&app, &awaiting, upload_id).await?;
    let credentials = site.credentials().await?;
    let presigner = app.presigner(site, &credentials, now)?;
    let ticket = awaiting.ticket.created(&site.id, upload_id);
    let mut upload = Upload { site, paths: app.paths_of(&ticket, site, &call.caller), ticket, ..awaiting };
    let parts = parts.iter().map(|part| upload.sign(part, &presigner)).collect::<Result<Vec<_>, _>>()?;
    upload.ticket.place = take_place(&app, &call.who, &upload, upload_id).await?;
    site.metrics.signed(&parts);
    let key = upload.ticket.key.as_str().to_owned();
    let sealed = app.sealer.seal_again(upload.ticket, now, upload.opened_at);
    let opened = OpenedUpload {
        ticket: sealed.text,
        expires_at: sealed.expires_at * 1000,
        site: site.id.clone(),
        key,
        plan: cut.plan,
        parts,
        create: None,
    };
    Ok(Json(OpenedUploads { server_time: unix_millis(now), uploads: vec![Outcome::Done(opened)] }))
}

/// What comes from a browser is held to what ids are made of, before it goes into a request.
fn is_upload_id(text: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    (1..=MAX_UPLOAD_ID_BYTES).contains(&text.len()) && text.chars().all(is_fine)
}

/// The site behind the access point at which there is such an upload of the ticket's key.
async fn find<'a>(app: &'a App, awaiting: &Upload<'_>, upload_id: &str) -> Result<&'a Site, Error> {
    let key = awaiting.ticket.key.as_str();
    let access_point = awaiting.paths.iter().find(|path| !path.is_of_one_bucket());
    let behind = |site: &&Site| access_point.is_some_and(|path| site.is_behind(path));
    let asked: Vec<_> = app.sites.iter().filter(behind).map(|site| look(site, key, upload_id)).collect();
    let mut failed = None;
    for (site, found) in join_all(asked).await {
        match found {
            Ok(true) => return Ok(site),
            Ok(false) => {}
            Err(error) => failed = Some(error),
        }
    }
    // Where one could not be asked, it may be there.
    Err(failed.unwrap_or(Error::NotCreated))
}

/// Counts the upload, or aborts it: nothing is left behind that is too much.
async fn take_place(app: &App, who: &Who, upload: &Upload<'_>, upload_id: &str) -> Result<Option<String>, Error> {
    let Upload { site, ticket, .. } = upload;
    let refused = match app.limiter.reserve(who, place(&site.id, upload_id), ticket.cut().size).await {
        Ok(reservation) => return Ok(reservation.keep()),
        Err(refused) => refused,
    };
    match refused {
        Exceeded::Bytes { .. } | Exceeded::Uploads { .. } | Exceeded::Open { .. } => {
            if let Err(error) = site.storage.abort(ticket.key.as_str(), upload_id).await {
                tracing::warn!(site = site.id, %error, "an upload that is too much could not be aborted");
            }
        }
        // The call may be repeated.
        Exceeded::Rate { .. } | Exceeded::Uncounted => {}
    }
    Err(refused.into())
}

/// The same for the same upload, so that a repeated call counts nothing.
fn place(site: &str, upload_id: &str) -> String {
    Sha256::digest(format!("{site}/{upload_id}"))[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn look<'a>(site: &'a Site, key: &str, upload_id: &str) -> (&'a Site, Result<bool, Error>) {
    let found = match site.storage.has_upload(key, upload_id).await {
        Err(error) if error.failure == Failure::NoSuchUpload => Ok(false),
        found => found.map_err(Error::from),
    };
    (site, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_id_is_made_of_few_characters() {
        for good in ["a", "VXBsb2FkIElE.-_~+/==", &"x".repeat(1024)] {
            assert!(is_upload_id(good), "{good}");
        }
        for bad in
            ["", " ", "a b", "a&partNumber=1", "a?x", "a#", "a%20", "a\r\nx-amz-acl: y", "ü", "<a>", &"x".repeat(1025)]
        {
            assert!(!is_upload_id(bad), "{bad}");
        }
    }
}
