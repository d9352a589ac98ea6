//! Uploads that a Multi-Region Access Point sends to the bucket nearest to the browser: it is the browser that creates them.
//! Experimental: whether S3 lets a browser read the reply is for each operator to find out.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::open::{begin, describe};
use crate::driver::Driver;
use crate::sites::Site;
use crate::upload::Upload;
use crate::wire::Json;

/// Whether the upload is open. Where anything goes wrong it is to be opened as any other.
pub(super) async fn open(driver: &Rc<Driver>, site: &Site, upload: &Rc<Upload>, create: &Function) -> bool {
    let asked = Json::object().with("site", site.id.clone()).with("file", describe(upload));
    let Ok(promise) = create.call1(&JsValue::UNDEFINED, &asked.0) else { return false };
    let Ok(reply) = JsFuture::from(promise.unchecked_into::<Promise>()).await.map(Json) else { return false };
    let Some(outcome) = reply.outcomes("uploads").next() else { return false };
    match begin(driver, upload, &outcome, &reply).await {
        Ok(parts) => driver.opened(upload, parts),
        // It is opened another way, under another ticket.
        Err(_) => {
            driver.abort(upload);
            return false;
        }
    }
    true
}
