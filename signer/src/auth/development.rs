//! One token for everybody who develops: whoever shows it is `developer`.

use subtle::ConstantTimeEq;

use super::{Caller, Subject, Unauthenticated};

/// The token that is expected.
pub(crate) struct DevelopmentToken(String);

impl DevelopmentToken {
    pub(crate) fn new(token: String) -> Self {
        Self(token)
    }

    pub(super) fn caller(&self, token: &str) -> Result<Caller, Unauthenticated> {
        // In constant time: how long a comparison takes must not tell how much of a guess is right.
        if self.0.as_bytes().ct_eq(token.as_bytes()).into() {
            Ok(Caller::known(Subject::parse("developer").expect("it is made of letters")))
        } else {
            Err(Unauthenticated::InvalidToken)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_accepted() {
        let expected = DevelopmentToken::new("open sesame".to_owned());
        let caller = expected.caller("open sesame").expect("the token");
        assert_eq!(caller.subject().map(Subject::as_str), Some("developer"));
        for wrong in ["", "open sesam", "open sesame ", "open Sesame"] {
            assert_eq!(expected.caller(wrong), Err(Unauthenticated::InvalidToken));
        }
    }
}
