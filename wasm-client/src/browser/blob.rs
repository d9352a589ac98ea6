//! The bytes of a file. Unlike web-sys's, `slice` does not claim to fail: it never reads.

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    pub type Blob;

    /// In bytes.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn size(this: &Blob) -> f64;

    #[wasm_bindgen(method)]
    pub(crate) fn slice(this: &Blob, start: f64, end: f64) -> Blob;

    /// Gives an `ArrayBuffer`, unless the file is no longer what it was when it was chosen.
    #[wasm_bindgen(method, js_name = arrayBuffer)]
    pub(crate) fn read(this: &Blob) -> Promise;
}
