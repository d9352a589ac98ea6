//! One signed request with byte progress. `fetch` has none: <https://fetch.spec.whatwg.org/#concept-request-body>.

use crate::browser::blob::Blob;
use js_sys::{Array, Object};
use nearput_core::reply::{code_in, etag_in};
use nearput_core::retry::Failure;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

use crate::wire::Json;

// Unlike web-sys's, these take JavaScript's strings as they are, and fail only where they can.
#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    #[wasm_bindgen(js_name = XMLHttpRequest)]
    type Request;

    #[wasm_bindgen(constructor, js_class = "XMLHttpRequest")]
    fn new() -> Request;

    #[wasm_bindgen(method, catch)]
    fn open(this: &Request, method: &JsValue, url: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = setRequestHeader)]
    fn set_header(this: &Request, name: &JsValue, value: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Request, body: &Blob) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn abort(this: &Request);

    #[wasm_bindgen(method, getter)]
    fn upload(this: &Request) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &Request) -> u16;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Request) -> u16;

    #[wasm_bindgen(method, getter, js_name = responseText)]
    fn text(this: &Request) -> String;

    #[wasm_bindgen(method, js_name = getAllResponseHeaders)]
    fn headers(this: &Request) -> String;
}

const DONE: u16 = 4;

/// What is heard of a request.
pub(crate) enum Heard {
    /// Bytes that have left, in all.
    Moved(u64),
    /// The storage has taken the body. Where CORS shows it, with the ETag.
    Stored(Option<String>),
    Failed(Failure),
}

/// A request under way. Dropping it ends it, and nothing more is heard.
pub(crate) struct Xhr {
    request: Request,
    _heard: Closure<dyn FnMut(JsValue)>,
}

impl Xhr {
    /// Sends `body` by a signed request. Fails only if the browser refuses it before it is sent.
    pub(crate) fn send(signed: &Json, body: &Blob, heard: impl Fn(Heard) + 'static) -> Result<Self, JsValue> {
        let request = Request::new();
        request.open(&signed.get("method").0, &signed.get("url").0)?;
        for header in Object::entries(signed.get("headers").0.unchecked_ref()) {
            let header: Array = header.unchecked_into();
            request.set_header(&header.get(0), &header.get(1))?;
        }
        let heard = {
            let request = request.clone();
            Closure::<dyn FnMut(_)>::new(move |event: JsValue| {
                let is_over = request.ready_state() == DONE;
                let sent = || Json(event).number("loaded").unwrap_or_default() as u64;
                heard(if is_over { outcome(&request) } else { Heard::Moved(sent()) });
            })
        };
        listen(&request, heard.as_ref());
        request.send(body)?;
        Ok(Self { request, _heard: heard })
    }
}

impl Drop for Xhr {
    fn drop(&mut self) {
        listen(&self.request, &JsValue::NULL);
        // Ending a request that has already ended does nothing.
        self.request.abort();
    }
}

fn listen(request: &Request, listener: &JsValue) {
    Json(request.upload()).set("onprogress", listener.clone());
    Json(request.into()).set("onloadend", listener.clone());
}

fn outcome(request: &Request) -> Heard {
    match request.status() {
        // Safari reports connections that it dropped itself as aborted: the status is 0 as well.
        0 => Heard::Failed(Failure::Network),
        // Asking for one header that CORS hides writes an error to the console; asking for all does not.
        200..300 => Heard::Stored(etag_in(&request.headers()).map(str::to_owned)),
        status => Heard::Failed(Failure::Reply { status, code: code_in(&request.text()).to_owned() }),
    }
}
