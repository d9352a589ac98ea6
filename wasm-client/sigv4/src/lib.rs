//! Signs requests in the page, by temporary credentials. `web/credentials.js` calls it.
//!
//! It is apart from the engine's module, so that only pages that sign download it; and it takes and gives lines of text, since
//! every other way to hand something over makes the download larger.

use nearput_core::sigv4::{Credentials, Presigner, Request};
use wasm_bindgen::prelude::wasm_bindgen;

/// A fifth of the size of the one that comes with Rust.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The address of each request, signed, on a line of its own; good for `expires_in` seconds.
///
/// `signing` has these lines: access key id, secret access key, session token, region, and the time as AWS writes it
/// (`20130524T000000Z`). Each request has the lines method, address, and for each header its name in lower case, a colon and its
/// value; and ends with an empty line.
#[wasm_bindgen]
pub fn presign(signing: &str, requests: &str, expires_in: u32) -> String {
    let mut lines = signing.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (access_key_id, secret_access_key, session_token) = (line(), line(), Some(line()));
    let credentials = Credentials {
        access_key_id,
        secret_access_key,
        session_token: session_token.filter(|token| !token.is_empty()),
    };
    let (region, time) = (line(), line());
    let presigner = Presigner::new(credentials, region, time);

    let mut signed = String::new();
    let mut lines = requests.split('\n');
    while let (Some(method), Some(url)) = (lines.next(), lines.next()) {
        let headers: Vec<_> = lines.by_ref().map_while(|line| line.split_once(':')).collect();
        signed.push_str(&presigner.sign(&Request { method, url, headers: &headers }, expires_in));
        signed.push('\n');
    }
    signed
}
