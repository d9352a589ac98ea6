//! One signed request with byte progress. `fetch` has none: <https://fetch.spec.whatwg.org/#concept-request-body>.

use crate::browser::blob::Blob;
use js_sys::{Array, Object};
use nearput_core::reply::{code_in, etag_in, retry_after_in};
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
    fn send(this: &Request, body: &JsValue) -> Result<(), JsValue>;

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

    type FormData;

    #[wasm_bindgen(constructor)]
    fn new() -> FormData;

    #[wasm_bindgen(method)]
    fn append(this: &FormData, name: &JsValue, value: &JsValue);
}

const DONE: u16 = 4;

/// What is heard of a request.
#[derive(Clone)]
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
    /// Sends `body` by a signed request, to one of its addresses. Fails only if the browser refuses it before it is sent.
    pub(crate) fn send(
        signed: &Json,
        url: &JsValue,
        body: &Blob,
        heard: impl Fn(Heard) + 'static,
    ) -> Result<Self, JsValue> {
        let request = Request::new();
        request.open(&signed.get("method").0, url)?;
        for (name, value) in pairs(&signed.get("headers")) {
            request.set_header(&name, &value)?;
        }
        let heard = {
            let request = request.clone();
            Closure::<dyn FnMut(_)>::new(move |event: JsValue| {
                let is_over = request.ready_state() == DONE;
                let sent = || Json(event).number("loaded").unwrap_or_default() as u64;
                heard(if is_over { outcome(&request) } else { Heard::Moved(sent()) });
            })
        };
        Json(request.clone().into()).set("onloadend", heard.as_ref().clone());
        let fields = signed.get("fields");
        if fields.exists() {
            // Whoever listens to a form's progress pays a preflight for it.
            request.send(&form(&fields, body))?;
        } else {
            Json(request.upload()).set("onprogress", heard.as_ref().clone());
            request.send(body.as_ref())?;
        }
        Ok(Self { request, _heard: heard })
    }
}

impl Drop for Xhr {
    fn drop(&mut self) {
        Json(self.request.clone().into()).set("onloadend", JsValue::NULL);
        Json(self.request.upload()).set("onprogress", JsValue::NULL);
        // Ending a request that has already ended does nothing.
        self.request.abort();
    }
}

fn pairs(object: &Json) -> impl Iterator<Item = (JsValue, JsValue)> {
    let entries = if object.exists() { Object::entries(object.0.unchecked_ref()) } else { Array::new() };
    entries.into_iter().map(|entry| {
        let entry: Array = entry.unchecked_into();
        (entry.get(0), entry.get(1))
    })
}

/// The storage ignores every field that comes after the file.
fn form(fields: &Json, file: &Blob) -> JsValue {
    let form = FormData::new();
    for (name, value) in pairs(fields) {
        form.append(&name, &value);
    }
    form.append(&"file".into(), file.as_ref());
    form.into()
}

fn outcome(request: &Request) -> Heard {
    match request.status() {
        // Safari reports connections that it dropped itself as aborted: the status is 0 as well.
        0 => Heard::Failed(Failure::Network),
        // Asking for one header that CORS hides writes an error to the console; asking for all does not.
        200..300 => Heard::Stored(etag_in(&request.headers()).map(str::to_owned)),
        status => {
            let (code, retry_after) = (code_in(&request.text()).to_owned(), retry_after_in(&request.headers()));
            Heard::Failed(Failure::Reply { status, code, retry_after })
        }
    }
}
