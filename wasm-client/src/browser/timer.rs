//! Waiting.

use std::time::Duration;

use js_sys::{Function, Promise};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &Function, milliseconds: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// A call in the future, which dropping takes back.
pub(crate) struct Timer {
    id: JsValue,
    _call: Closure<dyn FnMut()>,
}

impl Timer {
    pub(crate) fn after(wait: Duration, call: impl FnOnce() + 'static) -> Self {
        let call = Closure::once(call);
        let id = set_timeout(call.as_ref().unchecked_ref(), milliseconds(wait));
        Self { id, _call: call }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

pub(crate) async fn sleep(wait: Duration) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, milliseconds(wait));
    });
    // It only ever resolves.
    let _ = JsFuture::from(promise).await;
}

fn milliseconds(wait: Duration) -> f64 {
    wait.as_secs() as f64 * 1000.0 + f64::from(wait.subsec_millis())
}
