//! The body of a call, and who sends it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use super::{Caller, Unauthenticated, body};
use crate::app::App;
use crate::error::Error;
use crate::limits::{Weighed, Who};
use crate::server::ClientAddress;

/// The largest body that the signer reads.
pub(crate) const MAX_BODY_BYTES: usize = 4 << 20;

/// A call, and whose it is.
///
/// The body may be declared as any type: sent as `text/plain` with the token in its top-level key `token`, it is a
/// simple request, for which browsers ask no preflight. Cookies are never looked at, so this opens no way for other
/// sites to act for a user.
pub(crate) struct Call<T> {
    pub(crate) caller: Caller,
    /// Under which name it is counted.
    pub(crate) who: Who,
    pub(crate) body: T,
    /// Among the calls in work, for as long as this one is.
    _place: OwnedSemaphorePermit,
}

/// The body of a call that asks for nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoBody {}

/// A body that is not what the call takes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidBody {
    #[error("the body is not a JSON object: {0}")]
    NotJson(serde_json::Error),
    #[error("the body is not what this call takes: {0}")]
    NotTheCall(serde_path_to_error::Error<serde_json::Error>),
    #[error("the `token` in the body is not text")]
    TokenNotText,
    #[error("the body broke off, or took longer than {} s; repeat the call", timeout.as_secs())]
    BrokenOff { timeout: Duration },
}

#[cfg(test)]
impl<T> Call<T> {
    /// A call that has come in whole.
    pub(crate) fn of(app: &App, caller: &Caller, body: T) -> Self {
        let place = app.places.clone().try_acquire_owned().expect("there is a place");
        Self { caller: caller.clone(), who: Who::of(caller, None), body, _place: place }
    }
}

impl<T: DeserializeOwned + Weighed> FromRequest<Arc<App>> for Call<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Error> {
        let address = request.extensions().get::<ClientAddress>().map(|client| client.0);
        if let Some(address) = address {
            app.limiter.admit_address(address).await?;
        }
        let bearer = bearer(request.headers())?;
        let bytes = read(request, app).await?;
        let may_have_token = bearer.is_none();
        let token = match bearer {
            Some(token) => Some(token),
            // The token may be in the body, so it is the body that must be put right first.
            None => body::token(&bytes)?,
        };
        let caller = app.authenticator.caller(token.as_deref(), SystemTime::now()).await?;
        let who = Who::of(&caller, address);
        let body: Result<T, _> = body::read(&bytes, may_have_token);
        app.limiter.admit_caller(&who, body.as_ref().map_or(1, Weighed::weight)).await?;
        // Only now: who sends a body slowly, or has no token, keeps nobody out.
        let place = app.places.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        Ok(Self { caller, who, body: body?, _place: place })
    }
}

/// The token in the header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<String>, Unauthenticated> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Unauthenticated::TwoTokens);
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Unauthenticated::InvalidToken)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.to_owned())) } else { Err(Unauthenticated::InvalidToken) }
}

async fn read(request: Request, app: &Arc<App>) -> Result<Bytes, Error> {
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(Error::BodyTooLarge { max_bytes: MAX_BODY_BYTES });
    }
    let timeout = app.body_timeout;
    match tokio::time::timeout(timeout, Bytes::from_request(request, app)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(rejection)) if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Error::BodyTooLarge { max_bytes: MAX_BODY_BYTES })
        }
        Ok(Err(_)) | Err(_) => Err(InvalidBody::BrokenOff { timeout }.into()),
    }
}

/// All that is done with the bytes of a body.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidBody> {
    body::token(bytes)?;
    body::read(bytes, true)
}
