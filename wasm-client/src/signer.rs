//! Calls to the signer: simple requests, which pay no CORS preflight.

use std::cell::RefCell;

use gloo_net::http::Request;
use js_sys::{Function, JSON, Promise, SyntaxError};
use nearput_core::Millis;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::error::{Cure, Error};
use crate::wire::Json;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    fn abort_after(millis: f64) -> JsValue;
}

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

    /// Makes one call, which fails when it was not answered for `patience`. `body` is a plain object, to which the token is added.
    pub(crate) async fn call(&self, path: &str, body: &Json, patience: Millis) -> Result<Json, Error> {
        loop {
            let known_token = self.token.borrow().clone();
            let is_known = known_token.is_some();
            let token = match known_token {
                Some(token) => token,
                None => JsFuture::from(self.ask_token()?).await.map_err(|_| Error::no_token())?,
            };
            self.token.replace(Some(token.clone()));
            body.set("token", token);

            let response = self.request(path, body, patience)?.send().await.map_err(|_| self.unreachable())?;
            let response = Response::from(response);
            let reply = JsFuture::from(response.json().map_err(|_| self.unreachable())?).await;
            match self.outcome(&response, reply) {
                // A token that was good once may have ended.
                Err(error) if error.cure == Cure::Token && is_known => _ = self.token.take(),
                outcome => return outcome,
            }
        }
    }

    fn ask_token(&self) -> Result<Promise, Error> {
        let promise = self.get_token.call0(&JsValue::UNDEFINED).map_err(|_| Error::no_token())?;
        Ok(promise.unchecked_into())
    }

    fn request(&self, path: &str, body: &Json, patience: Millis) -> Result<Request, Error> {
        let text = JSON::stringify(&body.0).unwrap_or_default();
        // A body that is a string is sent as `text/plain`.
        let init = Json::object()
            .with("method", "POST")
            .with("credentials", "omit")
            .with("body", text)
            .with("signal", abort_after(patience as f64));
        let url = self.address.clone() + path;
        let request = web_sys::Request::new_with_str_and_init(&url, init.0.unchecked_ref());
        request.map(Request::from).map_err(|_| self.unreachable())
    }

    fn outcome(&self, response: &Response, reply: Result<JsValue, JsValue>) -> Result<Json, Error> {
        match reply.map(Json) {
            Ok(reply) => match Error::read(&reply) {
                Some(error) => Err(error),
                None if response.ok() => Ok(reply),
                None => Err(Error::not_a_signer(&self.address, response.status())),
            },
            Err(error) if error.is_instance_of::<SyntaxError>() => {
                Err(Error::not_a_signer(&self.address, response.status()))
            }
            Err(_) => Err(self.unreachable()),
        }
    }

    fn unreachable(&self) -> Error {
        Error::signer_unreachable(&self.address)
    }

    /// A reply that is JSON, but not what the call answers.
    pub(crate) fn misunderstood(&self) -> Error {
        Error::not_a_signer(&self.address, 200)
    }
}
