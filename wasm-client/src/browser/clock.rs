//! The time since the page or worker began, and chance.

use nearput_core::Millis;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    /// From 0 up to 1.
    #[wasm_bindgen(js_namespace = Math)]
    pub(crate) fn random() -> f64;
}

pub(crate) fn now() -> Millis {
    performance_now() as Millis
}
