//! The place of an upload that is being opened.

use std::sync::Arc;

use super::{Claim, Limiter};

/// A place that is given back when it is dropped, unless it is kept.
pub(crate) struct Reservation(Option<(Claim, Arc<Limiter>)>);

impl Reservation {
    /// Nothing is counted.
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn of(claim: Claim, limiter: Arc<Limiter>) -> Self {
        Self(Some((claim, limiter)))
    }

    /// The upload is open. What is given back when it is so no more is this name.
    pub(crate) fn keep(mut self) -> Option<String> {
        self.0.take().map(|(claim, _)| claim.id)
    }

    /// The upload could not be opened.
    pub(crate) async fn give_back(mut self) {
        if let Some((claim, limiter)) = self.0.take() {
            limiter.refund(&claim).await;
        }
    }
}

impl Drop for Reservation {
    /// A call may also be broken off.
    fn drop(&mut self) {
        if let Some((claim, limiter)) = self.0.take() {
            tokio::spawn(async move { limiter.refund(&claim).await });
        }
    }
}
