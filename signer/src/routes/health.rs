//! `GET /healthz`

/// Answers while the signer runs; it asks nothing of the storage.
pub(super) async fn health() -> &'static str {
    "ok"
}
