//! Why an upload failed, for the page.

use nearput_core::Millis;
use nearput_core::plan::TooLarge;
use nearput_core::retry::Failure;

use crate::wire::Json;

/// Whoever is asked to wait longer is told why, instead: the day's quota, for instance.
const LONGEST_WAIT: Millis = 60_000;

/// An upload is opened anew, or resumed no more, for these reasons of the signer's.
const LOST: [&str; 3] = ["upload_not_found", "ticket_expired", "invalid_ticket"];

const UNREACHABLE: &str = "signer_unreachable";

/// What is before the signer does not reach it.
const BAD_GATEWAY: u16 = 502;

/// A stable code for programs, a message for people.
#[derive(Clone)]
pub(crate) struct Error {
    /// As the page hears of it, with `retryable`: whether the same upload may succeed later, or after a word with somebody.
    pub(crate) json: Json,
    pub(crate) cure: Cure,
    /// How long the signer asks to wait before another try.
    pub(crate) wait: Millis,
    /// Something before the signer has answered in its stead, and may have cut it short.
    pub(crate) is_of_a_gateway: bool,
}

/// What the engine itself can do about an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cure {
    Nothing,
    /// Try again after a while.
    Time,
    /// Try again with a new token.
    Token,
    /// Open the upload anew.
    Reopen,
    /// Send again what the storage lacks or doubts.
    SendAgain,
}

impl Error {
    fn new(code: &str, message: &str, retryable: bool) -> Self {
        let json = Json::object().with("code", code).with("message", message).with("retryable", retryable);
        Self { json, cure: Cure::Nothing, wait: 0, is_of_a_gateway: false }
    }

    pub(crate) fn no_token() -> Self {
        Self {
            cure: Cure::Token,
            ..Self::new("unauthenticated", "The page could not get a token. Sign in again.", true)
        }
    }

    pub(crate) fn signer_unreachable(address: &str) -> Self {
        let message = [
            "The signer at ",
            address,
            " does not answer. Check the connection, that the signer runs, and that it allows this page's origin.",
        ];
        Self { cure: Cure::Time, ..Self::new(UNREACHABLE, &join(&message), true) }
    }

    pub(crate) fn not_a_signer(address: &str, status: u16) -> Self {
        let message = [
            "What answers at ",
            address,
            " (status ",
            &u32::from(status).to_string(),
            ") is not a Nearput signer of this version. Check the address.",
        ];
        // A proxy in front of a signer that restarts answers for it with 502 and the like.
        let passing = status >= 500;
        let cure = if passing { Cure::Time } else { Cure::Nothing };
        let is_of_a_gateway = passing && status != BAD_GATEWAY;
        Self { cure, is_of_a_gateway, ..Self::new(UNREACHABLE, &join(&message), passing) }
    }

    /// The error of a reply, or of one of the uploads that it is about, if there is one.
    pub(crate) fn read(of: &Json) -> Option<Self> {
        let error = of.get("error");
        let code = error.string("code")?;
        let wait = (error.number("retry_after").unwrap_or_default() * 1_000.0) as Millis;
        let cure = match code.as_str() {
            "storage_unavailable" | "internal" => Cure::Time,
            "unauthenticated" => Cure::Token,
            "upload_incomplete" | "checksum_mismatch" => Cure::SendAgain,
            code if LOST.contains(&code) => Cure::Reopen,
            _ if (1..=LONGEST_WAIT).contains(&wait) => Cure::Time,
            _ => Cure::Nothing,
        };
        // What the engine cannot mend may go better another time only if the signer says so, or its operator mends the storage.
        let retryable = cure != Cure::Nothing || wait > 0 || code == "storage_refused";
        Some(Self { json: error.with("retryable", retryable), cure, wait, is_of_a_gateway: false })
    }

    /// The site no longer works, and another does.
    pub(crate) fn site_failed() -> Self {
        Self::new("storage_unreachable", "Its site does not answer; another one takes it.", true)
    }

    /// The site has become so slow that it pays to go elsewhere.
    pub(crate) fn site_slow() -> Self {
        Self::new("site_slow", "Its site is slow; another one takes it.", true)
    }

    /// The file may go to no site.
    pub(crate) fn no_site() -> Self {
        Self::new("unknown_site", "There is no site for this file. Ask whoever runs the signer.", false)
    }

    /// The page cannot sign by itself.
    pub(crate) fn cannot_sign() -> Self {
        Self::new("engine_failed", "The module that signs parts in the page could not be loaded. Try again.", true)
    }

    /// The storage, or the signer, does not know the upload.
    pub(crate) fn lost() -> Self {
        let message = "The storage no longer knows this upload. Upload the file again.";
        Self { cure: Cure::Reopen, ..Self::new("upload_not_found", message, true) }
    }

    /// The file is not the one whose upload was interrupted.
    pub(crate) fn file_changed(name: &Json) -> Self {
        let name = name.0.as_string().unwrap_or_default();
        let message = ["\"", &name, "\" is not the file whose upload was interrupted: it is uploaded from the start."];
        Self { cure: Cure::Reopen, ..Self::new("file_changed", &join(&message), true) }
    }

    pub(crate) fn code(&self) -> String {
        self.json.string("code").unwrap_or_default()
    }

    /// Whether no signer has answered: another one may.
    pub(crate) fn is_of_no_signer(&self) -> bool {
        self.cure == Cure::Time && self.code() == UNREACHABLE
    }

    /// Whether the upload may go on another day as it stands.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.cure, Cure::Time | Cure::Token)
    }

    pub(crate) fn file_unreadable(name: &Json) -> Self {
        let name = name.0.as_string().unwrap_or_default();
        let message = ["\"", &name, "\" can no longer be read: it was changed, moved or removed. Choose it again."];
        Self::new("file_unreadable", &join(&message), false)
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.json.get("message") == other.json.get("message")
    }
}

impl From<TooLarge> for Error {
    fn from(TooLarge { limit }: TooLarge) -> Self {
        let gib = ((limit >> 30) as u32).to_string();
        let message = ["The storage takes files of up to ", &gib, " GiB. Choose a smaller file."];
        Self::new("file_too_large", &join(&message), false)
    }
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Network | Failure::Stalled => {
                let message = "The storage does not answer. Check the connection; if it is good, the storage is down or does not allow this page's origin (CORS).";
                Self { cure: Cure::Time, ..Self::new("storage_unreachable", message, true) }
            }
            Failure::Reply { code, .. } if code == "NoSuchUpload" => Self::lost(),
            Failure::Reply { status: 408 | 429 | 500.., code, .. } => {
                let message = ["The storage is busy or has failed (", code, "). Try again later."];
                Self { cure: Cure::Time, ..Self::new("storage_unavailable", &join(&message), true) }
            }
            Failure::Reply { status, code, .. } => {
                let status = u32::from(*status).to_string();
                let message = ["The storage refused a part (", &status, " ", code, "). Ask whoever runs the signer."];
                Self::new("storage_refused", &join(&message), true)
            }
        }
    }
}

// The standard library's `concat` is a kilobyte.
fn join(pieces: &[&str]) -> String {
    let mut text = String::new();
    pieces.iter().for_each(|piece| text.push_str(piece));
    text
}
