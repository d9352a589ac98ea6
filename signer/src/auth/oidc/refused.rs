//! Why a token is not accepted.

/// A token that proves nothing. None of the messages repeats what the token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it has more than 16 KiB")]
    TooLong,
    #[error("it is no signed JWT of three parts")]
    Malformed,
    #[error("it is signed by an algorithm that is not used here")]
    Algorithm,
    #[error("it is meant for something else than a call")]
    Kind,
    #[error("its issuer is not one of this signer's")]
    Issuer,
    #[error("its issuer has no such key for its algorithm")]
    Key,
    #[error("its signature is not its issuer's")]
    Signature,
    #[error("it has ended")]
    Ended,
    #[error("it is not valid yet; is the clock right?")]
    NotYet,
    #[error("it is meant for somebody else than this signer")]
    Audience,
    #[error("its claim `{0}` is missing, or is not what it must be")]
    Claim(&'static str),
}
