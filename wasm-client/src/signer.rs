//! Calls to the signer: simple requests, which pay no CORS preflight.

use std::cell::RefCell;

use gloo_net::http::{Request, Response};
use js_sys::{Function, JSON, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestCredentials;

use crate::error::Error;
use crate::wire::{Json, set};

/// The signer, as one caller sees it.
pub(crate) struct Signer {
    address: String,
    get_token: Function,
    token: RefCell<Option<JsValue>>,
}

impl Signer {
    /// `get_token` gives a promise of the caller's token, or of nothing for an anonymous one.
    pub(crate) fn new(address: String, get_token: Function) -> Self {
        Self { address: address.trim_end_matches('/').to_owned(), get_token, token: RefCell::new(None) }
    }

    /// Makes one call. `body` is a plain object, to which the token is added.
    pub(crate) async fn call(&self, path: &str, body: &JsValue) -> Result<Json, Error> {
        let had_token = self.token.borrow().is_some();
        match self.attempt(path, body).await {
            // A token that was good once may have ended.
            Err(error) if error.code == "unauthenticated" && had_token => {
                self.token.take();
                self.attempt(path, body).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, path: &str, body: &JsValue) -> Result<Json, Error> {
        set(body, "token", &self.token().await?);
        let text = JSON::stringify(body).unwrap_or_default();
        let mut url = self.address.clone();
        url.push_str(path);
        let request = Request::post(&url)
            .header("content-type", "text/plain")
            .credentials(RequestCredentials::Omit)
            .body(JsValue::from(text))
            .map_err(|_| Error::signer_unreachable(&self.address))?;
        let response = request.send().await.map_err(|_| Error::signer_unreachable(&self.address))?;
        self.read(response).await
    }

    async fn read(&self, response: Response) -> Result<Json, Error> {
        let text = response.text().await.map_err(|_| Error::signer_unreachable(&self.address))?;
        let json = Json::parse(&text).ok_or_else(|| Error::not_a_signer(&self.address, response.status()))?;
        match Error::in_reply(&json) {
            Some(error) => Err(error),
            None if response.ok() => Ok(json),
            None => Err(Error::not_a_signer(&self.address, response.status())),
        }
    }

    async fn token(&self) -> Result<JsValue, Error> {
        if let Some(token) = self.token.borrow().clone() {
            return Ok(token);
        }
        let failed = |_| Error::retryable("unauthenticated", "The page could not get a token. Sign in again.");
        let promise = self.get_token.call0(&JsValue::UNDEFINED).map_err(failed)?;
        let token = JsFuture::from(Promise::resolve(&promise)).await.map_err(failed)?;
        self.token.replace(Some(token.clone()));
        Ok(token)
    }

    /// A reply that is JSON, but not what the call answers.
    pub(crate) fn misunderstood(&self) -> Error {
        Error::not_a_signer(&self.address, 200)
    }
}
