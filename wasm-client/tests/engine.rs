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
        run("if (globalThis.real) globalThis.fetch = globalThis.real;");
        // Nothing listens at this port.
        Self::with_signers(&["http://127.0.0.1:9"], token)
    }

    fn with_signers(signers: &[&str], token: Result<&'static str, &'static str>) -> Self {
        Self::with_options(signers, token, "{ giveUpAfter: 1 }")
    }

    /// The options are JavaScript.
    fn with_options(signers: &[&str], token: Result<&'static str, &'static str>, options: &str) -> Self {
        let events = Rc::new(RefCell::new(Vec::new()));
        let heard = events.clone();
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |news: JsValue| {
            heard.borrow_mut().extend(news.unchecked_into::<Array>());
        });
        let token = Closure::<dyn FnMut() -> Promise>::new(move || match token {
            Ok(token) => Promise::resolve(&JsValue::from(token)),
            Err(reason) => Promise::reject(&JsError::new(reason).into()),
        });
        let options = value(options);
        let function = |closure: &JsValue| closure.clone().unchecked_into::<Function>();
        let signers: Array = signers.iter().map(|signer| JsValue::from(*signer)).collect();
        let engine = Engine::new(signers.into(), options, function(token.as_ref()), function(listener.as_ref()));
        Self { engine, events, _listener: listener, _token: token }
    }

    fn upload(&self, id: u32, name: &str) {
        self.upload_with(id, name, "priority", "");
    }

    fn upload_with(&self, id: u32, name: &str, option: &str, value: &str) {
        let bytes = Array::of1(&Uint8Array::new_with_length(100));
        let options = Object::new();
        Reflect::set(&options, &option.into(), &value.into()).expect("a plain object");
        self.engine.upload(id, File::new(&bytes, name).unchecked_into(), options.into());
    }

    /// A file of so many zeros.
    fn upload_large(&self, id: u32, size: u32, options: &str) {
        let bytes = Array::of1(&Uint8Array::new_with_length(size));
        self.engine.upload(id, File::new(&bytes, "large.bin").unchecked_into(), value(options));
    }

    /// The states and endings of an upload so far: `queued`, …, `failed: code`, `done`.
    fn story(&self, id: u32) -> Vec<String> {
        let text = |value: &JsValue, name: &str| Reflect::get(value, &name.into()).ok()?.as_string();
        let tell = |event: &JsValue| match text(event, "type").as_deref() {
            Some("state") => text(event, "state"),
            Some("failed") => {
                let error = Reflect::get(event, &"error".into()).ok()?;
                Some(format!("failed: {}", text(&error, "code")?))
            }
            Some("done") => Some("done".to_owned()),
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

/// Has a world answer every `fetch`: `near` is 5 ms away and `far` 60 ms, which is the home site; the level `kept` has only that. Of
/// the signers all answer whose name is not `dead`. They open nothing: at a site that is `away` for want of storage, else for want of
/// leave. What they are asked to open is noted.
fn be_the_world(away: &str) {
    let script = "
        const site = (id) => ({ id, region: id, paths: [{ id: 'regional', kind: 'regional', probe_url: `https://${id}.example/` }],
            profile: { max_parts: 10000, min_part_size: 5 << 20, checksum: null, form: true, second_copies: true } });
        const sites = { home: 'far', sites: [site('near'), site('far')], signers: ['http://clear.example', 'https://third.example/'],
            levels: [{ access: 'any', sites: ['near', 'far'] }, { access: 'kept', sites: ['far'] }] };
        globalThis.real ??= globalThis.fetch;
        globalThis.asked = [];
        globalThis.fetch = async (request) => {
            const { host, pathname } = new URL(request.url ?? request);
            if (pathname === '/') {
                await new Promise((resolve) => setTimeout(resolve, host === 'near.example' ? 5 : 60));
                return new Response('');
            }
            globalThis.asked.push(host);
            if (host === 'dead.example') throw new TypeError('Failed to fetch');
            if (pathname === '/v1/sites') return Response.json(sites);
            const { site, files } = JSON.parse(await request.text());
            globalThis.asked.push(site);
            const code = site === away ? 'storage_unavailable' : 'forbidden';
            return Response.json({ server_time: 0, uploads: files.map(() => ({ error: { code, message: code } })) });
        };";
    let world = Function::new_with_args("away", script);
    world.call1(&JsValue::UNDEFINED, &away.into()).expect("it is a script");
}

fn value(of: &str) -> JsValue {
    Function::new_no_args(&format!("return {of};")).call0(&JsValue::UNDEFINED).expect("it is an expression")
}

/// Has a world answer in which everything goes well but what `trouble` has another answer for: the body of a function of a signer's
/// `path` and `host`, the call's `body`, and how often this was called before. The requests to signers are noted as `host path`, with
/// their patience apart; a site has two paths, and its parts are signed for the second one.
fn be_a_world_where(trouble: &str) {
    be_the_world("");
    let script = "
        const trouble = new Function('path', 'host', 'body', 'before', source);
        const probe = globalThis.fetch;
        const key = { ticket: 't', key: 'k' };
        const site = (id) => ({ id, region: id, credentials: true,
            paths: ['one', 'two'].map((id) => ({ id, kind: 'regional', probe_url: `https://${id}.example/` })),
            profile: { max_parts: 10000, min_part_size: 5 << 20, checksum: null, form: true, second_copies: true } });
        const sign = (number) => ({ number, method: 'PUT', urls: { two: 'https://two.example/part' }, headers: {}, expires_at: 1e12 });
        const replies = {
            '/v1/sites': () => ({ home: 'near', sites: [site('near'), site('far')], levels: [], routing: 'home' }),
            '/v1/uploads': ({ site }) => ({ server_time: 0, uploads: [{ ...key, site, parts: [sign(1)] }] }),
            '/v1/uploads/sign': ({ parts }) => ({ server_time: 0, parts: parts.map(({ number }) => sign(number)) }),
            '/v1/uploads/complete': () => ({ uploads: [key] }),
            '/v1/uploads/abort': () => ({}),
        };
        globalThis.realTimeout ??= AbortSignal.timeout;
        globalThis.patience = {};
        let last;
        AbortSignal.timeout = (milliseconds) => realTimeout.call(AbortSignal, last = milliseconds);
        Math.random = () => 0.1;
        const counts = {};
        globalThis.fetch = async (request) => {
            const { host, pathname } = new URL(request.url ?? request);
            if (pathname === '/') return probe(request);
            globalThis.asked.push(`${host} ${pathname}`);
            globalThis.patience[pathname] = last;
            const body = JSON.parse(await request.text());
            const before = counts[pathname] ?? 0;
            counts[pathname] = before + 1;
            const troubled = await trouble(pathname, host, body, before);
            if (troubled instanceof Response) return troubled;
            return Response.json(troubled ?? replies[pathname](body));
        };
        globalThis.XMLHttpRequest = class {
            upload = {};
            responseText = '';
            open() {}
            setRequestHeader() {}
            getAllResponseHeaders() { return ''; }
            abort() {}
            send() {
                setTimeout(() => {
                    this.readyState = 4;
                    this.status = 200;
                    this.onloadend?.({});
                });
            }
        };";
    let world = Function::new_with_args("source", script);
    world.call1(&JsValue::UNDEFINED, &trouble.into()).expect("it is a script");
}

/// How often this was asked of any signer.
fn count(path: &str) -> usize {
    asked().iter().filter(|asked| asked.ends_with(path)).count()
}

fn run(script: &str) {
    Function::new_no_args(script).call0(&JsValue::UNDEFINED).expect("it is a script");
}

/// What the signers were asked to open, and by whose name.
fn asked() -> Vec<String> {
    let asked = Reflect::get(&js_sys::global(), &"asked".into()).expect("it is kept");
    asked.unchecked_into::<Array>().iter().filter_map(|name| name.as_string()).collect()
}

#[wasm_bindgen_test]
async fn where_a_signer_does_not_answer_the_next_one_is_asked_and_the_first_is_left() {
    be_the_world("");
    let page = Page::with_signers(&["https://dead.example", "https://live.example"], Ok("token"));
    page.upload(1, "a.txt");
    let story = page.until(1, "failed: forbidden").await;
    assert!(!story.contains(&"waiting".to_owned()), "{story:?}");
    assert_eq!(asked(), ["dead.example", "live.example", "live.example", "near"]);
}

#[wasm_bindgen_test]
async fn a_signer_that_another_one_has_named_is_asked_where_that_one_falls_silent() {
    be_the_world("");
    let page = Page::with_signers(&["https://live.example"], Ok("token"));
    page.engine.sites(1);
    while asked().is_empty() {
        sleep(10).await;
    }
    sleep(300).await;
    run("const before = fetch;
         globalThis.fetch = async (request) => {
             if (new URL(request.url ?? request).host !== 'live.example') return before(request);
             throw new TypeError('Failed to fetch');
         };");
    page.upload(2, "a.txt");
    page.until(2, "failed: forbidden").await;
    assert_eq!(asked(), ["live.example", "third.example", "near"]);
}

#[wasm_bindgen_test]
async fn a_file_goes_to_the_nearest_site_that_its_access_level_lists() {
    be_the_world("");
    let page = Page::with_signers(&["https://live.example"], Ok("token"));
    page.upload(1, "a.txt");
    page.until(1, "failed: forbidden").await;
    page.upload_with(2, "b.txt", "access", "kept");
    page.until(2, "failed: forbidden").await;
    let sites: Vec<_> = asked().into_iter().filter(|name| name != "live.example").collect();
    assert_eq!(sites, ["near", "far"]);
}

#[wasm_bindgen_test]
async fn a_site_whose_storage_is_away_is_left_for_the_next_one_unless_there_is_none() {
    be_the_world("near");
    let page = Page::with_signers(&["https://live.example"], Ok("token"));
    page.upload(1, "a.txt");
    let story = page.until(1, "failed: forbidden").await;
    assert!(!story.contains(&"waiting".to_owned()), "{story:?}");
    let (live, third) = ("live.example", "third.example");
    assert_eq!(asked(), [live, live, "near", third, "near", third, "far"], "another signer is asked first");

    be_the_world("far");
    page.upload_with(2, "b.txt", "access", "kept");
    page.until(2, "failed: storage_unavailable").await;
}

#[wasm_bindgen_test]
async fn whoever_asks_for_the_sites_is_told_of_them_once_they_are_measured() {
    be_the_world("");
    let page = Page::with_signers(&["https://live.example"], Ok("token"));
    page.engine.sites(7);
    let told = loop {
        let events = page.events.borrow().clone();
        let is_answer = |event: &&JsValue| Reflect::get(event, &"id".into()) == Ok(7.into());
        if let Some(answer) = events.iter().find(is_answer) {
            break String::from(JSON::stringify(answer).expect("it is plain"));
        }
        sleep(20).await;
    };
    for words in ["\"type\":\"sites\"", "\"id\":\"near\"", "\"chosen\":true", "\"home\":true", "\"alive\":true"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(!told.contains("null"), "both are measured: {told}");
}

const LARGE: u32 = 20 << 20;
const TWO: [&str; 2] = ["https://one.example", "https://two.example"];

#[wasm_bindgen_test]
async fn a_storage_that_is_away_when_all_is_sent_is_waited_for_and_the_bytes_are_not_sent_again() {
    be_a_world_where(
        "if (path.endsWith('complete') && before < 5) return { uploads: [{ error: { code: 'storage_unavailable', message: '' } }] };",
    );
    let page = Page::with_options(&TWO, Ok("token"), "{}");
    page.upload_large(1, LARGE, "{}");
    page.until(1, "done").await;
    assert_eq!((count(" /v1/uploads"), count("/complete"), count("/abort")), (1, 6, 0), "{:?}", asked());
}

#[wasm_bindgen_test]
async fn a_signer_whose_gateway_has_lost_its_patience_is_asked_again_to_complete_and_no_other() {
    be_a_world_where(
        "if (path.endsWith('complete') && before < 3) return new Response('Service Unavailable', { status: 503 });",
    );
    let page = Page::with_options(&TWO, Ok("token"), "{}");
    page.upload_large(1, LARGE, "{}");
    page.until(1, "done").await;
    assert_eq!(count("one.example /v1/uploads/complete"), 4, "{:?}", asked());
}

#[wasm_bindgen_test]
async fn what_would_be_done_twice_is_waited_for_longer_before_another_signer_is_asked() {
    be_a_world_where("");
    let page = Page::with_options(&TWO, Ok("token"), "{ stallAfter: 800 }");
    page.upload_large(1, LARGE, "{}");
    page.until(1, "done").await;
    let patience = String::from(JSON::stringify(&value("patience")).expect("it is plain"));
    let expected = [
        "\"/v1/sites\":300,",
        "\"/v1/uploads\":1200,",
        "\"/v1/uploads/sign\":300,",
        "\"/v1/uploads/complete\":302400}",
    ];
    assert!(expected.iter().all(|one| patience.contains(one)), "{patience}");
}

#[wasm_bindgen_test]
async fn an_upload_that_goes_from_site_to_site_is_given_up_in_time() {
    be_a_world_where(
        "if (path === '/v1/uploads') return new Promise((resolve) => setTimeout(resolve, 20)).then(() => ({ error: { code: 'storage_unavailable', message: '' } }));",
    );
    // A minute passes in 60 ms.
    run("const real = performance.now.bind(performance), start = real();
         performance.now = () => start + 1000 * (real() - start);");
    let page = Page::with_options(&TWO[..1], Ok("token"), "{ giveUpAfter: 600000 }");
    page.upload_large(1, LARGE, "{}");
    page.until(1, "failed: storage_unavailable").await;
    run("delete performance.now;");
}

#[wasm_bindgen_test]
async fn a_signer_that_does_not_reach_the_storage_is_left_and_the_site_is_not() {
    be_a_world_where(
        "if (path === '/v1/uploads' && host === 'one.example') return { error: { code: 'storage_unavailable', message: '' } };
         if (path === '/v1/uploads' && body.site !== 'near') return { error: { code: 'forbidden', message: '' } };",
    );
    let page = Page::with_options(&TWO, Ok("token"), "{}");
    page.upload_large(1, LARGE, "{}");
    page.until(1, "done").await;
    assert_eq!(count("one.example /v1/uploads/complete"), 0, "{:?}", asked());
}

#[wasm_bindgen_test]
async fn a_site_that_holds_parts_of_an_interrupted_upload_is_waited_for_longer_than_one_that_holds_none() {
    be_a_world_where(
        "if (path.endsWith('parts')) return { error: { code: 'storage_unavailable', message: '' } };
         if (path === '/v1/uploads') return { error: { code: 'forbidden', message: body.site } };",
    );
    let page = Page::with_options(&TWO[..1], Ok("token"), "{}");
    let resume = |parts: &str| {
        format!("{{ resume: {{ ticket: 't', site: 'near', key: 'k', partSize: {}, parts: [{parts}] }} }}", 8 << 20)
    };
    page.upload_large(1, LARGE, &resume(""));
    page.until(1, "failed: forbidden").await;
    let without = count("/parts");
    page.upload_large(2, LARGE, &resume("{ number: 1 }"));
    page.until(2, "failed: forbidden").await;
    assert!(without == 3 && count("/parts") > 2 * without + 2, "{:?}", asked());
}

#[wasm_bindgen_test]
async fn parts_are_signed_by_the_signer_where_it_has_no_credentials_to_give() {
    be_a_world_where("if (path === '/v1/credentials') return { error: { code: 'storage_refused', message: '' } };");
    let page = Page::with_options(&TWO[..1], Ok("token"), "{ sign: async () => [] }");
    page.upload_large(1, 2 * LARGE, "{}");
    page.until(1, "done").await;
    assert_eq!(count("/v1/credentials"), 1, "{:?}", asked());
    assert!(count("/sign") > 0, "{:?}", asked());
}

#[wasm_bindgen_test]
async fn a_page_keeps_its_own_handler_of_its_connection() {
    run("navigator.connection.onchange = () => {};");
    drop(Page::new(Ok("token")));
    let page = Page::new(Ok("token"));
    assert!(value("navigator.connection.onchange").is_function());
    drop(page);
    assert!(value("navigator.connection.onchange").is_function());
}
