//! What the system tells the program: to stop, and to read its configuration again.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that are listened for. Until they are, they end the program at once.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    hangup: Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Done when the program is to stop. `reload` is done at each SIGHUP until then.
    pub(crate) async fn stop<F: Future<Output = ()>>(mut self, reload: impl Fn() -> F) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.hangup.recv() => reload().await,
            }
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Done when the program is to stop.
    pub(crate) async fn stop<F: Future<Output = ()>>(self, _: impl Fn() -> F) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
