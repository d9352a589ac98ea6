//! Calls to the signer: simple requests, which pay no CORS preflight.

use std::cell::RefCell;

use gloo_net::http::Request;
use js_sys::{Function, JSON, Promise, SyntaxError};
use nearput_api::path;
use nearput_core::Millis;
use nearput_core::address::is_secret;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::browser::clock::now;
use crate::browser::network::abort_after;
use crate::error::{Cure, Error};
use crate::wire::Json;

/// A signer that does not answer is left for so long, where there is another.
const LEFT: Millis = 30_000;

/// The signers, as one caller sees them. Each knows what another has opened.
pub(crate) struct Signer {
    /// In the order in which they are tried, each with the time until which it is left.
    addresses: RefCell<Vec<(String, Millis)>>,
    get_token: Function,
    token: RefCell<Option<JsValue>>,
}

impl Signer {
    /// `addresses` are those to be tried, in their order. `get_token` gives a promise of the caller's token, or of nothing
    /// for an anonymous one.
    pub(crate) fn new(addresses: &Json, get_token: Function) -> Self {
        let signer = Self { addresses: RefCell::default(), get_token, token: RefCell::new(None) };
        signer.add(addresses, |_| true);
        signer
    }

    /// A signer has told of others. Those that the caller's token would reach in the clear are not asked.
    pub(crate) fn learn(&self, sites: &Json) {
        self.add(&sites.get("signers"), is_secret);
    }

    fn add(&self, others: &Json, may: fn(&str) -> bool) {
        let mut addresses = self.addresses.borrow_mut();
        for mut address in others.all().filter_map(|address| address.0.as_string()).filter(|address| may(address)) {
            if address.ends_with('/') {
                address.pop();
            }
            if !addresses.iter().any(|(known, _)| *known == address) {
                addresses.push((address, 0));
            }
        }
    }

    /// Makes one call, which fails when no signer has answered it. The last one is given all of `patience`. `body` is a plain object, to
    /// which the token is added.
    pub(crate) async fn call(&self, call: &str, body: &Json, patience: Millis) -> Result<Json, Error> {
        let mut tried = Vec::new();
        loop {
            let (address, is_last) = self.next(&tried);
            let patience = if is_last { patience } else { patience / share_of_patience(call) };
            match self.call_one(&address, call, body, patience).await {
                // Something before the signer has lost its patience: the signer goes on with it.
                Err(error) if call == path::COMPLETE && error.is_of_a_gateway => return Err(error),
                Err(error) if error.is_of_no_signer() => {
                    self.leave(&address, now() + LEFT);
                    if is_last {
                        return Err(error);
                    }
                    tried.push(address);
                }
                outcome => {
                    self.leave(&address, 0);
                    return outcome;
                }
            }
        }
    }

    /// The next one to try, and whether it is the last: those that are left come after the others.
    fn next(&self, tried: &[String]) -> (String, bool) {
        let addresses = self.addresses.borrow();
        let untried = addresses.iter().filter(|(address, _)| !tried.contains(address));
        let next = untried.min_by_key(|(_, left_until)| *left_until > now());
        (next.map_or_else(String::new, |(address, _)| address.clone()), tried.len() + 1 >= addresses.len())
    }

    /// The signer that was asked last does not reach the storage, it seems. Whether there is another one to ask now.
    pub(crate) fn pass_on(&self) -> bool {
        let now = now();
        let mut addresses = self.addresses.borrow_mut();
        let mut others = addresses.iter_mut().filter(|(_, left_until)| *left_until <= now);
        let (first, another) = (others.next(), others.next().is_some());
        match first {
            Some((_, left_until)) if another => *left_until = now + LEFT,
            Some(_) | None => return false,
        }
        true
    }

    fn leave(&self, address: &str, until: Millis) {
        let mut addresses = self.addresses.borrow_mut();
        addresses.iter_mut().filter(|(known, _)| known == address).for_each(|(_, left_until)| *left_until = until);
    }

    async fn call_one(&self, address: &str, call: &str, body: &Json, patience: Millis) -> Result<Json, Error> {
        let unreachable = || Error::signer_unreachable(address);
        loop {
            let known_token = self.token.borrow().clone();
            let is_known = known_token.is_some();
            let token = match known_token {
                Some(token) => token,
                None => JsFuture::from(self.ask_token()?).await.map_err(|_| Error::no_token())?,
            };
            self.token.replace(Some(token.clone()));
            body.set("token", token);

            let request = request(address, call, body, patience).ok_or_else(unreachable)?;
            let response = Response::from(request.send().await.map_err(|_| unreachable())?);
            let reply = JsFuture::from(response.json().map_err(|_| unreachable())?).await;
            match outcome(address, &response, reply) {
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

    /// A reply that is JSON, but not what the call answers.
    pub(crate) fn misunderstood(&self) -> Error {
        Error::not_a_signer(&self.next(&[]).0, 200)
    }
}

/// While there is another signer to ask, no more than this share of the patience is spent on a silent one: it may only be slow, and what
/// it is doing would be done twice.
fn share_of_patience(call: &str) -> Millis {
    match call {
        path::COMPLETE => 1,
        path::OPEN => 2,
        _ => 8,
    }
}

fn request(address: &str, call: &str, body: &Json, patience: Millis) -> Option<Request> {
    let text = JSON::stringify(&body.0).unwrap_or_default();
    // A body that is a string is sent as `text/plain`.
    let init = Json::object()
        .with("method", "POST")
        .with("credentials", "omit")
        .with("body", text)
        .with("signal", abort_after(patience as f64));
    let url = address.to_owned() + call;
    web_sys::Request::new_with_str_and_init(&url, init.0.unchecked_ref()).ok().map(Request::from)
}

fn outcome(address: &str, response: &Response, reply: Result<JsValue, JsValue>) -> Result<Json, Error> {
    match reply.map(Json) {
        Ok(reply) => match Error::read(&reply) {
            Some(error) => Err(error),
            None if response.ok() => Ok(reply),
            None => Err(Error::not_a_signer(address, response.status())),
        },
        Err(error) if error.is_instance_of::<SyntaxError>() => Err(Error::not_a_signer(address, response.status())),
        Err(_) => Err(Error::signer_unreachable(address)),
    }
}
