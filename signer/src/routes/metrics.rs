//! `GET /metrics`: what was counted, in the text format of Prometheus. It asks for a token of its own, for it tells how much is
//! uploaded, and how well.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use nearput_api::path;
use subtle::ConstantTimeEq as _;

use super::openapi::Failures;
use crate::app::App;
use crate::auth::{Unauthenticated, bearer};
use crate::error::Error;

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What was counted, for Prometheus.
///
/// Its bearer token is one of its own, which the signer's operator sets; without one there is no such page.
#[utoipa::path(
    get, tag = "operation",
    path = path::METRICS,
    responses((status = 200, body = str, content_type = "application/openmetrics-text", description = "Done"), Failures),
)]
pub(super) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Error> {
    let expected = app.metrics_token.as_ref().ok_or(Error::NoSuchCall)?;
    let given = bearer(&headers)?.ok_or(Unauthenticated::NoToken)?;
    if expected.as_bytes().ct_eq(given.as_bytes()).into() {
        Ok(([(header::CONTENT_TYPE, TEXT)], app.metrics.text()).into_response())
    } else {
        Err(Unauthenticated::InvalidToken.into())
    }
}
