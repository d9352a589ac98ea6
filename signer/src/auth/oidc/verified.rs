//! Tokens that were verified already: a caller shows the same one at each call, and a signature costs more than all the rest.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::auth::Caller;

/// How many tokens are remembered at most.
const MOST: usize = 8192;

/// By what a token is remembered: nobody can make another one with the same hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

/// A bounded memory. Of what was not asked for lately, half is forgotten when it is full.
#[derive(Default)]
pub(super) struct VerifiedTokens(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    new: HashMap<TokenHash, Verified>,
    old: HashMap<TokenHash, Verified>,
}

#[derive(Clone)]
struct Verified {
    caller: Caller,
    end: SystemTime,
}

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl VerifiedTokens {
    /// Whose token it is, if it was remembered and has not ended.
    pub(super) fn caller(&self, token: TokenHash, now: SystemTime) -> Option<Caller> {
        let mut generations = self.lock();
        if let Some(verified) = generations.old.remove(&token) {
            generations.put(token, verified);
        }
        generations.new.get(&token).filter(|verified| verified.end > now).map(|verified| verified.caller.clone())
    }

    /// Remembers whose token it is, until it ends.
    pub(super) fn remember(&self, token: TokenHash, caller: Caller, end: SystemTime) {
        self.lock().put(token, Verified { caller, end });
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing in here is ever half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn put(&mut self, token: TokenHash, verified: Verified) {
        if self.new.len() >= MOST / 2 {
            self.old = mem::take(&mut self.new);
        }
        self.new.insert(token, verified);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const END: SystemTime = UNIX_EPOCH;

    #[test]
    fn a_token_is_remembered_until_it_ends() {
        let verified = VerifiedTokens::default();
        let token = TokenHash::of("a");
        verified.remember(token, Caller::Anonymous, END);
        let second = Duration::from_secs(1);
        assert_eq!(verified.caller(token, END - second), Some(Caller::Anonymous));
        assert_eq!(verified.caller(token, END), None);
        assert_eq!(verified.caller(TokenHash::of("b"), END - second), None);
    }

    #[test]
    fn tokens_that_are_asked_for_outlast_any_number_of_others() {
        let verified = VerifiedTokens::default();
        let now = END - Duration::from_secs(1);
        let (asked_for, not_asked_for) = (TokenHash::of("a"), TokenHash::of("b"));
        verified.remember(asked_for, Caller::Anonymous, END);
        verified.remember(not_asked_for, Caller::Anonymous, END);
        for index in 0..3 * MOST {
            verified.remember(TokenHash::of(&index.to_string()), Caller::Anonymous, END);
            assert!(verified.caller(asked_for, now).is_some(), "{index}");
        }
        assert_eq!(verified.caller(not_asked_for, now), None);
        let generations = verified.lock();
        assert!(generations.new.len() + generations.old.len() <= MOST);
    }
}
