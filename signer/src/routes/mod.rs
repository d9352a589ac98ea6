//! The calls, one file each, named after what they do.

mod abort;
mod complete;
mod created;
mod credentials;
mod docs;
mod health;
mod metrics;
mod open;
mod openapi;
mod parts;
mod ready;
#[cfg(test)]
mod residency;
mod sign;
mod sites;
mod status;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use nearput_api::path;
use tracing::Instrument as _;

use crate::app::App;
use crate::error::Error;

/// The paths of all calls.
pub(crate) const CALLS: [&str; 14] = [
    path::SITES,
    path::OPEN,
    path::SIGN,
    path::COMPLETE,
    path::PARTS,
    path::ABORT,
    path::CREATED,
    path::STATUS,
    path::CREDENTIALS,
    path::HEALTH,
    path::READY,
    path::METRICS,
    path::OPENAPI,
    path::DOCS,
];

/// Finishes what has begun, also if the caller is gone by then: what the storage has done cannot be taken back, and somebody must
/// hear of it.
async fn finish<T: Send + 'static>(work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
    tokio::spawn(work.in_current_span()).await.unwrap_or(Err(Error::Panicked))
}

/// Every call that there is.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(path::SITES, get(sites::sites).post(sites::sites))
        .route(path::OPEN, post(open::open))
        .route(path::SIGN, post(sign::sign))
        .route(path::COMPLETE, post(complete::complete))
        .route(path::PARTS, post(parts::parts))
        .route(path::ABORT, post(abort::abort))
        .route(path::CREATED, post(created::created))
        .route(path::STATUS, post(status::status))
        .route(path::CREDENTIALS, post(credentials::credentials))
        .route(path::HEALTH, get(health::health))
        .route(path::READY, get(ready::ready))
        .route(path::METRICS, get(metrics::metrics))
        .route(path::OPENAPI, get(openapi::document))
        .route(path::DOCS, get(docs::page))
        .fallback(async || Error::NoSuchCall)
        .method_not_allowed_fallback(async || Error::WrongMethod)
        .with_state(app)
}
