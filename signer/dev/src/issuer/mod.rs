//! An OpenID Connect provider on this machine: it publishes keys and signs tokens, and nobody must sign in.

mod key;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Map, Value, json};

pub use key::IssuerKey;

use crate::running::Running;

/// Whom the tokens of a [`TestIssuer`] are meant for, unless told otherwise.
pub const AUDIENCE: &str = "nearput";

/// An OpenID Connect provider with keys of its own.
pub struct TestIssuer {
    address: SocketAddr,
    state: Arc<Published>,
    running: Option<Running>,
}

/// What it answers, instead of what it should.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// How long each answer takes.
    pub delay: Duration,
    /// What is sent for the discovery document.
    pub discovery: Option<(StatusCode, String)>,
    /// What is sent for the JWK set.
    pub keys: Option<(StatusCode, String)>,
    /// Where the discovery document is said to be instead.
    pub redirect: Option<String>,
}

#[derive(Default)]
struct Published {
    keys: Mutex<Vec<IssuerKey>>,
    answers: Mutex<Answers>,
    issuer: Mutex<String>,
    discovery_fetches: AtomicUsize,
    key_fetches: AtomicUsize,
}

impl TestIssuer {
    /// Starts one with a key of ES256, at a free port.
    pub async fn start() -> Result<Self> {
        Self::with_keys(vec![IssuerKey::new("es256", Algorithm::ES256)]).await
    }

    /// Starts one with these keys. The first one signs.
    pub async fn with_keys(keys: Vec<IssuerKey>) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut issuer = Self { address, state: Arc::default(), running: None };
        issuer.rotate(keys);
        issuer.serve().await?;
        Ok(issuer)
    }

    /// Its `iss`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its table in a signer's configuration, to which further keys may be added.
    pub fn config(&self) -> String {
        format!("[[issuers]]\nissuer = {:?}\naudience = [{AUDIENCE:?}]\n", self.url())
    }

    /// Publishes these keys from now on, and no others. The first one signs.
    pub fn rotate(&self, keys: Vec<IssuerKey>) {
        *lock(&self.state.keys) = keys;
    }

    /// Answers like this from now on.
    pub fn answer(&self, answers: Answers) {
        *lock(&self.state.answers) = answers;
    }

    /// How often its JWK set was asked for.
    pub fn key_fetches(&self) -> usize {
        self.state.key_fetches.load(Ordering::SeqCst)
    }

    /// How often its discovery document was asked for.
    pub fn discovery_fetches(&self) -> usize {
        self.state.discovery_fetches.load(Ordering::SeqCst)
    }

    /// The keys that it publishes.
    pub fn keys(&self) -> Vec<IssuerKey> {
        lock(&self.state.keys).clone()
    }

    /// The claims of a token for an hour, with these instead or besides; null takes one out.
    pub fn claims(&self, claims: Value) -> Value {
        let now = seconds(SystemTime::now());
        let mut all = json!({ "iss": self.url(), "aud": AUDIENCE, "sub": "me", "iat": now, "exp": now + 3600 });
        let changed: Map<_, _> = serde_json::from_value(claims).expect("claims are an object");
        for (name, value) in changed {
            if value.is_null() {
                all.as_object_mut().expect("made above").remove(&name);
            } else {
                all[name] = value;
            }
        }
        all
    }

    /// A token with [`claims`](Self::claims) like these, signed by the first key.
    pub fn token(&self, claims: Value) -> String {
        let keys = self.keys();
        let key = keys.first().expect("an issuer without keys signs nothing");
        key.sign(&key.header(), &self.claims(claims))
    }

    /// Drops every connection and frees the port.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Serves again at the same address, after a stop.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.serve().await
    }

    async fn serve(&mut self) -> Result<()> {
        let running = Running::new()?;
        let listener = running.listen(self.address).await?;
        self.address = listener.local_addr()?;
        *lock(&self.state.issuer) = self.url();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/elsewhere", get(async |State(state): State<Arc<Published>>| Json(state.document())))
            .route("/keys", get(keys))
            .with_state(self.state.clone());
        running.serve(listener, router);
        self.running = Some(running);
        Ok(())
    }
}

impl IssuerKey {
    /// The header of a token that this key signs.
    pub fn header(&self) -> Header {
        Header { kid: Some(self.id.clone()), ..Header::new(self.algorithm) }
    }

    /// A token with any header and any claims.
    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.private).expect("the algorithm is one of the key")
    }

    /// A token of two texts, whatever they are.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.private, self.algorithm);
        format!("{message}.{}", signature.expect("the algorithm is one of the key"))
    }
}

async fn discovery(State(state): State<Arc<Published>>) -> Response {
    state.discovery_fetches.fetch_add(1, Ordering::SeqCst);
    let answers = lock(&state.answers).clone();
    match &answers.redirect {
        Some(to) => (StatusCode::FOUND, [("location", to.clone())]).into_response(),
        None => answers.give(answers.discovery.as_ref(), state.document()).await,
    }
}

async fn keys(State(state): State<Arc<Published>>) -> Response {
    state.key_fetches.fetch_add(1, Ordering::SeqCst);
    let answers = lock(&state.answers).clone();
    let keys: Vec<_> = lock(&state.keys).iter().map(|key| key.jwk.clone()).collect();
    answers.give(answers.keys.as_ref(), json!({ "keys": keys })).await
}

impl Published {
    fn document(&self) -> Value {
        let issuer = lock(&self.issuer);
        json!({
            "issuer": *issuer,
            "jwks_uri": format!("{issuer}/keys"),
            "authorization_endpoint": format!("{issuer}/authorize"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }
}

impl Answers {
    async fn give(&self, instead: Option<&(StatusCode, String)>, right: Value) -> Response {
        tokio::time::sleep(self.delay).await;
        match instead {
            Some((status, body)) => (*status, body.clone()).into_response(),
            None => Json(right).into_response(),
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
