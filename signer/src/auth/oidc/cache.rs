//! One issuer's keys, as they were last had from it.
//!
//! The issuer is asked in the background when they are old, and at once where there are none or a token names another one:
//! by one call for all that wait, and at most once a minute, for anybody can make up names of keys.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::Algorithm;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::key::KeySet;
use super::source::KeySource;
use crate::config::Issuer;

/// Between two times that an issuer is asked for a key that it did not have, or after it has failed.
const PAUSE: Duration = Duration::from_mins(1);
/// After it has failed where there are no keys at all: no call can be answered before.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(1);

/// The keys of one issuer.
pub(super) struct KeyCache {
    source: KeySource,
    algorithms: Vec<Algorithm>,
    refresh: Duration,
    issuer: String,
    had: ArcSwapOption<Had>,
    asked: Mutex<Asked>,
}

struct Had {
    keys: Arc<KeySet>,
    at: Instant,
}

/// When the issuer was last asked. Whoever holds the lock asks it.
#[derive(Default)]
struct Asked {
    /// When the last answer came, or was given up.
    last: Option<Instant>,
    for_another_key: Option<Instant>,
}

/// Why an issuer is asked.
enum Need {
    /// There are no keys.
    Any,
    /// They are old.
    Newer,
    /// A token names a key that these have not.
    OtherThan(Arc<KeySet>),
}

impl KeyCache {
    pub(super) fn new(issuer: &Issuer) -> Self {
        Self {
            source: KeySource::new(issuer),
            algorithms: issuer.algorithms.clone(),
            refresh: issuer.keys_refresh,
            issuer: issuer.issuer.clone(),
            had: ArcSwapOption::empty(),
            asked: Mutex::default(),
        }
    }

    /// The keys that are there now, if any.
    pub(super) fn present(self: &Arc<Self>) -> Option<Arc<KeySet>> {
        let had = self.had.load_full()?;
        if had.at.elapsed() > self.refresh && self.may_ask_again() {
            // The old ones are still good, so nobody waits.
            tokio::spawn(self.clone().ask(Need::Newer));
        }
        Some(had.keys.clone())
    }

    /// The keys, waited for where there are none yet. None where the issuer does not give any.
    pub(super) async fn keys(self: &Arc<Self>) -> Option<Arc<KeySet>> {
        if self.had.load().is_none() {
            self.wait_for(Need::Any).await;
        }
        self.present()
    }

    /// The keys after another one was needed than these. They may still be the same.
    pub(super) async fn other_than(self: &Arc<Self>, keys: Arc<KeySet>) -> Option<Arc<KeySet>> {
        self.wait_for(Need::OtherThan(keys)).await;
        self.present()
    }

    fn may_ask_again(&self) -> bool {
        self.asked.try_lock().is_ok_and(|asked| has_passed(PAUSE, asked.last))
    }

    /// The issuer is asked to the end even where the one who needs it goes away, since others may wait too.
    async fn wait_for(self: &Arc<Self>, need: Need) {
        if let Err(problem) = tokio::spawn(self.clone().ask(need)).await {
            tracing::error!(issuer = self.issuer, %problem, "asking an issuer for its keys has failed");
        }
    }

    async fn ask(self: Arc<Self>, need: Need) {
        let mut asked = self.asked.lock().await;
        // Another one may have asked while this one waited for the lock.
        let present = self.had.load_full();
        let is_needed = match (need, &present) {
            (Need::Any, had) => had.is_none() && has_passed(PAUSE_WITHOUT_KEYS, asked.last),
            (Need::Newer, had) => {
                had.as_ref().is_none_or(|had| had.at.elapsed() > self.refresh) && has_passed(PAUSE, asked.last)
            }
            (Need::OtherThan(keys), Some(had)) if Arc::ptr_eq(&keys, &had.keys) => {
                let passed = has_passed(PAUSE, asked.for_another_key);
                if passed {
                    asked.for_another_key = Some(Instant::now());
                }
                passed
            }
            (Need::OtherThan(_), _) => false,
        };
        if is_needed {
            self.fetch(present.map(|had| had.keys.clone())).await;
            asked.last = Some(Instant::now());
        }
    }

