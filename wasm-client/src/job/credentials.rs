//! Credentials mode: parts are signed in the browser, by temporary credentials that the signer gives for one upload.

use std::rc::Rc;

use js_sys::{Function, Promise};
use nearput_api::path;
use nearput_core::Millis;
use nearput_core::parts::Checked;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::ask;
use crate::browser::clock::now;
use crate::driver::Driver;
use crate::error::Error;
use crate::upload::Upload;
use crate::wire::{self, Json};

/// Credentials that end sooner are replaced before anything is signed by them.
const MARGIN: f64 = 5.0 * 60_000.0;

/// The same as the signer's reply to the call that asks for signed parts. `about` is the one upload.
pub(super) async fn sign(
    driver: &Driver,
    about: &[Rc<Upload>],
    sign: &Function,
    parts: &[Checked],
) -> Result<Json, Error> {
    let upload = &about[0];
    let mut known = upload.credentials.borrow().clone();
    if left(&known) < MARGIN {
        let body = Json::object().with("ticket", upload.ticket());
        known = (ask(driver, about, path::CREDENTIALS, body).await?, now());
        upload.credentials.replace(known.clone());
    }
    let server_time = time(&known);
    let context = Json::object()
        .with("credentials", known.0)
        .with("sample", upload.sample.borrow().clone())
        .with("now", server_time);
    let parts = wire::parts_to_sign(parts);
    for part in parts.all() {
        let number = part.number("number").unwrap_or_default() as u32;
        part.set("size", upload.part(number).map(|part| part.size()).into());
    }
    let promise = sign.call2(&JsValue::UNDEFINED, &context.0, &parts.0).map(JsCast::unchecked_into::<Promise>);
    let signed = JsFuture::from(promise.map_err(|_| Error::cannot_sign())?).await.map_err(|_| Error::cannot_sign())?;
    Ok(Json::object().with("server_time", server_time).with("parts", signed))
}

/// The signer's clock, by the page's own steady one.
fn time((credentials, since): &(Json, Millis)) -> f64 {
    credentials.number("server_time").unwrap_or_default() + (now() - since) as f64
}

/// How long credentials are still good, in milliseconds.
fn left(known: &(Json, Millis)) -> f64 {
    known.0.number("expires_at").unwrap_or_default() - time(known)
}
