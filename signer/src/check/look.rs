//! Looking at something that the credentials, or the service, may not show.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::finding::Finding;
use crate::error::chain;

/// What there was to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look<T> {
    Seen(T),
    /// The credentials have no right to it.
    Refused {
        right: &'static str,
    },
    /// The service has no such thing.
    Unsupported,
    Failed(String),
}

/// What is needed to see it, and who is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Right {
    pub(super) name: &'static str,
    pub(super) is_at_aws: bool,
}

impl<T> Look<T> {
    /// Reads an answer of the storage. `absent` is what there is where the error has one of these codes.
    pub(super) fn of<E>(
        right: Right,
        answer: Result<T, SdkError<E, HttpResponse>>,
        absent: &[&str],
        nothing: impl FnOnce() -> T,
    ) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let error = match answer {
            Ok(seen) => return Self::Seen(seen),
            Err(error) => error,
        };
        let status = error.raw_response().map(|response| response.status().as_u16());
        match (error.code(), status) {
            (Some(code), _) if absent.contains(&code) => Self::Seen(nothing()),
            // AWS has all of them, and answers so to an identity of another account than the bucket's:
            // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
            (Some("NotImplemented" | "MethodNotAllowed"), _) | (_, Some(405 | 501)) if !right.is_at_aws => {
                Self::Unsupported
            }
            (Some("AccessDenied" | "AllAccessDisabled"), _) | (_, Some(401 | 403)) => {
                Self::Refused { right: right.name }
            }
            (Some(code), _) => Self::Failed(format!("{code}: {}", error.message().unwrap_or_default())),
            (None, _) => Self::Failed(chain(&error)),
        }
    }

    pub(super) fn map<U>(self, map: impl FnOnce(T) -> U) -> Look<U> {
        self.seen().map_or_else(|unseen| unseen, |seen| Look::Seen(map(seen)))
    }

    /// What was seen; else the same of something else that hangs on it.
    pub(super) fn seen<U>(self) -> Result<T, Look<U>> {
        match self {
            Self::Seen(seen) => Ok(seen),
            Self::Refused { right } => Err(Look::Refused { right }),
            Self::Unsupported => Err(Look::Unsupported),
            Self::Failed(problem) => Err(Look::Failed(problem)),
        }
    }

    /// What is found of it: `judge` says so where it was seen.
    pub(super) fn judge(&self, id: &'static str, judge: impl FnOnce(&T) -> Vec<Finding>) -> Vec<Finding> {
        match self {
            Self::Seen(seen) => judge(seen),
            Self::Refused { right } => vec![Finding::unknown(id, format!("not looked at: that needs {right}"))],
            Self::Unsupported => vec![Finding::ok(id, "the service has no such setting")],
            Self::Failed(problem) => vec![Finding::unknown(id, format!("could not be looked at: {problem}"))],
        }
    }
}
