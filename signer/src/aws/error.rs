//! What the storage's errors mean for a caller.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;

use crate::error::chain;

const NO_ANSWER: &str = "no_answer";

/// What can be done about an error of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It was completed, aborted, or never opened.
    NoSuchUpload,
    /// Another request is at work: one that completes the same upload may still end well.
    Conflict,
    /// There is an object of the key, and it may not be replaced.
    Exists,
    /// Parts are missing, or are not those that were announced.
    Incomplete,
    /// The bytes do not have the announced checksum.
    Mismatch,
    /// It will not do it, however often it is asked.
    Refused,
    /// It may do it later.
    Unavailable,
    /// The signer has no credentials with which to ask it.
    NoCredentials,
}

/// A call to the storage that failed. The message is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {cause}")]
pub(crate) struct StorageError {
    pub(crate) failure: Failure,
    operation: &'static str,
    /// The storage's own name for it, or the status, or `no_answer`.
    code: String,
    cause: String,
}

impl StorageError {
    pub(super) fn new(failure: Failure, operation: &'static str, cause: &(dyn Error + 'static)) -> Self {
        Self { failure, operation, code: NO_ANSWER.to_owned(), cause: chain(cause) }
    }

    pub(super) fn odd(failure: Failure, operation: &'static str, cause: &str) -> Self {
        Self { failure, operation, code: "odd_answer".to_owned(), cause: cause.to_owned() }
    }

    pub(super) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let failure = classify(operation, status, error.code());
        let Some(status) = status else { return Self::new(failure, operation, error) };
        let Some(code) = error.code() else {
            return Self { code: status.to_string(), ..Self::new(failure, operation, error) };
        };
        let message = error.message().unwrap_or_default();
        let id = error.request_id().unwrap_or("none");
        let cause = format!("{status} {code}: {message} (request {id})");
        Self { failure, operation, code: code.to_owned(), cause }
    }

    /// As it is counted.
    pub(super) fn code(&self) -> &str {
        &self.code
    }
}

fn classify(operation: &str, status: Option<u16>, code: Option<&str>) -> Failure {
    match code {
        Some("NoSuchUpload") => Failure::NoSuchUpload,
        Some("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall") => Failure::Incomplete,
        // S3's answer where the parts do not add up to the announced size.
        Some("InvalidRequest") if operation == super::multipart::COMPLETE => Failure::Incomplete,
        Some("BadDigest" | "InvalidDigest" | "XAmzContentChecksumMismatch") => Failure::Mismatch,
        Some("InternalError" | "SlowDown" | "ServiceUnavailable" | "RequestTimeout" | "OperationAborted") => {
            Failure::Unavailable
        }
        // STS says it with status 400: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
        Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded") => Failure::Unavailable,
        Some("ConditionalRequestConflict") => Failure::Conflict,
        Some("PreconditionFailed") => Failure::Exists,
        Some(_) | None => match status {
            Some(409) if operation == super::multipart::COMPLETE => Failure::Conflict,
            Some(412) => Failure::Exists,
            Some(300..=499) => Failure::Refused,
            Some(_) | None => Failure::Unavailable,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_classified_by_its_code_and_then_by_its_status() {
        for (operation, status, code, failure) in [
            ("Head", None, None, Failure::Unavailable),
            ("Head", Some(403), None, Failure::Refused),
            ("Head", Some(301), Some("PermanentRedirect"), Failure::Refused),
            ("Head", Some(500), None, Failure::Unavailable),
            ("CreateMultipartUpload", Some(403), Some("SignatureDoesNotMatch"), Failure::Refused),
            ("CreateMultipartUpload", Some(404), Some("NoSuchBucket"), Failure::Refused),
            ("CreateMultipartUpload", Some(400), Some("InvalidRequest"), Failure::Refused),
            ("CreateMultipartUpload", Some(503), Some("SlowDown"), Failure::Unavailable),
            ("AssumeRole", Some(400), Some("Throttling"), Failure::Unavailable),
            ("AssumeRole", Some(403), Some("AccessDenied"), Failure::Refused),
            ("CompleteMultipartUpload", Some(200), Some("InternalError"), Failure::Unavailable),
            ("CompleteMultipartUpload", Some(404), Some("NoSuchUpload"), Failure::NoSuchUpload),
            ("CompleteMultipartUpload", Some(400), Some("InvalidPart"), Failure::Incomplete),
            ("CompleteMultipartUpload", Some(400), Some("InvalidRequest"), Failure::Incomplete),
            ("CompleteMultipartUpload", Some(400), Some("InvalidPartOrder"), Failure::Incomplete),
            ("CompleteMultipartUpload", Some(400), Some("EntityTooSmall"), Failure::Incomplete),
            ("CompleteMultipartUpload", Some(409), Some("ConditionalRequestConflict"), Failure::Conflict),
            ("CompleteMultipartUpload", Some(409), None, Failure::Conflict),
            ("CompleteMultipartUpload", Some(412), Some("PreconditionFailed"), Failure::Exists),
            ("CompleteMultipartUpload", Some(412), None, Failure::Exists),
            ("CompleteMultipartUpload", Some(409), Some("OperationAborted"), Failure::Unavailable),
            ("CompleteMultipartUpload", Some(400), Some("BadDigest"), Failure::Mismatch),
            ("CompleteMultipartUpload", Some(400), Some("InvalidDigest"), Failure::Mismatch),
        ] {
            assert_eq!(classify(operation, status, code), failure, "{operation}: {status:?} {code:?}");
        }
    }
}
