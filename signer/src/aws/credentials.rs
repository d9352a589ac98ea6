//! The signer's credentials, fetched anew before they end.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

use super::{Failure, StorageError};

/// How long before their end credentials are replaced.
const MARGIN: Duration = Duration::from_mins(5);

/// A provider whose answer is remembered: signing asks for it thousands of times a second.
pub(super) struct CredentialCache {
    provider: SharedCredentialsProvider,
    known: Mutex<Option<Credentials>>,
}

impl CredentialCache {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, known: Mutex::new(None) }
    }

    pub(super) async fn get(&self) -> Result<Credentials, StorageError> {
        let mut known = self.known.lock().await;
        if let Some(credentials) = known.as_ref().filter(|credentials| is_good_for(credentials, MARGIN)) {
            return Ok(credentials.clone());
        }
        match self.provider.provide_credentials().await {
            Ok(fresh) => Ok(known.insert(fresh).clone()),
            Err(error) => match known.as_ref().filter(|credentials| is_good_for(credentials, Duration::ZERO)) {
                Some(credentials) => Ok(credentials.clone()),
                None => Err(StorageError::new(Failure::Unavailable, "credentials", &error)),
            },
        }
    }
}

fn is_good_for(credentials: &Credentials, time: Duration) -> bool {
    credentials.expiry().is_none_or(|end| SystemTime::now() + time < end)
}
