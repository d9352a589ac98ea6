//! Waiting.

use std::future::poll_fn;
use std::task::Poll;

use nearput_core::Millis;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &JsValue, milliseconds: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// A call in the future, which dropping takes back.
pub(crate) struct Timer {
    id: JsValue,
    _call: Closure<dyn FnMut(JsValue)>,
}

impl Timer {
    pub(crate) fn after(wait: Millis, call: impl Fn() + 'static) -> Self {
        let call = Closure::<dyn FnMut(_)>::new(move |_| call());
        Self { id: set_timeout(call.as_ref(), wait as f64), _call: call }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

/// To be awaited by a task that awaits nothing else meanwhile.
pub(crate) fn sleep(wait: Millis) -> impl Future<Output = ()> {
    let mut timer = None;
    poll_fn(move |context| {
        if timer.is_some() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        timer = Some(Timer::after(wait, move || waker.wake_by_ref()));
        Poll::Pending
    })
}
