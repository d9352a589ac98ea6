//! Whether there is a network, and how far away an address is.

use js_sys::Promise;
use nearput_core::Millis;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::browser::clock::now;
use crate::wire::Json;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = addEventListener)]
    fn listen(event: &str, listener: &JsValue);

    #[wasm_bindgen(js_name = removeEventListener)]
    fn unlisten(event: &str, listener: &JsValue);

    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &JsValue, init: &JsValue) -> Promise;
}

/// Hears the browser say that the network is there again, or gone, until it is dropped.
pub(crate) struct Network {
    listener: Closure<dyn FnMut(JsValue)>,
}

const EVENTS: [&str; 2] = ["online", "offline"];

impl Network {
    pub(crate) fn watch(changed: impl Fn(bool) + 'static) -> Self {
        let listener = Closure::<dyn FnMut(_)>::new(move |event: JsValue| {
            changed(Json(event).string("type").as_deref() == Some(EVENTS[0]));
        });
        EVENTS.iter().for_each(|event| listen(event, listener.as_ref()));
        Self { listener }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        EVENTS.iter().for_each(|event| unlisten(event, self.listener.as_ref()));
    }
}

/// The round trip of a tiny request on a connection that is already there; none if there is no answer.
pub(crate) async fn round_trip(url: &JsValue) -> Option<Millis> {
    // Any answer will do, so the bucket's CORS rules need not know of it.
    let init = Json::object().with("mode", "no-cors").with("cache", "no-store").with("credentials", "omit");
    JsFuture::from(fetch(url, &init.0)).await.ok()?;
    let begun = now();
    JsFuture::from(fetch(url, &init.0)).await.ok()?;
    Some(now() - begun)
}
