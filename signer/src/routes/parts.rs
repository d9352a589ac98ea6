//! `POST /v1/uploads/parts`: lists the parts that the storage already holds.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{ListParts, StoredParts, path};

use super::openapi::Failures;
use crate::app::App;
use crate::auth::Call;
use crate::clock::unix_millis;
use crate::error::Error;
use crate::ticket::Sending;

/// Lists the parts that the storage already holds.
///
/// The whole of a form or a put is sent again, so it has no stored parts.
#[utoipa::path(post, tag = "uploads", path = path::PARTS, request_body = ListParts, responses((status = 200, body = StoredParts, description = "Done"), Failures))]
pub(super) async fn parts(State(app): State<Arc<App>>, call: Call<ListParts>) -> Result<Json<StoredParts>, Error> {
    let now = SystemTime::now();
    let upload = app.upload(&call.body.ticket, &call.caller, now)?;
    let parts = match &upload.ticket.sending {
        Sending::Form(_) | Sending::Put(_) => Vec::new(),
        Sending::Awaiting { .. } => return Err(Error::NotCreated),
        Sending::Multipart { upload_id, .. } => {
            upload.site.storage.list_parts(upload.ticket.key.as_str(), upload_id).await?
        }
    };
    Ok(Json(StoredParts { server_time: unix_millis(now), parts, renewed: app.renewed(upload, &call.who).await }))
}
