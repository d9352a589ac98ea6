//! `GET /healthz`

use nearput_api::path;

/// Answers while the signer runs.
///
/// It asks nothing of the storage.
#[utoipa::path(get, tag = "operation", path = path::HEALTH, security(()), responses((status = 200, body = str, description = "`ok`")))]
pub(super) async fn health() -> &'static str {
    "ok"
}
