//! Frees the bytes that were read of a file at once. Left to the garbage collector, they pile up to hundreds of megabytes.

use js_sys::Array;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    type MessageChannel;

    #[wasm_bindgen(constructor)]
    fn new() -> MessageChannel;

    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> MessagePort;

    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> MessagePort;

    type MessagePort;

    #[wasm_bindgen(method)]
    fn close(this: &MessagePort);

    #[wasm_bindgen(method, js_name = postMessage)]
    fn post(this: &MessagePort, message: &JsValue, transfer: &Array);
}

/// A port whose other end is closed: what is sent into it is gone.
pub(crate) struct Shredder(MessagePort);

impl Shredder {
    pub(crate) fn new() -> Self {
        let channel = MessageChannel::new();
        channel.port2().close();
        Self(channel.port1())
    }

    /// Ends an `ArrayBuffer`. Nothing may read it any more.
    pub(crate) fn free(&self, buffer: &JsValue) {
        self.0.post(&JsValue::NULL, &Array::of1(buffer));
    }
}

#[cfg(test)]
mod tests {
    use js_sys::ArrayBuffer;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_is_freed_has_no_bytes_left() {
        let shredder = Shredder::new();
        for _ in 0..2 {
            let buffer = ArrayBuffer::new(1000);
            shredder.free(&buffer);
            assert_eq!(buffer.byte_length(), 0);
        }
    }
}
