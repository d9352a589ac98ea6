//! `POST /v1/credentials`: credentials by which a browser signs the parts of an open upload itself.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{AskCredentials, Credentials, path};

use super::openapi::Failures;
use crate::app::App;
use crate::auth::Call;
use crate::aws::Delegated;
use crate::clock::unix_millis;
use crate::error::Error;

/// Gives out temporary credentials for one upload.
///
/// By them a browser signs the upload's parts itself. Only for sites that say so.
#[utoipa::path(post, tag = "uploads", path = path::CREDENTIALS, request_body = AskCredentials, responses((status = 200, body = Credentials, description = "Done"), Failures))]
pub(super) async fn credentials(
    State(app): State<Arc<App>>,
    call: Call<AskCredentials>,
) -> Result<Json<Credentials>, Error> {
    let now = SystemTime::now();
    let upload = app.upload(&call.body.ticket, &call.caller, now)?;
    let site = upload.site;
    if upload.ticket.awaits_creation() {
        return Err(Error::NotCreated);
    }
    if !upload.ticket.may_delegate {
        return Err(Error::NoCredentials { site: site.id.clone() });
    }
    let territory = upload.ticket.territory();
    let prefix = territory.prefix().to_owned();
    let given = site.storage.delegate(call.caller.subject(), territory, now).await?;
    let Delegated { access_key_id, secret_access_key, session_token, end } =
        given.ok_or_else(|| Error::NoCredentials { site: site.id.clone() })?;
    Ok(Json(Credentials {
        server_time: unix_millis(now),
        site: site.id.clone(),
        region: site.bucket.region.clone(),
        bucket: site.bucket.name.clone(),
        prefix,
        access_key_id,
        secret_access_key,
        session_token,
        expires_at: unix_millis(end),
        renewed: app.renewed(upload, &call.who).await,
    }))
}
