//! One line of the log and one span for each request, with an id that the reply carries too. Never a query, a header or a body, as
//! tokens, tickets and signed addresses are in there.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;
use tracing::field::Empty;
use uuid::Uuid;

use super::traces;
use crate::error::Refused;
use crate::metrics::Metrics;
use crate::routes;

/// Carries the id of a request in its reply.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn observe(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = Uuid::new_v4().to_string();
    let call = call(&request);
    let (method, path) = (request.method(), request.uri().path());
    let span =
        tracing::info_span!("request", %id, %method, path, otel.name = call, otel.kind = "server", status = Empty);
    traces::go_on(&span, request.headers());
    async move {
        let mut response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), started.elapsed());
        metrics.answered(call, status, took);
        if let Some(Refused(code)) = response.extensions().get() {
            metrics.refused(*code);
        }
        tracing::Span::current().record("status", status);
        tracing::info!(status, latency_ms = took.as_secs_f64() * 1000.0, "answered");
        response.headers_mut().insert(REQUEST_ID, HeaderValue::from_str(&id).expect("a UUID is ASCII"));
        response
    }
    .instrument(span)
    .await
}

/// What is called, by a name that is one of few, whatever was asked for.
fn call(request: &Request) -> &'static str {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    routes::CALLS.into_iter().find(|&call| Some(call) == path).unwrap_or("other")
}
