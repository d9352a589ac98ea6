//! `GET /readyz`: whether uploads can be signed here, for load balancers and DNS health checks.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use nearput_api::path;

use crate::app::App;
use crate::readiness::Report;

/// Tells whether uploads can be signed here.
///
/// There are credentials, and the home site answers to them. Asked often, it answers what it found a few seconds ago.
#[utoipa::path(
    get, tag = "operation",
    path = path::READY,
    security(()),
    responses(
        (status = 200, body = Report, description = "It is ready"),
        (status = 503, body = Report, description = "It is not: leave it for another signer"),
    ),
)]
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Report>) {
    let report = app.readiness.report(&app.sites, &app.policy.home).await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}
