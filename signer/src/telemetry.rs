//! What is logged: one line for each request, with an id that the reply carries too. Never a query, a header or a body,
//! as tokens, tickets and signed addresses are in there.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = Uuid::new_v4().to_string();
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    async move {
        let mut response = next.run(request).await;
        let latency_ms = started.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(status = response.status().as_u16(), latency_ms, "answered");
        response.headers_mut().insert(REQUEST_ID, HeaderValue::from_str(&id).expect("a UUID is ASCII"));
        response
    }
    .instrument(span)
    .await
}