    async fn fetch(&self, present: Option<Arc<KeySet>>) {
        let body = match self.source.fetch().await {
            Ok(body) => body,
            Err(problem) => {
                return tracing::error!(issuer = self.issuer, %problem, "an issuer's keys cannot be had");
            }
        };
        let keys = match present {
            Some(keys) if keys.are_of(&body) => keys,
            Some(_) | None => match KeySet::parse(&body, &self.algorithms) {
                Ok(keys) => Arc::new(keys),
                Err(problem) => {
                    return tracing::error!(issuer = self.issuer, %problem, "an issuer's keys cannot be used");
                }
            },
        };
        self.had.store(Some(Arc::new(Had { keys, at: Instant::now() })));
    }
}

fn has_passed(pause: Duration, since: Option<Instant>) -> bool {
    since.is_none_or(|since| since.elapsed() >= pause)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::extract::State;
    use axum::routing::get;
    use serde_json::json;

    use super::*;
    use crate::auth::oidc::key::tests::ES256;
    use crate::auth::oidc::token::tests::token;
    use crate::config::Issuer;

    /// Publishes a key that is named after how often keys were asked for.
    async fn keys(State(asked): State<Arc<AtomicUsize>>) -> String {
        let count = asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut key: serde_json::Value = serde_json::from_str(ES256).expect("JSON");
        key["kid"] = count.to_string().into();
        json!({ "keys": [key] }).to_string()
    }

    async fn start() -> (Arc<KeyCache>, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicUsize::new(0));
        let router = Router::new().route("/keys", get(keys)).with_state(asked.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        let text = format!("issuer = 'http://{address}'\naudience = ['a']\njwks_url = 'http://{address}/keys'");
        let issuer: Issuer = toml::from_str(&text).expect("an issuer");
        (Arc::new(KeyCache::new(&issuer)), asked)
    }

    /// As if so much time had passed: the network is not waited for meanwhile.
    async fn pass(time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    async fn has_key(cache: &Arc<KeyCache>, id: &str) -> bool {
        let text = token(&format!(r#"{{"alg":"ES256","kid":"{id}"}}"#), "{}");
        let token = super::super::token::Token::parse(&text).expect("a token");
        let mut keys = cache.keys().await.expect("keys");
        if keys.key_for(&token).expect("its algorithm").is_none() {
            keys = cache.other_than(keys).await.expect("keys");
        }
        keys.key_for(&token).expect("its algorithm").is_some()
    }

    #[tokio::test]
    async fn an_issuer_is_asked_for_another_key_once_a_minute_however_many_ask() {
        let (cache, asked) = start().await;
        assert!(has_key(&cache, "1").await);
        let asks = (0..100).map(|index| {
            let cache = cache.clone();
            async move { has_key(&cache, &format!("unknown {index}")).await }
        });
        assert!(futures_util::future::join_all(asks).await.iter().all(|has| !has));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert!(!has_key(&cache, "3").await, "the minute has not passed");

        pass(PAUSE - Duration::from_secs(1)).await;
        assert!(!has_key(&cache, "3").await, "nor has it now");
        pass(Duration::from_secs(1)).await;
        assert!(has_key(&cache, "3").await);
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn old_keys_are_renewed_in_the_background_and_serve_until_then() {
        let (cache, asked) = start().await;
        assert!(has_key(&cache, "1").await);
        pass(cache.refresh).await;
        assert!(has_key(&cache, "1").await);
        assert_eq!(asked.load(Ordering::SeqCst), 1);

        pass(Duration::from_secs(1)).await;
        let old = cache.present().expect("the old ones");
        while Arc::ptr_eq(&old, &cache.present().expect("keys")) {
            tokio::task::yield_now().await;
        }
        assert!(has_key(&cache, "2").await);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_answer_that_has_not_changed_leaves_the_keys_as_they_are() {
        let (cache, asked) = start().await;
        let keys = cache.keys().await.expect("keys");
        asked.store(0, Ordering::SeqCst);
        assert!(Arc::ptr_eq(&keys, &cache.other_than(keys.clone()).await.expect("keys")));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_does_not_stop_the_asking() {
        let (cache, asked) = start().await;
        drop(tokio::time::timeout(Duration::ZERO, cache.keys()).await);
        assert!(cache.keys().await.is_some());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
