//! One signed request with byte progress. `fetch` has none: <https://fetch.spec.whatwg.org/#concept-request-body>.

use nearput_core::retry::{Failure, code_in};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::{Blob, ProgressEvent, XmlHttpRequest};

use crate::wire::Json;

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
    xhr: XmlHttpRequest,
    _heard: Closure<dyn Fn(ProgressEvent)>,
}

impl Xhr {
    /// Sends `body` by a signed request. Fails only if the browser refuses it before it is sent.
    pub(crate) fn send(signed: &Json, body: &Blob, heard: impl Fn(Heard) + 'static) -> Result<Self, JsValue> {
        let xhr = XmlHttpRequest::new()?;
        xhr.open(&signed.string("method").unwrap_or_default(), &signed.string("url").unwrap_or_default())?;
        for (name, value) in signed.get("headers").map(|headers| headers.entries()).unwrap_or_default() {
            xhr.set_request_header(&name, &value)?;
        }
        let heard = {
            let xhr = xhr.clone();
            Closure::<dyn Fn(_)>::new(move |event: ProgressEvent| {
                let is_over = xhr.ready_state() == XmlHttpRequest::DONE;
                heard(if is_over { outcome(&xhr) } else { Heard::Moved(event.loaded() as u64) });
            })
        };
        let listener = Some(heard.as_ref().unchecked_ref());
        xhr.upload()?.set_onprogress(listener);
        xhr.set_onloadend(listener);
        xhr.send_with_opt_blob(Some(body))?;
        Ok(Self { xhr, _heard: heard })
    }
}

impl Drop for Xhr {
    fn drop(&mut self) {
        self.xhr.set_onloadend(None);
        if let Ok(upload) = self.xhr.upload() {
            upload.set_onprogress(None);
        }
        // Ending a request that has already ended does nothing.
        let _ = self.xhr.abort();
    }
}

fn outcome(xhr: &XmlHttpRequest) -> Heard {
    match xhr.status().unwrap_or(0) {
        // Safari reports connections that it dropped itself as aborted: the status is 0 as well.
        0 => Heard::Failed(Failure::Network),
        200..300 => Heard::Stored(etag(xhr)),
        status => {
            let body = xhr.response_text().ok().flatten().unwrap_or_default();
            Heard::Failed(Failure::Reply { status, code: code_in(&body).to_owned() })
        }
    }
}

/// Asking for one header that CORS hides writes an error to the console; asking for all does not.
fn etag(xhr: &XmlHttpRequest) -> Option<String> {
    let headers = xhr.get_all_response_headers().ok()?;
    headers.split('\n').find_map(|line| line.strip_prefix("etag: ")).map(|etag| etag.trim_ascii().to_owned())
}
