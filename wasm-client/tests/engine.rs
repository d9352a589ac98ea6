//! The engine on a page, where it runs if no worker can be had, with a signer that is not there.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use nearput_client::Engine;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};
use wasm_bindgen::{JsCast, JsError};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &Function, milliseconds: u32);

    type File;
    #[wasm_bindgen(constructor)]
    fn new(bytes: &Array, name: &str) -> File;
}

/// An engine, and what it told.
struct Page {
    engine: Engine,
    events: Rc<RefCell<Vec<JsValue>>>,
    _listener: Closure<dyn FnMut(JsValue)>,
    _token: Closure<dyn FnMut() -> Promise>,
}

impl Page {
    fn new(token: Result<&'static str, &'static str>) -> Self {
        let events = Rc::new(RefCell::new(Vec::new()));
        let heard = events.clone();
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |news: JsValue| {
            heard.borrow_mut().extend(news.unchecked_into::<Array>());
        });
        let token = Closure::<dyn FnMut() -> Promise>::new(move || match token {
            Ok(token) => Promise::resolve(&JsValue::from(token)),
            Err(reason) => Promise::reject(&JsError::new(reason).into()),
        });
        let options = Object::new();
        Reflect::set(&options, &"giveUpAfter".into(), &1.into()).expect("a plain object");
        let function = |closure: &JsValue| closure.clone().unchecked_into::<Function>();
        // Nothing listens at this port.
        let engine =
            Engine::new("http://127.0.0.1:9", options.into(), function(token.as_ref()), function(listener.as_ref()));
        Self { engine, events, _listener: listener, _token: token }
    }

    fn upload(&self, id: u32, name: &str) {
        let bytes = Array::of1(&Uint8Array::new_with_length(100));
        self.engine.upload(id, File::new(&bytes, name).unchecked_into(), JsValue::UNDEFINED);
    }

    /// The states and endings of an upload so far: `queued`, …, `failed: code`.
    fn story(&self, id: u32) -> Vec<String> {
        let text = |value: &JsValue, name: &str| Reflect::get(value, &name.into()).ok()?.as_string();
        let tell = |event: &JsValue| match text(event, "type").as_deref() {
            Some("state") => text(event, "state"),
            Some("failed") => {
                let error = Reflect::get(event, &"error".into()).ok()?;
                Some(format!("failed: {}", text(&error, "code")?))
            }
            _ => None,
        };
        let is_about =
            |event: &&JsValue| Reflect::get(event, &"id".into()).ok().and_then(|id| id.as_f64()) == Some(id.into());
        self.events.borrow().iter().filter(is_about).filter_map(tell).collect()
    }

    async fn until(&self, id: u32, last: &str) -> Vec<String> {
        for _ in 0..500 {
            let story = self.story(id);
            if story.last().is_some_and(|state| state == last) {
                return story;
            }
            sleep(20).await;
        }
        panic!("waited in vain for `{last}`: {:?}", self.story(id));
    }
}

async fn sleep(milliseconds: u32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, milliseconds));
    JsFuture::from(promise).await.expect("it only resolves");
}

#[wasm_bindgen_test]
async fn a_signer_that_does_not_answer_is_waited_for_and_then_named() {
    let page = Page::new(Ok("token"));
    page.upload(1, "a.txt");
    let story = page.until(1, "failed: signer_unreachable").await;
    assert_eq!(story[..2], ["queued", "preparing"], "{story:?}");
    let told = page
        .events
        .borrow()
        .iter()
        .filter_map(|event| JSON::stringify(event).ok())
        .map(String::from)
        .collect::<String>();
    assert!(told.contains("http://127.0.0.1:9") && told.contains("\"retryable\":true"), "{told}");
}

#[wasm_bindgen_test]
async fn a_token_that_cannot_be_had_fails_the_upload() {
    let page = Page::new(Err("not signed in"));
    page.upload(1, "a.txt");
    page.until(1, "failed: unauthenticated").await;
}

#[wasm_bindgen_test]
async fn nothing_is_heard_of_an_upload_after_it_was_cancelled() {
    let page = Page::new(Ok("token"));
    page.upload(1, "a.txt");
    page.upload(2, "b.txt");
    page.engine.cancel(1);
    page.engine.cancel(1);
    page.until(1, "cancelled").await;
    page.until(2, "failed: signer_unreachable").await;
    sleep(100).await;
    let story = page.story(1);
    assert_eq!(story.iter().filter(|state| *state == "cancelled").count(), 1, "{story:?}");
    assert_eq!(story.last().map(String::as_str), Some("cancelled"), "{story:?}");
}

#[wasm_bindgen_test]
async fn an_upload_that_is_paused_before_it_begins_waits_to_be_resumed() {
    let page = Page::new(Ok("token"));
    page.upload(6, "a.txt");
    page.upload(7, "b.txt");
    page.engine.pause(7);
    page.until(6, "failed: signer_unreachable").await;
    assert_eq!(page.story(7), ["queued", "paused"]);
    page.engine.resume(7);
    page.until(7, "failed: signer_unreachable").await;
}
