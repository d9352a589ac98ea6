//! Why an upload failed, for the page.

use nearput_core::plan::TooLarge;
use nearput_core::retry::Failure;

use crate::wire::Json;

/// A stable code for programs, a message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) code: String,
    pub(crate) message: String,
    /// Whether the same upload may succeed later, or after a word with somebody.
    pub(crate) retryable: bool,
}

impl Error {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), retryable: false }
    }

    pub(crate) fn retryable(code: &str, message: impl Into<String>) -> Self {
        Self { retryable: true, ..Self::new(code, message) }
    }

    pub(crate) fn signer_unreachable(address: &str) -> Self {
        let message = join(&[
            "The signer at ",
            address,
            " does not answer. Check the connection, that the signer runs, and that it allows this page's origin.",
        ]);
        Self::retryable("signer_unreachable", message)
    }

    pub(crate) fn not_a_signer(address: &str, status: u16) -> Self {
        let message = join(&[
            "What answers at ",
            address,
            " (status ",
            &status.to_string(),
            ") is not a Nearput signer of this version. Check the address.",
        ]);
        // A proxy in front of a signer that restarts answers for it with 502 and the like.
        Self { retryable: status >= 500, ..Self::new("signer_unreachable", message) }
    }

    /// The error of a reply, or of the one upload that it is about, if there is one.
    pub(crate) fn in_reply(reply: &Json) -> Option<Self> {
        let of_upload = || reply.items("uploads").pop()?.get("error");
        let error = reply.get("error").or_else(of_upload)?;
        let code = error.string("code")?;
        let retryable = !matches!(
            code.as_str(),
            "invalid_request"
                | "forbidden"
                | "not_found"
                | "method_not_allowed"
                | "request_too_large"
                | "too_many_items"
                | "file_too_large"
                | "type_not_allowed"
                | "invalid_name"
                | "unknown_site"
                | "invalid_plan"
                | "invalid_part_number"
                | "invalid_checksum"
        );
        Some(Self { message: error.string("message")?, code, retryable })
    }

    /// Whether the engine itself should try again after a while.
    pub(crate) fn is_passing(&self) -> bool {
        self.retryable && matches!(self.code.as_str(), "signer_unreachable" | "storage_unavailable" | "internal")
    }

    pub(crate) fn file_unreadable(name: &str) -> Self {
        let message =
            join(&["\"", name, "\" can no longer be read: it was changed, moved or removed. Choose it again."]);
        Self::new("file_unreadable", message)
    }
}

impl From<TooLarge> for Error {
    fn from(TooLarge { limit }: TooLarge) -> Self {
        let gib = (limit >> 30).to_string();
        Self::new("file_too_large", join(&["The storage takes files of up to ", &gib, " GiB. Choose a smaller file."]))
    }
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Network => Self::retryable(
                "storage_unreachable",
                "The storage does not answer. Check the connection; if it is good, the storage is down or does not allow this page's origin (CORS).",
            ),
            Failure::Reply { code, .. } if code == "NoSuchUpload" => {
                Self::retryable("upload_not_found", "The storage no longer knows this upload. Upload the file again.")
            }
            Failure::Reply { status: 408 | 429 | 500.., code } => {
                let message = join(&["The storage is busy or has failed (", code, "). Try again later."]);
                Self::retryable("storage_unavailable", message)
            }
            Failure::Reply { status, code } => {
                let status = status.to_string();
                let message =
                    join(&["The storage refused a part (", &status, " ", code, "). Ask whoever runs the signer."]);
                Self::retryable("storage_refused", message)
            }
        }
    }
}

fn join(pieces: &[&str]) -> String {
    let mut text = String::new();
    pieces.iter().for_each(|piece| text.push_str(piece));
    text
}
