//! How a call, or one file of a call, fails.

use serde::{Deserialize, Serialize};

/// What came of one file of a call that named several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Outcome<T> {
    Failed(ErrorReply),
    Done(T),
}

/// `{"error": {"code": "…", "message": "…"}}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorReply {
    pub error: ErrorDetail,
}

/// Why it failed: a code for programs, a message for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    pub code: ErrorCode,
    /// What happened, to which thing, and what to do next. Never a signed URL, a token or a ticket.
    pub message: String,
    /// After how many seconds the call may succeed, where that is known. The header `Retry-After` says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// The stable codes of the signer's errors, with the HTTP status that goes with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the body is not the JSON that the call takes.
    InvalidRequest,
    /// 401: no token, or not a valid one.
    Unauthenticated,
    /// 503: who calls cannot be found out, as the token's issuer cannot be reached.
    IssuerUnavailable,
    /// 403: the caller may not do this.
    Forbidden,
    /// 404: there is no such call.
    NotFound,
    /// 405: the call exists, but not with this method.
    MethodNotAllowed,
    /// 413: the body is larger than the signer reads.
    RequestTooLarge,
    /// 400: more files, uploads or parts than one call may name.
    TooManyItems,
    /// 403: the file is larger than the caller may upload.
    FileTooLarge,
    /// 403: files of this type may not be uploaded.
    TypeNotAllowed,
    /// 400: the name cannot be made into a key.
    InvalidName,
    /// 404: there is no such site for this caller.
    UnknownSite,
    /// 400: the site cannot take a file cut in this way.
    InvalidPlan,
    /// 400: the upload has no part of this number.
    InvalidPartNumber,
    /// 400: a checksum is missing, or is not one of the site's algorithm.
    InvalidChecksum,
    /// 403: not a ticket of this signer and this caller.
    InvalidTicket,
    /// 410: the ticket has ended.
    TicketExpired,
    /// 404: the storage knows no such upload: it was aborted, or never opened.
    UploadNotFound,
    /// 409: parts are missing, or are not those that were announced.
    UploadIncomplete,
    /// 409: there is another object of this key, and it may not be replaced.
    ObjectExists,
    /// 422: what is stored is not what was sent.
    ChecksumMismatch,
    /// 502: the storage refuses the signer.
    StorageRefused,
    /// 503: the storage cannot be reached or has failed.
    StorageUnavailable,
    /// 429: too many calls in too short a time; `retry_after` says when to repeat this one.
    RateLimited,
    /// 429: the caller has used up what may be uploaded in a day, or opened at a time. It is no use to repeat the call soon.
    QuotaExceeded,
    /// 503: the signer has as many calls in work as it may.
    Busy,
    /// 503: the upload is stored, and will be complete once all have heard of it who must.
    WebhookUnavailable,
    /// 500: a fault of the signer.
    Internal,
}
