//! An issuer's keys: the JWK set that it publishes, of which only what is safe to verify by is kept.
//! <https://www.rfc-editor.org/rfc/rfc7517>

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Refused;
use super::token::Token;
use super::verified::VerifiedTokens;

/// NIST allows no less, and no more is in use.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
const RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
const PRIVATE_PARTS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys of one issuer, and the tokens that were verified by them and so are forgotten with them.
pub(super) struct KeySet {
    keys: Vec<Key>,
    digest: [u8; 32],
    pub(super) verified: VerifiedTokens,
}

/// A public key, and the algorithms for which alone it is used.
#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

/// Why a key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unfit {
    #[error("it is not for signatures")]
    OtherUse,
    #[error("it is of a kind that is not used here")]
    Kind,
    #[error("it has private parts")]
    Private,
    #[error("its algorithm does not fit it, or is not one of `algorithms`")]
    Algorithm,
    #[error("an RSA key must have 2048 to 4096 bits")]
    Bits,
    #[error("its numbers are missing or wrong")]
    Numbers,
}

/// An answer without a key to verify by.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKeys {
    #[error("the answer is no JWK set")]
    NotAJwkSet,
    #[error("none of the {0} keys can be used")]
    NoneFits(usize),
}

impl KeySet {
    /// Reads what an issuer has answered, for these algorithms only.
    pub(super) fn parse(body: &[u8], algorithms: &[Algorithm]) -> Result<Self, NoKeys> {
        let set: Value = serde_json::from_slice(body).map_err(|_| NoKeys::NotAJwkSet)?;
        let all = set.get("keys").and_then(Value::as_array).ok_or(NoKeys::NotAJwkSet)?;
        let mut keys = Vec::new();
        for jwk in all {
            let id = jwk.get("kid").and_then(Value::as_str);
            match Key::read(jwk, algorithms) {
                Ok(key) => keys.push(key),
                Err(reason @ Unfit::OtherUse) => tracing::debug!(id, %reason, "a key of an issuer is left out"),
                Err(reason) => tracing::warn!(id, %reason, "a key of an issuer is left out"),
            }
        }
        if keys.is_empty() {
            return Err(NoKeys::NoneFits(all.len()));
        }
        Ok(Self { keys, digest: Sha256::digest(body).into(), verified: VerifiedTokens::default() })
    }

    /// Whether they were read from this answer.
    pub(super) fn are_of(&self, body: &[u8]) -> bool {
        self.digest == *Sha256::digest(body)
    }

    /// The key by which a token must be signed. None where the issuer may have got a new one since.
    pub(super) fn key_for(&self, token: &Token<'_>) -> Result<Option<&DecodingKey>, Refused> {
        let fits = |key: &&Key| key.algorithms.contains(&token.algorithm);
        match &token.key_id {
            Some(id) => {
                let mut named = self.keys.iter().filter(|key| key.id.as_ref() == Some(id)).peekable();
                if named.peek().is_none() {
                    return Ok(None);
                }
                named.find(fits).map(|key| Some(&key.decoding)).ok_or(Refused::Key)
            }
            None => {
                let mut fitting = self.keys.iter().filter(fits);
                match (fitting.next(), fitting.next()) {
                    (one, None) => Ok(one.map(|key| &key.decoding)),
                    (_, Some(_)) => Err(Refused::Key),
                }
            }
        }
    }
}

