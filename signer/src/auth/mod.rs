//! Who is calling.

mod body;
mod call;
mod development;
mod oidc;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

#[cfg(any(test, fuzzing))]
pub(crate) use call::read_body;
pub(crate) use call::{Call, InvalidBody, MAX_BODY_BYTES, NoBody, bearer};
pub(crate) use development::DevelopmentToken;
pub(crate) use oidc::{Issuers, Refused, UnusableClaim, caller_of};

/// One who calls the signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever shows no token.
    Anonymous,
    Known(Identity),
}

/// Who a caller has proven to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) subject: Subject,
    pub(crate) groups: Vec<String>,
    /// The customer for whom the caller acts, where there are several.
    pub(crate) tenant: Option<Subject>,
    /// The values of those claims for which the configuration asks, by name or JSON pointer.
    pub(crate) claims: BTreeMap<String, Vec<String>>,
}

/// A caller's name. It becomes a segment of keys, so it holds nothing but ASCII letters, digits and `-_.@:|+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject(String);

/// Finds out who is calling.
pub(crate) struct Authenticator {
    pub(crate) proof: Proof,
    /// Whether calls without a token are answered.
    pub(crate) allow_anonymous: bool,
}

/// The ways of proving who is calling.
pub(crate) enum Proof {
    DevelopmentToken(DevelopmentToken),
    Issuers(Issuers),
}

/// A caller that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthenticated {
    #[error("there is no token; send one as `Authorization: Bearer`, or as `token` in the body")]
    NoToken,
    #[error("there is more than one `Authorization` header; send one")]
    TwoTokens,
    #[error("the token is not valid; get a new one")]
    InvalidToken,
    #[error("the token is not accepted: {0}; get a new one")]
    Refused(#[from] Refused),
    #[error(transparent)]
    Claim(#[from] UnusableClaim),
    #[error("the keys of the token's issuer cannot be had; repeat the call in a while")]
    IssuerUnavailable,
}

impl Authenticator {
    pub(crate) fn issuers(&self) -> Option<&Issuers> {
        match &self.proof {
            Proof::Issuers(issuers) => Some(issuers),
            Proof::DevelopmentToken(_) => None,
        }
    }

    /// Who shows this token, or none.
    pub(crate) async fn caller(&self, token: Option<&str>, now: SystemTime) -> Result<Caller, Unauthenticated> {
        match (token, &self.proof) {
            (None, _) if self.allow_anonymous => Ok(Caller::Anonymous),
            (None, _) => Err(Unauthenticated::NoToken),
            (Some(token), Proof::DevelopmentToken(expected)) => expected.caller(token),
            (Some(token), Proof::Issuers(issuers)) => issuers.caller(token, now).await,
        }
    }
}

impl Caller {
    /// A caller of whom nothing else is known.
    pub(crate) fn known(subject: Subject) -> Self {
        Self::Known(Identity { subject, groups: Vec::new(), tenant: None, claims: BTreeMap::new() })
    }

    pub(crate) fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Anonymous => None,
            Self::Known(identity) => Some(&identity.subject),
        }
    }
}

impl Subject {
    /// None where the text holds anything that is unsafe in a key, or is longer than 128 bytes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.@:|+".contains(c);
        let valid = (1..=128).contains(&text.len()) && !text.starts_with('.') && text.chars().all(is_safe);
        valid.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_safe_as_a_segment_of_a_key() {
        for good in ["developer", "us-east-1:0f1e", "auth0|5f", "me+tag@example.com"] {
            assert!(Subject::parse(good).is_some(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a\\b", "a%2Fb", "a b", "ü", "a\0", &"x".repeat(129)] {
            assert!(Subject::parse(bad).is_none(), "{bad}");
        }
    }
}
