//! The signer as it is configured at the moment, and how another configuration takes its place without a restart.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::HttpBody;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::Request;
use tower::{BoxError, Service, ServiceExt as _};

use super::surround::surround;
use super::tls::Certificate;
use crate::app::{App, BuildError};
use crate::config::{Config, ConfigError, Secrets};
use crate::routes;

/// Answers every request by the configuration that is in force when it comes.
#[derive(Clone)]
pub(super) struct Live(Arc<ArcSwap<Current>>);

struct Current {
    config: Config,
    app: Arc<App>,
    router: Router,
}

/// The handle by which a running signer is given another configuration.
#[derive(Clone)]
pub struct Reload {
    live: Live,
    certificate: Option<Certificate>,
}

/// A configuration that does not take the place of the one in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Live {
    pub(super) async fn new(config: Config, secrets: Secrets) -> Result<Self, BuildError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(Current::new(config, secrets, None).await?))))
    }

    pub(super) fn reload(&self, certificate: Option<Certificate>) -> Reload {
        Reload { live: self.clone(), certificate }
    }
}

impl Current {
    async fn new(config: Config, secrets: Secrets, before: Option<&App>) -> Result<Self, BuildError> {
        let app = Arc::new(App::new(config.clone(), secrets, before).await?);
        let router = surround(routes::router(app.clone()), &config, app.metrics.clone());
        Ok(Self { config, app, router })
    }
}

impl Reload {
    /// Reads the file again, and the environment with it. What happens goes to the log.
    pub async fn file(&self, path: &Path) {
        match self.read(path).await {
            Ok(()) => tracing::info!(path = %path.display(), "the configuration was read again, and is in force"),
            Err(error) => tracing::error!(%error, "the configuration was not taken over; the old one stays in force"),
        }
    }

    async fn read(&self, path: &Path) -> Result<(), ReloadError> {
        if let Some(certificate) = &self.certificate {
            certificate.renew();
        }
        let config = Config::load(path)?;
        let secrets = Secrets::from_environment(&config)?;
        self.apply(config, secrets).await
    }

    /// Puts a configuration in force. Calls in work end by the one that they began with.
    pub async fn apply(&self, mut config: Config, secrets: Secrets) -> Result<(), ReloadError> {
        let before = self.live.0.load_full();
        let later = keep_fixed(&before.config, &mut config);
        let after = Current::new(config, secrets, Some(&before.app)).await?;
        if !later.is_empty() {
            tracing::warn!(keys = later.join(", "), "what has changed here counts from the next start on");
        }
        self.live.0.store(Arc::new(after));
        Ok(())
    }
}

/// What the port and the log were set up with stays as it is. Gives the keys that say otherwise by now.
fn keep_fixed(before: &Config, after: &mut Config) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let mut keep = |key, is_same: bool| {
        if !is_same {
            changed.push(key);
        }
    };
    let (old, new) = (&before.server, &mut after.server);
    keep("listen", before.listen == after.listen);
    keep("telemetry", before.telemetry == after.telemetry);
    keep("server.tls", old.tls == new.tls);
    keep("server.header_timeout", old.header_timeout == new.header_timeout);
    keep("server.idle_timeout", old.idle_timeout == new.idle_timeout);
    keep("server.shutdown_grace", old.shutdown_grace == new.shutdown_grace);
    keep("server.max_connections", old.max_connections == new.max_connections);
    new.tls.clone_from(&old.tls);
    (new.header_timeout, new.idle_timeout) = (old.header_timeout, old.idle_timeout);
    (new.shutdown_grace, new.max_connections) = (old.shutdown_grace, old.max_connections);
    after.listen = before.listen;
    after.telemetry.clone_from(&before.telemetry);
    changed
}

impl<B> Service<Request<B>> for Live
where
    B: HttpBody<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(self.0.load().router.clone().oneshot(request))
    }
}
