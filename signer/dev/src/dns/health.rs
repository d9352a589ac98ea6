//! Health checks: whether a signer is well, as of the last few times that it was asked.
//!
//! See <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html>. Route 53 asks from some
//! fifteen places at once, each with an interval of its own; here there is one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// When a signer counts as well, and when as ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthChecks {
    /// From one to the next: 30 s with Route 53, or 10 s for more money.
    pub interval: Duration,
    /// So many in turn must differ from what is known: 3 with Route 53, if nothing else is said.
    pub threshold: usize,
    /// How long a signer may take: 4 s with Route 53 to connect, and 2 s to answer.
    pub patience: Duration,
}

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    pub ended: Instant,
    /// Whether the signer answered 200.
    pub answered: bool,
    /// Whether it counted as well after this check.
    pub is_well: bool,
}

/// What all checks have shown.
pub(super) struct Health(Mutex<Vec<Vec<Round>>>);

impl Health {
    pub(super) fn new(records: usize) -> Self {
        Self(Mutex::new(vec![Vec::new(); records]))
    }

    pub(super) fn rounds(&self, record: usize) -> Vec<Round> {
        self.lock()[record].clone()
    }

    /// Whether each of them is well.
    pub(super) fn of_all(&self) -> Vec<bool> {
        self.lock().iter().map(|rounds| rounds.last().is_none_or(|round| round.is_well)).collect()
    }

    /// Asks for ever.
    pub(super) async fn watch(self: Arc<Self>, record: usize, signer: SocketAddr, checks: HealthChecks) {
        let mut ticks = interval(checks.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let answered = timeout(checks.patience, answers(signer)).await.unwrap_or(false);
            let rounds = &mut self.lock()[record];
            let is_well = is_well_after(rounds, answered, checks.threshold);
            rounds.push(Round { ended: Instant::now(), answered, is_well });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<Round>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It changes once so many checks in turn have said the same.
fn is_well_after(rounds: &[Round], answered: bool, threshold: usize) -> bool {
    let was_well = rounds.last().is_none_or(|round| round.is_well);
    let in_turn = 1 + rounds.iter().rev().take_while(|round| round.answered == answered).count();
    if in_turn >= threshold { answered } else { was_well }
}

async fn answers(signer: SocketAddr) -> bool {
    let ask = async {
        let mut connection = TcpStream::connect(signer).await?;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {signer}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        let mut status = [0; 12];
        connection.read_exact(&mut status).await?;
        std::io::Result::Ok(status)
    };
    ask.await.is_ok_and(|status| status == *b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_changes_after_as_many_equal_answers_as_the_threshold_says() {
        let mut rounds = Vec::new();
        let mut check = |answered| {
            let is_well = is_well_after(&rounds, answered, 3);
            rounds.push(Round { ended: Instant::now(), answered, is_well });
            is_well
        };
        assert_eq!(
            [true, false, false, true, false, false, false].map(&mut check),
            [true, true, true, true, true, true, false]
        );
        assert_eq!([true, true, false, true, true, true].map(&mut check), [false, false, false, false, false, true]);
    }
}
