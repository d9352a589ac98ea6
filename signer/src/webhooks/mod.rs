//! Telling others of completed uploads, as the Standard Webhooks specification has it: <https://www.standardwebhooks.com>.
//!
//! An upload is reported as completed only once every receiver has taken the message; until then the caller is told to ask again.
//! So a receiver hears of each upload at least once, each time by the same `webhook-id`. What a receiver did not take is sent again
//! by this signer for a while as well, in case the caller does not come back.

mod message;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use nearput_api::CompletedUpload;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tokio::time::sleep;

use crate::config;
use crate::crypto;
use crate::error::chain;
use message::Message;

const TIMEOUT: Duration = Duration::from_secs(5);
/// For more than two hours in all, once the caller is gone.
const PATIENCE: Patience = Patience {
    pauses: [Duration::from_millis(500), Duration::from_secs(2)],
    first_later: Duration::from_secs(10),
    last_later: Duration::from_hours(1),
};
/// So many messages are sent again at a time.
const MOST_LATER: usize = 1000;

/// How long after each failed attempt the next one is made.
#[derive(Clone, Copy)]
struct Patience {
    /// While the caller waits.
    pauses: [Duration; 2],
    /// Without the caller; then it doubles.
    first_later: Duration,
    last_later: Duration,
}

/// The receivers of every message.
pub(crate) struct Webhooks {
    client: Client,
    urls: Vec<Arc<str>>,
    /// The first one signs, and those that are on their way out sign as well.
    secrets: Arc<[Vec<u8>]>,
    waiting: Waiting,
    patience: Patience,
}

/// A receiver that has not taken a message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookError {
    #[error("it cannot be reached: {}", chain(.0))]
    Unreachable(reqwest::Error),
    #[error("it answered {0}")]
    Refused(StatusCode),
}

impl Webhooks {
    pub(crate) fn new(webhooks: &[config::Webhook], secrets: Vec<Vec<u8>>) -> Self {
        crypto::install();
        let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).build();
        Self {
            client: client.expect("the machine has TLS and certificates"),
            urls: webhooks.iter().map(|webhook| webhook.url.as_str().into()).collect(),
            secrets: secrets.into(),
            waiting: Waiting::default(),
            patience: PATIENCE,
        }
    }

    /// Tells every receiver, also those behind one that fails.
    pub(crate) async fn completed(&self, upload: &CompletedUpload, subject: Option<&str>) -> Result<(), WebhookError> {
        if self.urls.is_empty() {
            return Ok(());
        }
        let message = Arc::new(Message::completed(upload, subject, SystemTime::now()));
        let mut outcome = Ok(());
        for url in &self.urls {
            let delivery = Delivery { client: self.client.clone(), url: url.clone(), secrets: self.secrets.clone() };
            if let Err(error) = delivery.attempts(&message, self.patience).await {
                tracing::warn!(id = message.id, %error, "a webhook has not taken a completed upload");
                self.send_later(delivery, message.clone());
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }

    fn send_later(&self, delivery: Delivery, message: Arc<Message>) {
        let Some(place) = self.waiting.take(&delivery.url, &message.id) else { return };
        let Patience { first_later, last_later, .. } = self.patience;
        tokio::spawn(async move {
            let mut pause = first_later;
            while pause <= last_later {
                sleep(pause).await;
                match delivery.attempt(&message).await {
                    Ok(()) => {
                        return tracing::info!(id = message.id, "a webhook has taken a completed upload after all");
                    }
                    Err(_) => pause *= 2,
                }
            }
            tracing::error!(id = message.id, "a webhook has never taken a completed upload");
            drop(place);
        });
    }
}

/// The messages that are to be sent again, each by its receiver and its id: one that the caller repeats waits once.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<HashSet<Addressed>>>);

/// A receiver, and the id of a message to it.
type Addressed = (Arc<str>, String);

/// Among the messages that wait, until it is dropped.
struct Place {
    of: Waiting,
    message: Addressed,
}

impl Waiting {
    /// None where the message waits already, or too many do.
    fn take(&self, url: &Arc<str>, id: &str) -> Option<Place> {
        let message = (url.clone(), id.to_owned());
        let mut waiting = self.messages();
        if waiting.len() >= MOST_LATER {
            tracing::error!(id, "too many messages wait already; this one is left to the caller");
            return None;
        }
        waiting.insert(message.clone()).then(|| Place { of: self.clone(), message })
    }

    fn messages(&self) -> MutexGuard<'_, HashSet<Addressed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.messages().remove(&self.message);
    }
}

/// One receiver, and what it takes to write to it.
struct Delivery {
    client: Client,
    url: Arc<str>,
    secrets: Arc<[Vec<u8>]>,
}

impl Delivery {
    async fn attempts(&self, message: &Message, patience: Patience) -> Result<(), WebhookError> {
        for pause in patience.pauses {
            if self.attempt(message).await.is_ok() {
                return Ok(());
            }
            sleep(pause).await;
        }
        self.attempt(message).await
    }

    async fn attempt(&self, message: &Message) -> Result<(), WebhookError> {
        let mut request = self.client.post(&*self.url).body(message.body.clone());
        for (name, value) in message.headers(&self.secrets, SystemTime::now()) {
            request = request.header(name, value);
        }
        // An address may hold a secret of the receiver's.
        let answer = request.send().await.map_err(|error| WebhookError::Unreachable(error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(WebhookError::Refused(answer.status())) }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_message_that_was_not_taken_is_sent_again_without_the_caller() {
        let (heard, mut hears) = mpsc::unbounded_channel();
        let refuse = async move || {
            heard.send(()).expect("the test listens");
            StatusCode::SERVICE_UNAVAILABLE
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(refuse));
        tokio::spawn(async { axum::serve(listener, router).await.expect("serves") });

        let mut webhooks = Webhooks::new(&[config::Webhook { url }], vec![vec![7; 24]]);
        let (first_later, last_later) = (Duration::from_millis(100), Duration::from_millis(400));
        webhooks.patience = Patience { pauses: [Duration::ZERO; 2], first_later, last_later };
        // The caller repeats it at once.
        let tell = async || webhooks.completed(&message::tests::completed("e"), None).await;
        let (first, second) = tokio::join!(tell(), tell());
        for told in [first, second] {
            assert!(matches!(told, Err(WebhookError::Refused(StatusCode::SERVICE_UNAVAILABLE))), "{told:?}");
        }
        for _ in 0..9 {
            hears.recv().await.expect("three attempts with each call, and three without");
        }
        while !webhooks.waiting.messages().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(hears.try_recv().is_err(), "then it is given up");
    }
}
