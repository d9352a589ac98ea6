//! The signer's own credentials, fetched anew before they end.
//!
//! While new ones cannot be had, the old ones are used until they end. Nobody waits for a provider that has failed a moment ago.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use aws_sdk_s3::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

use super::{Failure, StorageError};

const OPERATION: &str = "credentials";

/// How long before their end credentials are replaced.
const MARGIN: Duration = Duration::from_mins(5);

/// A provider that has failed is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);

/// A provider that is silent has failed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A provider whose answer is remembered: signing asks for it thousands of times a second.
pub(super) struct CredentialCache {
    provider: SharedCredentialsProvider,
    known: ArcSwapOption<Credentials>,
    /// When the provider may be asked; whoever asks it holds this.
    asked_from: Mutex<SystemTime>,
}

impl CredentialCache {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, known: ArcSwapOption::empty(), asked_from: Mutex::new(UNIX_EPOCH) }
    }

    pub(super) async fn get(&self, now: SystemTime) -> Result<Credentials, StorageError> {
        if let Some(known) = self.known(now + MARGIN) {
            return Ok(known);
        }
        let Some(ending) = self.known(now) else { return self.wait(now).await };
        // One caller asks, and the others go on with what there is.
        let Ok(mut asked_from) = self.asked_from.try_lock() else { return Ok(ending) };
        if now < *asked_from {
            return Ok(ending);
        }
        match self.ask(now, &mut asked_from).await {
            Ok(fresh) => Ok(fresh),
            Err(error) => {
                tracing::warn!(%error, "there are no new credentials, and the old ones will end");
                Ok(ending)
            }
        }
    }

    /// Nothing can be done without credentials, so everybody waits for them.
    async fn wait(&self, now: SystemTime) -> Result<Credentials, StorageError> {
        let mut asked_from = self.asked_from.lock().await;
        match self.known(now) {
            Some(known) => Ok(known),
            None if now < *asked_from => Err(missing("the provider has failed a moment ago")),
            None => self.ask(now, &mut asked_from).await,
        }
    }

    async fn ask(&self, now: SystemTime, asked_from: &mut SystemTime) -> Result<Credentials, StorageError> {
        let asked = match tokio::time::timeout(TIMEOUT, self.provider.provide_credentials()).await {
            Ok(Ok(fresh)) if is_good_at(&fresh, now) => Ok(fresh),
            Ok(Ok(_)) => Err(missing("the provider's have ended already")),
            Ok(Err(error)) => Err(StorageError::new(Failure::NoCredentials, OPERATION, &error)),
            Err(_) => Err(missing("the provider does not answer")),
        };
        match &asked {
            Ok(fresh) => self.known.store(Some(Arc::new(fresh.clone()))),
            Err(_) => *asked_from = now + PAUSE,
        }
        asked
    }

    /// Those that are there, if they are good at this time.
    fn known(&self, time: SystemTime) -> Option<Credentials> {
        let known = self.known.load();
        known.as_deref().filter(|known| is_good_at(known, time)).cloned()
    }
}

fn is_good_at(credentials: &Credentials, time: SystemTime) -> bool {
    credentials.expiry().is_none_or(|end| time < end)
}

fn missing(cause: &str) -> StorageError {
    StorageError::odd(Failure::NoCredentials, OPERATION, cause)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Shared;

    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::future;

    use super::*;

    /// Answers as it is told to, and counts.
    #[derive(Debug, Clone)]
    struct Provider(Arc<Shared<(Answer, usize)>>);

    #[derive(Debug, Clone, Copy)]
    enum Answer {
        /// Credentials of this id, which end after so many minutes.
        Ending(&'static str, u64),
        Failure,
        Silence,
    }

    impl ProvideCredentials for Provider {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let answer = {
                let mut told = self.0.lock().expect("no panic");
                told.1 += 1;
                told.0
            };
            future::ProvideCredentials::new(async move {
                match answer {
                    Answer::Ending(id, end) => Ok(Credentials::new(id, "secret", None, Some(minute(end)), "test")),
                    Answer::Failure => Err(CredentialsError::provider_error("planted")),
                    Answer::Silence => std::future::pending().await,
                }
            })
        }
    }

    impl Provider {
        fn tell(&self, answer: Answer) {
            self.0.lock().expect("no panic").0 = answer;
        }

        fn asked(&self) -> usize {
            self.0.lock().expect("no panic").1
        }
    }

    fn start(answer: Answer) -> (Provider, CredentialCache) {
        let provider = Provider(Arc::new(Shared::new((answer, 0))));
        let cache = CredentialCache::new(SharedCredentialsProvider::new(provider.clone()));
        (provider, cache)
    }

    fn minute(minute: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_mins(minute)
    }

    async fn id(cache: &CredentialCache, now: SystemTime) -> Option<String> {
        match cache.get(now).await {
            Ok(credentials) => Some(credentials.access_key_id().to_owned()),
            Err(error) => {
                assert_eq!(error.failure, Failure::NoCredentials);
                None
            }
        }
    }

    #[tokio::test]
    async fn credentials_are_remembered_and_replaced_before_they_end() {
        let (provider, cache) = start(Answer::Ending("first", 60));
        for now in [0, 1, 54] {
            assert_eq!(id(&cache, minute(now)).await.as_deref(), Some("first"));
        }
        assert_eq!(provider.asked(), 1);
        provider.tell(Answer::Ending("second", 120));
        assert_eq!(id(&cache, minute(55)).await.as_deref(), Some("second"));
    }

    #[tokio::test]
    async fn while_the_provider_fails_the_old_ones_are_used_until_they_end_and_it_is_asked_now_and_then() {
        let (provider, cache) = start(Answer::Ending("first", 60));
        assert!(id(&cache, minute(0)).await.is_some());
        provider.tell(Answer::Failure);
        for _ in 0..100 {
            assert_eq!(id(&cache, minute(56)).await.as_deref(), Some("first"));
        }
        assert_eq!(provider.asked(), 2);
        assert_eq!(id(&cache, minute(56) + PAUSE).await.as_deref(), Some("first"));
        assert_eq!(provider.asked(), 3);

        for _ in 0..100 {
            assert_eq!(id(&cache, minute(60)).await, None);
        }
        assert_eq!(provider.asked(), 4);
        provider.tell(Answer::Ending("second", 120));
        assert_eq!(id(&cache, minute(60) + PAUSE).await.as_deref(), Some("second"));
    }

    #[tokio::test]
    async fn credentials_that_have_ended_are_none() {
        let (_provider, cache) = start(Answer::Ending("first", 60));
        assert_eq!(id(&cache, minute(60)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_provider_holds_up_one_caller_where_the_old_ones_are_good_and_nobody_for_ever() {
        let (provider, cache) = start(Answer::Ending("first", 60));
        assert!(id(&cache, minute(0)).await.is_some());
        provider.tell(Answer::Silence);
        let begun = tokio::time::Instant::now();
        let quick = async {
            tokio::task::yield_now().await;
            assert_eq!(id(&cache, minute(56)).await.as_deref(), Some("first"));
            begun.elapsed()
        };
        let (slow, quick) = tokio::join!(id(&cache, minute(56)), quick);
        assert_eq!((slow.as_deref(), quick), (Some("first"), Duration::ZERO));
        assert_eq!(begun.elapsed(), TIMEOUT);
        assert_eq!(id(&cache, minute(61)).await, None);
    }
}
