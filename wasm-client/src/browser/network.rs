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

    #[wasm_bindgen(js_namespace = ["navigator", "connection"], js_name = addEventListener, catch)]
    fn listen_to_connection(event: &str, listener: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "connection"], js_name = removeEventListener, catch)]
    fn unlisten_to_connection(event: &str, listener: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &JsValue, init: &JsValue) -> Promise;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    pub(crate) fn abort_after(millis: f64) -> JsValue;
}

/// Hears the browser say that the network is there again, or gone, or another one, until it is dropped.
pub(crate) struct Network {
    listener: Closure<dyn FnMut(JsValue)>,
}

const EVENTS: [&str; 2] = ["online", "offline"];

/// Of the browser's connection.
const CHANGE: &str = "change";

/// What has become of the network.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Change {
    Online,
    Offline,
    /// It may be another one, or only as fast as another: <https://wicg.github.io/netinfo/#onchange-attribute>.
    Perhaps,
}

impl Network {
    pub(crate) fn watch(changed: impl Fn(Change) + 'static) -> Self {
        let listener = Closure::<dyn FnMut(_)>::new(move |event: JsValue| {
            changed(match Json(event).string("type").as_deref() {
                Some("online") => Change::Online,
                Some("offline") => Change::Offline,
                Some(_) | None => Change::Perhaps,
            });
        });
        EVENTS.iter().for_each(|event| listen(event, listener.as_ref()));
        // Not every browser says what kind of network there is.
        _ = listen_to_connection(CHANGE, listener.as_ref());
        Self { listener }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        EVENTS.iter().for_each(|event| unlisten(event, self.listener.as_ref()));
        _ = unlisten_to_connection(CHANGE, self.listener.as_ref());
    }
}

/// Times so many tiny requests on a connection that is already there, one after the other; fewer if one is not answered in time.
/// There is another patience for the first one, which makes the connection.
pub(crate) async fn round_trips(
    url: &JsValue,
    count: u32,
    (first, patience): (Millis, Millis),
    mut took: impl FnMut(Millis),
) {
    for turn in 0..=count {
        let patience = if turn == 0 { first } else { patience };
        // Any answer will do, so the bucket's CORS rules need not know of it.
        let init = Json::object()
            .with("mode", "no-cors")
            // Its reply has no body that would hold the connection up.
            .with("method", "HEAD")
            .with("cache", "no-store")
            .with("credentials", "omit")
            .with("signal", abort_after(patience as f64));
        let begun = now();
        if JsFuture::from(fetch(url, &init.0)).await.is_err() {
            return;
        }
        if turn > 0 {
            took(now() - begun);
        }
    }
}
