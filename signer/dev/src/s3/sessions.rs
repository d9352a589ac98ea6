//! Who is known: the one permanent key, and temporary credentials until they end.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};

/// Temporary credentials, as STS hands them out.
#[derive(Clone)]
pub struct Session {
    pub access_key: String,
    pub secret_key: String,
    /// Must come with every request.
    pub token: String,
    pub expires_at: SystemTime,
    /// `bucket/key`, or `bucket/prefix*`, if they can put objects there and nothing else.
    pub may_put: Option<String>,
}

/// The temporary credentials that an embedded S3 knows. Its clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Sessions(Arc<Mutex<HashMap<String, Session>>>);

/// The permanent key, and the sessions beside it.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) sessions: Sessions,
}

impl Sessions {
    /// Lets in whoever signs with these credentials and shows their token.
    pub fn add(&self, session: Session) {
        self.lock().insert(session.access_key.clone(), session);
    }

    fn get(&self, access_key: &str) -> Option<Session> {
        self.lock().get(access_key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    /// Refuses a token that does not belong to the key, and a session that has ended.
    pub(super) fn check_token(&self, access_key: &str, token: Option<&str>) -> S3Result<()> {
        let session = self.sessions.get(access_key);
        if token != session.as_ref().map(|session| session.token.as_str()) {
            return Err(s3_error!(InvalidToken, "The session token is not the one of these credentials."));
        }
        if session.is_some_and(|session| session.expires_at <= SystemTime::now()) {
            return Err(s3_error!(ExpiredToken, "The temporary credentials have ended. Get new ones."));
        }
        Ok(())
    }

    /// Refuses whatever a session is not for. What AWS calls s3:PutObject is each of these operations.
    pub(super) fn check_right(&self, access_key: &str, operation: &str, path: &S3Path) -> S3Result<()> {
        let Some(may_put) = self.sessions.get(access_key).and_then(|session| session.may_put) else { return Ok(()) };
        let puts = ["PutObject", "PostObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];
        let is_there = |place: String| match may_put.strip_suffix('*') {
            Some(prefix) => place.starts_with(prefix),
            None => place == may_put,
        };
        let allowed = path.as_object().is_some_and(|(bucket, key)| is_there(format!("{bucket}/{key}")));
        if puts.contains(&operation) && allowed {
            Ok(())
        } else {
            Err(s3_error!(AccessDenied, "The session's policy does not allow it."))
        }
    }
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.access_key {
            return Ok(self.secret_key.clone().into());
        }
        let session = self.sessions.get(access_key);
        let session = session.ok_or_else(|| s3_error!(InvalidAccessKeyId, "There are no such credentials here."))?;
        Ok(session.secret_key.into())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
