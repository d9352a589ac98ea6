//! Credentials for browsers, which can put one upload's parts and nothing else.

use std::time::SystemTime;

use super::{R2, Role, Storage, StorageError};
use crate::auth::Subject;
use crate::ticket::Territory;

/// Who makes them.
pub(super) enum Delegation {
    /// STS is asked.
    Role(Role),
    /// They are signed here.
    R2(R2),
}

/// Credentials that have been given out.
#[derive(Clone)]
pub(crate) struct Delegated {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
    pub(crate) end: SystemTime,
}

impl Storage {
    /// Whether browsers may have credentials of their own.
    pub(crate) fn delegates(&self) -> bool {
        self.delegation.is_some()
    }

    /// Credentials that can put objects in one part of the bucket and nothing else; none where browsers get none.
    pub(crate) async fn delegate(
        &self,
        caller: Option<&Subject>,
        territory: Territory<'_>,
        now: SystemTime,
    ) -> Result<Option<Delegated>, StorageError> {
        match &self.delegation {
            None => Ok(None),
            Some(Delegation::Role(role)) => role.assume(caller, territory, now).await.map(Some),
            Some(Delegation::R2(r2)) => Ok(Some(r2.sign(&self.credentials().await?, territory, now))),
        }
    }
}
