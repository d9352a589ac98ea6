//! A token as it came, taken apart: a JWS of three parts, <https://www.rfc-editor.org/rfc/rfc7515#section-7.1>.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Refused;

/// More than any provider's tokens have: a header of HTTP rarely goes through with more than 8 KiB.
pub(super) const MAX_TOKEN_BYTES: usize = 16 << 10;

/// A token of which nothing is known to be true yet.
///
/// Of the header only `alg`, `kid`, `typ` and `crit` are read. A key, or where to find one, that the token brings along
/// (`jwk`, `jku`, `x5c`, `x5u`) is not looked at.
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) claims: Value,
    /// What is signed.
    message: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refused> {
        let (message, signature) = text.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Refused::Malformed)?;
        if claims.contains('.') {
            return Err(Refused::Malformed);
        }
        let header = object(header)?;
        // What must be understood is not: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11
        if header.contains_key("crit") || !is_of_a_caller(header.get("typ")) {
            return Err(Refused::Kind);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(|name| name.parse().ok());
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(Refused::Malformed),
        };
        Ok(Self {
            algorithm: algorithm.ok_or(Refused::Algorithm)?,
            key_id,
            claims: Value::Object(object(claims)?),
            message,
            signature,
        })
    }

    pub(super) fn is_signed_by(&self, key: &jsonwebtoken::DecodingKey) -> bool {
        jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), key, self.algorithm).unwrap_or(false)
    }
}

/// An issuer signs other things with the same keys, such as the news that somebody has signed out. They say so:
/// <https://www.rfc-editor.org/rfc/rfc8725#section-3.11>.
fn is_of_a_caller(kind: Option<&Value>) -> bool {
    match kind {
        None => true,
        Some(kind) => kind.as_str().is_some_and(|kind| {
            ["jwt", "at+jwt", "application/at+jwt"].iter().any(|fine| kind.eq_ignore_ascii_case(fine))
        }),
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Refused> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed)?;
    serde_json::from_slice::<UniqueNames>(&json).map(|object| object.0).map_err(|_| Refused::Malformed)
}

/// An object that has no name twice, so that nobody reads another claim than the next one does.
struct UniqueNames(Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self(Map::new()))
    }
}

impl<'de> Visitor<'de> for UniqueNames {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Self, A::Error> {
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if self.0.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is there twice"));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A token that nobody has signed.
    pub(in crate::auth::oidc) fn token(header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.AAAA")
    }

    fn parse(header: &str, claims: &str) -> Result<(Algorithm, Option<String>), Refused> {
        Token::parse(&token(header, claims)).map(|token| (token.algorithm, token.key_id))
    }

    #[test]
    fn a_header_says_algorithm_and_key_and_everything_else_in_it_is_ignored() {
        let header =
            r#"{"alg":"ES256","kid":"k","typ":"at+JWT","jku":7,"jwk":{"kty":"oct"},"x5u":"http://a","x5c":[]}"#;
        assert_eq!(parse(header, "{}"), Ok((Algorithm::ES256, Some("k".to_owned()))));
        assert_eq!(parse(r#"{"alg":"RS256"}"#, "{}"), Ok((Algorithm::RS256, None)));
    }

    #[test]
    fn what_is_no_token_of_a_caller_is_refused() {
        for (header, claims, refused) in [
            (r#"{"alg":"none"}"#, "{}", Refused::Algorithm),
            (r#"{"alg":"None"}"#, "{}", Refused::Algorithm),
            (r#"{"alg":7}"#, "{}", Refused::Algorithm),
            (r#"{}"#, "{}", Refused::Algorithm),
            (r#"{"alg":"ES256","crit":["exp"]}"#, "{}", Refused::Kind),
            (r#"{"alg":"ES256","crit":null}"#, "{}", Refused::Kind),
            (r#"{"alg":"ES256","typ":"logout+jwt"}"#, "{}", Refused::Kind),
            (r#"{"alg":"ES256","typ":7}"#, "{}", Refused::Kind),
            (r#"{"alg":"ES256","kid":7}"#, "{}", Refused::Malformed),
            (r#"{"alg":"none","alg":"ES256"}"#, "{}", Refused::Malformed),
            (r#"{"alg":"ES256"}"#, r#"{"sub":"a","sub":"b"}"#, Refused::Malformed),
            (r#"{"alg":"ES256"}"#, r#"{"sub":"a","\u0073ub":"b"}"#, Refused::Malformed),
            (r#"{"alg":"ES256"}"#, "{}x", Refused::Malformed),
            (r#"{"alg":"ES256"}"#, "[]", Refused::Malformed),
            (r#"{"alg":"ES256"}"#, "", Refused::Malformed),
            ("x", "{}", Refused::Malformed),
        ] {
            assert_eq!(parse(header, claims), Err(refused), "{header} {claims}");
        }
        for text in ["", ".", "..", "...", "a.b", "e30.e30", "e30=.e30=.", "a.b.c.d.e"] {
            assert_eq!(Token::parse(text).map(|_| ()), Err(Refused::Malformed), "{text}");
        }
    }
}
