//! How a call fails: one error, one shape on the wire. Causes go to the log, once, and never to the caller.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use nearput_api::{ErrorCode, ErrorDetail, ErrorReply, Outcome};

use crate::auth::{InvalidBody, Unauthenticated};
use crate::aws::{Failure, StorageError};
use crate::checksum::InvalidChecksum;
use crate::downloads::NotSigned;
use crate::limits::Exceeded;
use crate::metrics::Metrics;
use crate::plan::{InvalidPartNumber, InvalidPlan};
use crate::policy::Denied;
use crate::presign::PresignError;
use crate::sealer::TicketError;
use crate::webhooks::WebhookError;

/// Why a call, or one file of a call, fails. The message is what the caller sees.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    InvalidBody(#[from] InvalidBody),
    #[error("the body is larger than {max_bytes} bytes; spread it over several calls")]
    BodyTooLarge { max_bytes: usize },
    #[error("there is no such call; see the table of calls in the documentation")]
    NoSuchCall,
    #[error("this call does not take that method; use POST, or GET where nothing is asked")]
    WrongMethod,
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error("{given} {items} are more than one call may name; name at most {max}")]
    TooManyItems { items: &'static str, given: usize, max: u32 },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("there is no site `{0}` for this caller; ask for the list of sites")]
    UnknownSite(String),
    #[error("there are no credentials for the site `{site}`; have each part signed")]
    NoCredentials { site: String },
    #[error("the part {number} is named twice; name each part once")]
    PartTwice { number: u32 },
    #[error(transparent)]
    InvalidPlan(#[from] InvalidPlan),
    #[error(transparent)]
    InvalidPartNumber(#[from] InvalidPartNumber),
    #[error(transparent)]
    InvalidChecksum(#[from] InvalidChecksum),
    #[error(transparent)]
    Ticket(#[from] TicketError),
    #[error("there is no access point at the site `{site}` that may choose the bucket; leave `by_access_point` out")]
    NoAccessPoint { site: String },
    #[error("the storage knows no upload that was created for this ticket; open it anew")]
    NotCreated,
    #[error("the upload of this ticket is created already; go on with it, or open it anew")]
    CreatedAlready,
    #[error("the upload id is not one that storage gives out; repeat it as it was answered")]
    InvalidUploadId,
    #[error("{0}")]
    Incomplete(&'static str),
    #[error("{0}; upload the file again")]
    Mismatch(&'static str),
    #[error(
        "the storage keeps no checksum of it, so the file cannot be confirmed; the signer's operator must set `form = false` \
         for the site, or have {{uuid}} in its keys"
    )]
    NoChecksum,
    #[error("there is another object of this key already, and it may not be replaced; give the file another name")]
    ObjectExists,
    #[error("{}", storage_message(.0.failure))]
    Storage(#[source] StorageError),
    #[error("the file is stored, but one who must hear of it cannot be reached; repeat the call in a while")]
    Webhook(#[from] WebhookError),
    #[error("the signer did not finish in time; repeat the call")]
    TimedOut,
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error("the signer has as many calls in work as it may; repeat the call in a moment")]
    Busy,
    #[error("the signer has failed; repeat the call, and tell its operator if it fails again")]
    Presign(#[from] PresignError),
    #[error("the signer has failed; repeat the call, and tell its operator if it fails again")]
    Download(#[from] NotSigned),
    #[error("the signer has failed; repeat the call, and tell its operator if it fails again")]
    Panicked,
}

impl Error {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidBody(_) => ErrorCode::InvalidRequest,
            Self::BodyTooLarge { .. } => ErrorCode::RequestTooLarge,
            Self::NoSuchCall => ErrorCode::NotFound,
            Self::WrongMethod => ErrorCode::MethodNotAllowed,
            Self::Unauthenticated(Unauthenticated::IssuerUnavailable) => ErrorCode::IssuerUnavailable,
            // The caller is known, and a new token would say the same.
            Self::Unauthenticated(Unauthenticated::Claim(_)) => ErrorCode::Forbidden,
            Self::Unauthenticated(
                Unauthenticated::NoToken
                | Unauthenticated::TwoTokens
                | Unauthenticated::InvalidToken
                | Unauthenticated::Refused(_),
            ) => ErrorCode::Unauthenticated,
            Self::TooManyItems { .. } => ErrorCode::TooManyItems,
            Self::Denied(Denied::TooLarge { .. }) => ErrorCode::FileTooLarge,
            Self::Denied(Denied::Type { .. }) => ErrorCode::TypeNotAllowed,
            Self::Denied(
                Denied::Nothing
                | Denied::Nowhere
                | Denied::Access { .. }
                | Denied::MetadataName { .. }
                | Denied::NoTenant,
            )
            | Self::NoCredentials { .. } => ErrorCode::Forbidden,
            Self::Denied(Denied::Site { .. }) => ErrorCode::UnknownSite,
            Self::Denied(Denied::TooManyFiles { .. }) => ErrorCode::TooManyItems,
            Self::Denied(Denied::Name(_) | Denied::Key(_)) => ErrorCode::InvalidName,
            Self::Denied(Denied::Metadata(_)) => ErrorCode::InvalidRequest,
            Self::UnknownSite(_) => ErrorCode::UnknownSite,
            Self::InvalidPlan(_) | Self::NoAccessPoint { .. } => ErrorCode::InvalidPlan,
            Self::NotCreated => ErrorCode::UploadNotFound,
            Self::CreatedAlready => ErrorCode::InvalidTicket,
            Self::InvalidUploadId => ErrorCode::InvalidRequest,
            Self::InvalidPartNumber(_) | Self::PartTwice { .. } => ErrorCode::InvalidPartNumber,
            Self::InvalidChecksum(_) => ErrorCode::InvalidChecksum,
            Self::Ticket(TicketError::Invalid | TicketError::Elsewhere) => ErrorCode::InvalidTicket,
            Self::Ticket(TicketError::Expired) => ErrorCode::TicketExpired,
            Self::Incomplete(_) => ErrorCode::UploadIncomplete,
            Self::Mismatch(_) => ErrorCode::ChecksumMismatch,
            Self::ObjectExists => ErrorCode::ObjectExists,
            Self::Storage(error) => match error.failure {
                Failure::NoSuchUpload => ErrorCode::UploadNotFound,
                Failure::Incomplete => ErrorCode::UploadIncomplete,
                Failure::Exists => ErrorCode::ObjectExists,
                Failure::Mismatch => ErrorCode::ChecksumMismatch,
                Failure::Refused => ErrorCode::StorageRefused,
                Failure::Conflict | Failure::Unavailable | Failure::NoCredentials => ErrorCode::StorageUnavailable,
            },
            Self::NoChecksum => ErrorCode::StorageRefused,
            Self::Webhook(_) => ErrorCode::WebhookUnavailable,
            Self::TimedOut => ErrorCode::StorageUnavailable,
            Self::Exceeded(Exceeded::Rate { .. }) => ErrorCode::RateLimited,
            Self::Exceeded(Exceeded::Bytes { .. } | Exceeded::Uploads { .. } | Exceeded::Open { .. }) => {
                ErrorCode::QuotaExceeded
            }
            Self::Busy | Self::Exceeded(Exceeded::Uncounted) => ErrorCode::Busy,
            Self::Presign(_) | Self::Download(_) | Self::Panicked => ErrorCode::Internal,
        }
    }

    /// As the caller sees it. The cause is logged here, and nowhere else.
    pub(crate) fn reply(self) -> ErrorReply {
        let code = self.code();
        if let Self::Storage(error) = &self {
            tracing::warn!(?code, %error, "the storage failed");
        } else if let Self::NoChecksum = &self {
            tracing::error!(?code, "the site's profile must say `form = false`, or its keys must have {{uuid}}");
        } else if let Self::Presign(error) = &self {
            tracing::error!(?code, %error, "a request could not be signed");
        } else if let Self::Download(error) = &self {
            tracing::error!(?code, %error, "an address could not be signed");
        } else {
            // Not the message: it may repeat what was sent.
            tracing::info!(?code, "refused");
        }
        let retry_after = self.retry_after();
        ErrorReply { error: ErrorDetail { code, message: sentence(&self.to_string()), retry_after } }
    }

    /// After how many seconds the call may succeed, where that is known.
    fn retry_after(&self) -> Option<u64> {
        if let Self::Exceeded(exceeded) = self {
            Some(exceeded.retry_after())
        } else if let Self::Busy = self {
            Some(1)
        } else if let Self::Webhook(_) = self {
            Some(10)
        } else if let Self::Unauthenticated(Unauthenticated::IssuerUnavailable) = self {
            Some(5)
        } else {
            None
        }
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status(self.code());
        let retry_after = self.retry_after();
        let code = self.code();
        let mut response = (status, Json(self.reply())).into_response();
        response.extensions_mut().insert(Refused(code));
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// With a reply that is an error, for the log and the metrics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(pub(crate) ErrorCode);

/// What came of one file of a call that named several.
pub(crate) fn outcome<T>(result: Result<T, Error>, metrics: &Metrics) -> Outcome<T> {
    match result {
        Ok(done) => Outcome::Done(done),
        Err(error) => {
            metrics.refused(error.code());
            Outcome::Failed(error.reply())
        }
    }
}

/// An error and what led to it, for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What the errors here say, as a page shows it to a person.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn storage_message(failure: Failure) -> &'static str {
    match failure {
        Failure::Conflict => "another request completes the upload or changes the object; repeat the call in a while",
        Failure::Exists => "there is an object of this key already; give the file another name",
        Failure::NoSuchUpload => "the storage knows no such upload; open it anew",
        Failure::Incomplete => {
            "the storage lacks parts, or holds other ones; list the parts and send those that are missing"
        }
        Failure::Mismatch => "the storage holds other bytes than were announced; upload the file again",
        Failure::Refused => "the storage refuses the signer; its operator must look at the log",
        Failure::NoCredentials => {
            "the signer has no credentials for the storage at present; repeat the call in a while, and tell its operator if it fails again"
        }
        Failure::Unavailable => "the storage cannot be reached or has failed; repeat the call in a while",
    }
}

fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest
        | ErrorCode::TooManyItems
        | ErrorCode::InvalidName
        | ErrorCode::InvalidPlan
        | ErrorCode::InvalidPartNumber
        | ErrorCode::InvalidChecksum => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden | ErrorCode::FileTooLarge | ErrorCode::TypeNotAllowed | ErrorCode::InvalidTicket => {
            StatusCode::FORBIDDEN
        }
        ErrorCode::NotFound | ErrorCode::UnknownSite | ErrorCode::UploadNotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::TicketExpired => StatusCode::GONE,
        ErrorCode::UploadIncomplete | ErrorCode::ObjectExists => StatusCode::CONFLICT,
        ErrorCode::ChecksumMismatch => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::StorageRefused => StatusCode::BAD_GATEWAY,
        ErrorCode::RateLimited | ErrorCode::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::StorageUnavailable
        | ErrorCode::WebhookUnavailable
        | ErrorCode::IssuerUnavailable
        | ErrorCode::Busy => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
