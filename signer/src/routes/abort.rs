//! `POST /v1/uploads/abort`: gives an upload up.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{AbortUpload, Aborted, path};

use super::openapi::Failures;
use crate::app::App;
use crate::auth::Call;
use crate::clock::unix_millis;
use crate::error::Error;
use crate::ticket::Sending;

/// Gives an upload up.
///
/// Its parts are deleted. A form or a put leaves nothing behind unless it has arrived whole, and then it is an object like any other.
#[utoipa::path(post, tag = "uploads", path = path::ABORT, request_body = AbortUpload, responses((status = 200, body = Aborted, description = "Done"), Failures))]
pub(super) async fn abort(State(app): State<Arc<App>>, call: Call<AbortUpload>) -> Result<Json<Aborted>, Error> {
    let now = SystemTime::now();
    let upload = app.upload_to_abort(&call.body.ticket, &call.caller, now)?;
    match &upload.ticket.sending {
        // What a browser creates and tells nobody of has no parts, and the bucket's lifecycle takes it away.
        Sending::Form(_) | Sending::Put(_) | Sending::Awaiting { .. } => {}
        Sending::Multipart { upload_id, .. } => {
            upload.site.storage.abort(upload.ticket.key.as_str(), upload_id).await?;
        }
    }
    if let Some(place) = &upload.ticket.place {
        app.limiter.release(&call.who, place).await;
    }
    upload.site.metrics.aborted.inc();
    Ok(Json(Aborted { server_time: unix_millis(now) }))
}
