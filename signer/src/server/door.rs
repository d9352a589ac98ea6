//! Connections: only so many are let in, and none stays on which nothing is asked.
//!
//! Hyper has a time-out for the head of an HTTP/1 request, which also ends idle connections; but none for HTTP/2, and none for
//! a client that does not take its replies. So each connection has a watch of its own.

use std::future::{Ready, ready};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::ConnectionShutdown;
use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tower::Service;

/// What a connection that was asked to close may still take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Lets connections in.
#[derive(Clone)]
pub(super) struct Door {
    places: Arc<Semaphore>,
    idle_timeout: Duration,
}

/// What serves one connection, and knows whether it is idle.
#[derive(Clone)]
pub(super) struct Watched<S> {
    inner: S,
    connection: Arc<Connection>,
}

struct Connection {
    idle_timeout: Duration,
    calls: Arc<Calls>,
    watch: Mutex<Option<AbortHandle>>,
    _place: OwnedSemaphorePermit,
}

/// The calls of a connection that are in work.
struct Calls {
    count: AtomicUsize,
    /// When the last one ended.
    quiet_since: Mutex<Instant>,
}

/// One call of a connection.
struct Busy(Arc<Calls>);

impl Door {
    pub(super) fn new(max_connections: usize, idle_timeout: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(max_connections)), idle_timeout }
    }
}

impl<S> Accept<TcpStream, S> for Door {
    type Stream = TcpStream;
    type Service = Watched<S>;
    type Future = Ready<io::Result<(TcpStream, Watched<S>)>>;

    fn accept(&self, stream: TcpStream, inner: S) -> Self::Future {
        // Without it small replies may wait for an acknowledgement; a socket that refuses it still works.
        let _ = stream.set_nodelay(true);
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return ready(Err(io::Error::other("there are as many connections as `server.max_connections` allows")));
        };
        let calls = Calls { count: AtomicUsize::new(0), quiet_since: Mutex::new(Instant::now()) };
        let connection = Connection {
            idle_timeout: self.idle_timeout,
            calls: Arc::new(calls),
            watch: Mutex::new(None),
            _place: place,
        };
        ready(Ok((stream, Watched { inner, connection: Arc::new(connection) })))
    }
}

impl<S, B> Service<Request<B>> for Watched<S>
where
    S: Service<Request<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if let Some(end) = request.extensions().get::<ConnectionShutdown>() {
            self.connection.watch(end);
        }
        let busy = Busy::new(&self.connection.calls);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(busy);
            answer
        })
    }
}

impl Connection {
    /// From the first call on: until then the head's time-out counts.
    fn watch(&self, end: &ConnectionShutdown) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.is_none() {
            let watching = close_when_idle(self.calls.clone(), self.idle_timeout, end.clone());
            *watch = Some(tokio::spawn(watching).abort_handle());
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.lock().unwrap_or_else(PoisonError::into_inner).take() {
            watch.abort();
        }
    }
}

async fn close_when_idle(calls: Arc<Calls>, idle_timeout: Duration, end: ConnectionShutdown) {
    loop {
        let quiet_since = calls.quiet_since().unwrap_or_else(Instant::now);
        tokio::time::sleep_until(quiet_since + idle_timeout).await;
        if calls.quiet_since().is_some_and(|since| since.elapsed() >= idle_timeout) {
            end.graceful_shutdown();
            tokio::time::sleep(LAST_WORDS).await;
            end.shutdown();
            return;
        }
    }
}

impl Calls {
    /// None while a call is in work.
    fn quiet_since(&self) -> Option<Instant> {
        let since = *self.quiet_since.lock().unwrap_or_else(PoisonError::into_inner);
        (self.count.load(Ordering::Acquire) == 0).then_some(since)
    }
}

impl Busy {
    fn new(calls: &Arc<Calls>) -> Self {
        calls.count.fetch_add(1, Ordering::AcqRel);
        Self(calls.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.quiet_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.count.fetch_sub(1, Ordering::AcqRel);
    }
}
