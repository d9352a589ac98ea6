//! `GET /readyz`: whether uploads can be signed here, for load balancers and DNS health checks.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::readiness::Report;

pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Report>) {
    let report = app.readiness.report(&app.sites, &app.policy.home).await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}