impl Key {
    fn read(jwk: &Value, allowed: &[Algorithm]) -> Result<Self, Unfit> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if jwk.get("use").is_some_and(|usage| usage != "sig") {
            return Err(Unfit::OtherUse);
        }
        let (possible, decoding) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => (&RSA[..], rsa(text("n"), text("e"))?),
            (Some("EC"), Some("P-256")) => (&[Algorithm::ES256][..], ec(text("x"), text("y"), 32)?),
            (Some("EC"), Some("P-384")) => (&[Algorithm::ES384][..], ec(text("x"), text("y"), 48)?),
            (Some("OKP"), Some("Ed25519")) => (&[Algorithm::EdDSA][..], ed25519(text("x"))?),
            (_, _) => return Err(Unfit::Kind),
        };
        if PRIVATE_PARTS.iter().any(|part| jwk.get(part).is_some()) {
            return Err(Unfit::Private);
        }
        let is_pinned = |one: Algorithm| match jwk.get("alg") {
            None => true,
            Some(name) => name.as_str().and_then(|name| name.parse().ok()) == Some(one),
        };
        let algorithms: Vec<_> =
            possible.iter().copied().filter(|&one| allowed.contains(&one) && is_pinned(one)).collect();
        let &algorithm = algorithms.first().ok_or(Unfit::Algorithm)?;
        // Says whether the numbers make a key at all: a point may lie beside its curve.
        jsonwebtoken::crypto::verify("", b"", &decoding, algorithm).map_err(|_| Unfit::Numbers)?;
        Ok(Self { id: text("kid").map(str::to_owned), algorithms, decoding })
    }
}

fn rsa(modulus: Option<&str>, exponent: Option<&str>) -> Result<DecodingKey, Unfit> {
    let (modulus, exponent) = (number(modulus)?, number(exponent)?);
    let bits = modulus
        .iter()
        .position(|&byte| byte != 0)
        .map_or(0, |zeros| (modulus.len() - zeros) * 8 - modulus[zeros].leading_zeros() as usize);
    if RSA_BITS.contains(&bits) {
        Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
    } else {
        Err(Unfit::Bits)
    }
}

fn ec(x: Option<&str>, y: Option<&str>, bytes: usize) -> Result<DecodingKey, Unfit> {
    match (x, y) {
        (Some(x), Some(y)) if [x, y].iter().all(|one| number(Some(one)).is_ok_and(|number| number.len() == bytes)) => {
            DecodingKey::from_ec_components(x, y).map_err(|_| Unfit::Numbers)
        }
        (_, _) => Err(Unfit::Numbers),
    }
}

fn ed25519(x: Option<&str>) -> Result<DecodingKey, Unfit> {
    let x = number(x)?;
    if x.len() == 32 { Ok(DecodingKey::from_ed_der(&x)) } else { Err(Unfit::Numbers) }
}

