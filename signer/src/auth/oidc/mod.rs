//! Callers by the tokens of OpenID Connect providers.
//!
//! A token counts only if a key that its issuer publishes has signed it, by an algorithm that this key is for; if it is
//! meant for this signer; and if it is valid now. See <https://www.rfc-editor.org/rfc/rfc8725>.

mod cache;
mod claims;
mod key;
mod refused;
mod source;
mod token;
mod verified;

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

pub(crate) use claims::{UnusableClaim, caller_of};
pub(crate) use refused::Refused;

use self::cache::KeyCache;
use self::key::KeySet;
use self::token::{MAX_TOKEN_BYTES, Token};
use self::verified::TokenHash;
use super::{Caller, Unauthenticated};
use crate::config;

/// The providers whose tokens are accepted.
pub(crate) struct Issuers(Vec<Issuer>);

struct Issuer {
    config: config::Issuer,
    keys: Arc<KeyCache>,
}

impl Issuers {
    /// Begins to ask each of them for its keys, and waits for none. Of those that are as `before`, it has them.
    pub(crate) fn new(issuers: Vec<config::Issuer>, before: Option<&Self>) -> Self {
        let issuer = |config| {
            let known = before.iter().flat_map(|before| &before.0).find(|known| known.config == config);
            if let Some(known) = known {
                return Issuer { config, keys: known.keys.clone() };
            }
            let keys = Arc::new(KeyCache::new(&config));
            let first = keys.clone();
            tokio::spawn(async move { first.keys().await });
            Issuer { config, keys }
        };
        Self(issuers.into_iter().map(issuer).collect())
    }

    /// Who shows this token.
    pub(super) async fn caller(&self, text: &str, now: SystemTime) -> Result<Caller, Unauthenticated> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Refused::TooLong.into());
        }
        let hash = TokenHash::of(text);
        let remembered = |issuer: &Issuer| issuer.keys.present()?.verified.caller(hash, now);
        if let Some(caller) = self.0.iter().find_map(remembered) {
            return Ok(caller);
        }
        let token = Token::parse(text)?;
        let name = token.claims.get("iss").and_then(Value::as_str).ok_or(Refused::Claim("iss"))?;
        let issuer = self.0.iter().find(|issuer| issuer.config.issuer == name).ok_or(Refused::Issuer)?;
        let keys = issuer.verify(&token).await?;
        let end = claims::check(&token.claims, &issuer.config, now)?;
        let caller = claims::caller_of(&token.claims, &issuer.config)?;
        keys.verified.remember(hash, caller.clone(), end);
        Ok(caller)
    }
}

impl Issuer {
    /// Holds the signature to the issuer's keys, and says which they were.
    async fn verify(&self, token: &Token<'_>) -> Result<Arc<KeySet>, Unauthenticated> {
        let unavailable = || Unauthenticated::IssuerUnavailable;
        let mut keys = self.keys.keys().await.ok_or_else(unavailable)?;
        if keys.key_for(token)?.is_none() {
            keys = self.keys.other_than(keys).await.ok_or_else(unavailable)?;
        }
        let key = keys.key_for(token)?.ok_or(Refused::Key)?;
        if token.is_signed_by(key) { Ok(keys) } else { Err(Refused::Signature.into()) }
    }
}
