//! What surrounds every call: its log line, its headers, its limits of time and number, and the one shape of errors.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, Method, header};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::client::Proxies;
use crate::auth::MAX_BODY_BYTES;
use crate::config::{Config, Origin};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::telemetry::{self, REQUEST_ID};

/// What fits one packet is not worth the work.
const MIN_COMPRESSED_BYTES: u64 = 1400;
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

pub(super) fn surround(router: Router, config: &Config, metrics: Metrics) -> Router {
    let proxies = Proxies::new(&config.server);
    let request_timeout = config.server.request_timeout;
    let mark = move |mut request: Request, next: Next| {
        proxies.mark(&mut request);
        next.run(request)
    };
    let router = router.layer(
        ServiceBuilder::new()
            .layer(from_fn(mark))
            .layer(from_fn_with_state(metrics, telemetry::observe))
            .layer(always(header::CACHE_CONTROL, "no-store"))
            .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(always(header::X_FRAME_OPTIONS, "DENY"))
            .layer(always(header::REFERRER_POLICY, "no-referrer"))
            // It rules what pages embed without CORS; where they ask by CORS, that alone decides.
            .layer(always(CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"))
            // A page of the signer's own may say more exactly what it needs.
            .layer(SetResponseHeaderLayer::if_not_present(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
            ))
            .layer(cors(&config.allowed_origins))
            // No cookie is looked at, so nobody can have a victim's browser ask again and again, and learn from the length.
            .layer(CompressionLayer::new().compress_when(SizeAbove::new(MIN_COMPRESSED_BYTES)))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(move |request, next| time_out(request_timeout, request, next)))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES)),
    );
    match config.server.tls {
        // Two years, as https://hstspreload.org asks for.
        Some(_) => router.layer(always(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000")),
        None => router,
    }
}

fn cors(origins: &[Origin]) -> CorsLayer {
    let origins = origins.iter().map(|origin| {
        HeaderValue::from_str(&origin.to_string()).expect("an origin is made of characters that headers carry")
    });
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_MAX_AGE)
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn time_out(after: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(after, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::TimedOut.into_response(),
    }
}

/// The panic's own words may hold anything, so they are not repeated; the panic hook has printed them.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::Panicked.into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    const CONFIG: &str = "listen = '127.0.0.1:0'\n[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'";

    fn config(server: &str) -> Config {
        Config::parse(&format!("{CONFIG}\n[server]\n{server}")).expect("valid")
    }

    async fn ask(router: Router, path: &str) -> (StatusCode, http::HeaderMap, String) {
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1000).await.expect("a body");
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).expect("text"))
    }

    async fn panics() {
        panic!("the words of the panic");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_takes_too_long_ends_in_the_one_shape_of_errors() {
        let router = surround(Router::new().route("/", get(std::future::pending::<()>)), &config(""), Metrics::new());
        let (status, _, body) = ask(router, "/").await;
        assert_eq!(status, 503);
        assert!(body.starts_with(r#"{"error":{"code":"storage_unavailable""#), "{body:?}");
    }

    #[tokio::test]
    async fn a_panic_answers_in_the_one_shape_of_errors() {
        let router = surround(Router::new().route("/", get(panics)), &config(""), Metrics::new());
        let (status, headers, body) = ask(router, "/").await;
        assert_eq!(status, 500);
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert!(body.starts_with(r#"{"error":{"code":"internal","message":""#) && !body.contains("words"), "{body}");
    }

    #[tokio::test]
    async fn only_over_tls_are_browsers_told_to_stay_with_it() {
        let router = |server| surround(Router::new().route("/", get(async || "ok")), &config(server), Metrics::new());
        let tls = "tls = { certificate = 'a', key = 'b' }";
        assert_eq!(ask(router(tls), "/").await.1[header::STRICT_TRANSPORT_SECURITY], "max-age=63072000");
        assert!(!ask(router(""), "/").await.1.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