fn number(text: Option<&str>) -> Result<Vec<u8>, Unfit> {
    text.and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok()).ok_or(Unfit::Numbers)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::auth::oidc::token::tests::token;

    /// <https://www.rfc-editor.org/rfc/rfc7517#appendix-A.1>
    pub(in crate::auth::oidc) const ES256: &str = r#"{"kty":"EC","crv":"P-256",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
    const RSA: &str = r#"{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1
        RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW
        2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3
        XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;
    /// <https://www.rfc-editor.org/rfc/rfc8037#appendix-A.2>
    const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const ALL: &[Algorithm] =
        &[Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

    fn jwk(text: &str, changed: Value) -> Value {
        let mut jwk: Value = serde_json::from_str(&text.replace(['\n', ' '], "")).expect("JSON");
        for (name, value) in changed.as_object().expect("an object") {
            jwk[name] = value.clone();
        }
        jwk
    }

    #[test]
    fn a_key_is_pinned_to_its_algorithm_or_to_those_of_its_kind_that_are_allowed() {
        for (jwk, allowed, expected) in [
            (jwk(RSA, json!({})), ALL, &[Algorithm::RS256, Algorithm::PS256][..]),
            (jwk(RSA, json!({})), &[Algorithm::RS256], &[Algorithm::RS256]),
            (jwk(RSA, json!({ "alg": "PS256", "use": "sig" })), ALL, &[Algorithm::PS256]),
            (jwk(ES256, json!({})), ALL, &[Algorithm::ES256]),
            (jwk(ED25519, json!({ "alg": "EdDSA" })), ALL, &[Algorithm::EdDSA]),
        ] {
            assert_eq!(Key::read(&jwk, allowed).map(|key| key.algorithms), Ok(expected.to_vec()), "{jwk}");
        }
    }

    #[test]
    fn keys_that_are_not_safe_to_verify_by_are_left_out() {
        let bits = |count: usize| BASE64_URL_SAFE_NO_PAD.encode([&[0, 0][..], &vec![255; count / 8]].concat());
        for (jwk, unfit) in [
            (jwk(RSA, json!({ "use": "enc" })), Unfit::OtherUse),
            (jwk(RSA, json!({ "use": 7 })), Unfit::OtherUse),
            (jwk(RSA, json!({ "alg": "RS512" })), Unfit::Algorithm),
            (jwk(RSA, json!({ "alg": "ES256" })), Unfit::Algorithm),
            (jwk(RSA, json!({ "alg": "HS256" })), Unfit::Algorithm),
            (jwk(RSA, json!({ "alg": null })), Unfit::Algorithm),
            (jwk(RSA, json!({ "d": "AQAB" })), Unfit::Private),
            (jwk(RSA, json!({ "n": bits(2040) })), Unfit::Bits),
            (jwk(RSA, json!({ "n": bits(4104) })), Unfit::Bits),
            (jwk(RSA, json!({ "n": "" })), Unfit::Bits),
            (jwk(RSA, json!({ "n": "=" })), Unfit::Numbers),
            (jwk(RSA, json!({ "e": 65537 })), Unfit::Numbers),
            (jwk(ES256, json!({ "d": "AQAB" })), Unfit::Private),
            (jwk(ES256, json!({ "x": "AQAB" })), Unfit::Numbers),
            (jwk(ES256, json!({ "x": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" })), Unfit::Numbers),
            (jwk(ES256, json!({ "crv": "P-384" })), Unfit::Numbers),
            (jwk(ES256, json!({ "crv": "P-521" })), Unfit::Kind),
            (jwk(ED25519, json!({ "x": "AQAB" })), Unfit::Numbers),
            (jwk(ED25519, json!({ "crv": "X25519" })), Unfit::Kind),
            (json!({ "kty": "oct", "k": "AQAB", "alg": "HS256" }), Unfit::Kind),
            (json!(null), Unfit::Kind),
        ] {
            assert_eq!(Key::read(&jwk, ALL).map(|_| ()), Err(unfit), "{jwk}");
        }
    }

    #[test]
    fn a_set_without_a_key_to_verify_by_is_none() {
        let parse = |body: &str| KeySet::parse(body.as_bytes(), ALL).map(|_| ());
        for body in ["", "null", "[]", r#"{"keys":{}}"#, "<html>"] {
            assert_eq!(parse(body), Err(NoKeys::NotAJwkSet), "{body}");
        }
        assert_eq!(parse(r#"{"keys":[]}"#), Err(NoKeys::NoneFits(0)));
        assert_eq!(parse(r#"{"keys":[{"kty":"oct","k":"AA"},7]}"#), Err(NoKeys::NoneFits(2)));
        assert_eq!(parse(&json!({ "keys": [7, jwk(RSA, json!({}))] }).to_string()), Ok(()));
    }

    #[test]
    fn a_token_is_held_to_the_key_that_it_names_or_to_the_only_one_that_fits() {
        let keys = [
            jwk(RSA, json!({ "kid": "a", "alg": "PS256" })),
            jwk(ES256, json!({ "kid": "a" })),
            jwk(ES256, json!({ "kid": "b" })),
            jwk(ED25519, json!({})),
        ];
        let set = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), ALL).expect("keys");
        for (header, expected) in [
            (r#"{"alg":"PS256","kid":"a"}"#, Ok(true)),
            (r#"{"alg":"ES256","kid":"a"}"#, Ok(true)),
            (r#"{"alg":"RS256","kid":"a"}"#, Err(Refused::Key)),
            (r#"{"alg":"HS256","kid":"a"}"#, Err(Refused::Key)),
            (r#"{"alg":"ES256","kid":"c"}"#, Ok(false)),
            (r#"{"alg":"ES256","kid":""}"#, Ok(false)),
            (r#"{"alg":"ES256"}"#, Err(Refused::Key)),
            (r#"{"alg":"EdDSA"}"#, Ok(true)),
            (r#"{"alg":"ES384"}"#, Ok(false)),
        ] {
            let text = token(header, "{}");
            let token = Token::parse(&text).expect("a token");
            assert_eq!(set.key_for(&token).map(|key| key.is_some()), expected, "{header}");
        }
    }
}
