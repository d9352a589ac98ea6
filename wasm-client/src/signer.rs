//! Calls to the signer: simple requests, which pay no CORS preflight.

use std::cell::RefCell;

use gloo_net::http::Request;
use js_sys::{Function, JSON, Promise, SyntaxError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request as RawRequest, Response};

use crate::error::{Cure, Error};
use crate::wire::Json;

/// The signer, as one caller sees it.
pub(crate) struct Signer {
    address: String,
    get_token: Function,
    token: RefCell<Option<JsValue>>,
}

impl Signer {
    /// `get_token` gives a promise of the caller's token, or of nothing for an anonymous one.
    pub(crate) fn new(address: String, get_token: Function) -> Self {
        Self { address, get_token, token: RefCell::new(None) }
    }

    /// Makes one call. `body` is a plain object, to which the token is added.
    pub(crate) async fn call(&self, path: &str, body: &Json) -> Result<Json, Error> {
        loop {
            let known = self.token.borrow().clone();
            let is_known = known.is_some();
            let token = match known {
                Some(token) => token,
                None => self.ask_token().await.map_err(|_| Error::no_token())?,
            };
            body.set("token", token);
            match self.attempt(path, body).await {
                // A token that was good once may have ended.
                Err(error) if error.cure == Cure::Token && is_known => _ = self.token.take(),
                outcome => return outcome,
            }
        }
    }

    async fn ask_token(&self) -> Result<JsValue, JsValue> {
        let promise = self.get_token.call0(&JsValue::UNDEFINED)?;
        let token = JsFuture::from(promise.unchecked_into::<Promise>()).await?;
        self.token.replace(Some(token.clone()));
        Ok(token)
    }

    async fn attempt(&self, path: &str, body: &Json) -> Result<Json, Error> {
        let unreachable = || Error::signer_unreachable(&self.address);
        let text = JSON::stringify(&body.0).unwrap_or_default();
        // A body that is a string is sent as `text/plain`.
        let init = Json::object().with("method", "POST").with("credentials", "omit").with("body", text);
        let url = self.address.clone() + path;
        let request = RawRequest::new_with_str_and_init(&url, init.0.unchecked_ref()).map_err(|_| unreachable())?;
        let response: Response = Request::from(request).send().await.map_err(|_| unreachable())?.into();
        let status = response.status();
        let json = response.json().map_err(|_| unreachable())?;
        match JsFuture::from(json).await.map(Json) {
            Ok(reply) => match Error::in_reply(&reply) {
                Some(error) => Err(error),
                None if response.ok() => Ok(reply),
                None => Err(Error::not_a_signer(&self.address, status)),
            },
            Err(error) if error.is_instance_of::<SyntaxError>() => Err(Error::not_a_signer(&self.address, status)),
            Err(_) => Err(unreachable()),
        }
    }

    /// A reply that is JSON, but not what the call answers.
    pub(crate) fn misunderstood(&self) -> Error {
        Error::not_a_signer(&self.address, 200)
    }
}
