//! The service on its port, and what surrounds every call.

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use http::{HeaderName, HeaderValue, Method, header};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::{App, BuildError};
use crate::auth::MAX_BODY_BYTES;
use crate::config::{Config, Origin, Secrets};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::{routes, telemetry};

/// Longer than the storage may take to put a large object together.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(5);
/// What fits one packet is not worth the work.
const MIN_COMPRESSED_BYTES: u64 = 1400;
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

/// A signer that is bound to its port and ready to run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

/// Puts a signer together and binds its port. Port 0 takes any free one.
pub async fn build(config: Config, secrets: Secrets) -> Result<Server, BuildError> {
    let listen = config.listen;
    let cors = cors(&config.allowed_origins);
    let metrics = Metrics::new();
    let app = App::new(config, secrets, metrics.clone()).await?;
    let listen_error = |problem| BuildError::Listen { address: listen, problem };
    let listener = TcpListener::bind(listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    Ok(Server { listener, address, router: surround(routes::router(Arc::new(app)), cors, metrics) })
}

impl Server {
    /// Where the signer listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is done, and then finishes the calls that have begun.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        tracing::info!(address = %self.address, "listening");
        let listener = self.listener.tap_io(|stream| {
            // Without it small replies may wait for an acknowledgement; a socket that refuses it still works.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, self.router).with_graceful_shutdown(shutdown).await
    }
}

fn surround(router: Router, cors: CorsLayer, metrics: Metrics) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(metrics, telemetry::observe))
            .layer(always(header::CACHE_CONTROL, "no-store"))
            .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(cors)
            // No cookie is looked at, so nobody can have a victim's browser ask again and again, and learn from the length.
            .layer(CompressionLayer::new().compress_when(SizeAbove::new(MIN_COMPRESSED_BYTES)))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(time_out))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES)),
    )
}

fn cors(origins: &[Origin]) -> CorsLayer {
    let origins = origins.iter().map(|origin| {
        HeaderValue::from_str(&origin.to_string()).expect("an origin is made of characters that headers carry")
    });
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .max_age(PREFLIGHT_MAX_AGE)
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn time_out(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
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
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::config::{SiteCredentials, TicketKey};

    async fn panics() {
        panic!("the words of the panic");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_takes_too_long_ends_in_the_one_shape_of_errors() {
        let router = surround(Router::new().route("/", get(std::future::pending::<()>)), cors(&[]), Metrics::new());
        let response = router.oneshot(Request::new(Body::empty())).await.expect("infallible");
        assert_eq!(response.status(), 503);
        let body = axum::body::to_bytes(response.into_body(), 1000).await.expect("a body");
        assert!(body.starts_with(br#"{"error":{"code":"storage_unavailable""#), "{body:?}");
    }

    #[tokio::test]
    async fn a_signer_stops_when_it_is_told_and_frees_its_port() {
        let config = "listen = '127.0.0.1:0'\n[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'\n\
                      credentials = 'environment'\nendpoint = 'http://127.0.0.1:9'";
        let credentials = SiteCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        };
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "k".to_owned(), secret: vec![0; 32] }],
            development_token: Some("token".to_owned()),
            site_credentials: [("a".to_owned(), credentials)].into(),
            ..Secrets::default()
        };
        let server = build(Config::parse(config).expect("valid"), secrets).await.expect("builds");
        let address = server.local_addr();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        let _idle = tokio::net::TcpStream::connect(address).await.expect("connects");
        tokio::time::sleep(Duration::from_millis(50)).await;

        stop.send(()).expect("running");
        let ended = tokio::time::timeout(Duration::from_secs(5), running).await.expect("in time");
        ended.expect("no panic").expect("no error");
        TcpListener::bind(address).await.expect("the port is free");
    }

    #[tokio::test]
    async fn a_panic_answers_in_the_one_shape_of_errors() {
        let router = surround(Router::new().route("/", get(panics)), cors(&[]), Metrics::new());
        let response = router.oneshot(Request::new(Body::empty())).await.expect("infallible");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = axum::body::to_bytes(response.into_body(), 1000).await.expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("text");
        assert!(body.starts_with(r#"{"error":{"code":"internal","message":""#) && !body.contains("words"), "{body}");
    }
}
