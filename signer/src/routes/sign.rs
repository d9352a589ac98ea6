//! `POST /v1/uploads/sign`: signs parts of an open upload.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{SignParts, SignedParts, path};

use super::openapi::Failures;
use crate::app::App;
use crate::auth::Call;
use crate::clock::unix_millis;
use crate::error::Error;
use crate::upload::Part;

/// Signs parts of an open upload.
///
/// By every path of the site, for exactly the part's size and checksum. Repeat it when a signed request has ended.
#[utoipa::path(post, tag = "uploads", path = path::SIGN, request_body = SignParts, responses((status = 200, body = SignedParts, description = "Done"), Failures))]
pub(super) async fn sign(State(app): State<Arc<App>>, call: Call<SignParts>) -> Result<Json<SignedParts>, Error> {
    let now = SystemTime::now();
    let upload = app.upload(&call.body.ticket, &call.caller, now)?;
    app.check_parts(&call.body.parts)?;
    let cut = upload.ticket.cut();
    let parts: Vec<_> = call.body.parts.iter().map(|asked| Part::check(asked, &cut)).collect::<Result<_, _>>()?;

    let credentials = upload.site.credentials().await?;
    let presigner = app.presigner(upload.site, &credentials, now)?;
    let parts = parts.iter().map(|part| upload.sign(part, &presigner)).collect::<Result<Vec<_>, _>>()?;
    upload.site.metrics.signed(&parts);
    Ok(Json(SignedParts { server_time: unix_millis(now), parts, renewed: app.renewed(upload, &call.who).await }))
}
