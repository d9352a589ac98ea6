//! What the page, or the worker for it, calls.

use std::rc::Rc;

use crate::browser::blob::Blob;
use js_sys::Function;
use nearput_core::parts::Event;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::browser::clock::now;
use crate::driver::Driver;
use crate::events::Events;
use crate::job::Job;
use crate::options::{EngineOptions, FileOptions};
use crate::signer::Signer;
use crate::upload::Upload;
use crate::wire::Json;

/// Uploads files. `nearput.js` wraps it; its events and options are described in `nearput.d.ts`.
#[wasm_bindgen]
pub struct Engine {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Engine {
    /// `signers` is an array of the addresses to be tried; `get_token` gives a promise of the caller's token; `on_events` hears of every upload, in arrays of events.
    #[wasm_bindgen(constructor)]
    pub fn new(signers: JsValue, options: JsValue, get_token: Function, on_events: Function) -> Self {
        let signer = Signer::new(&Json(signers), get_token);
        Self { driver: Driver::new(signer, EngineOptions::read(&Json(options)), Events::new(on_events)) }
    }

    /// Uploads a file under a number that the caller has not used before.
    pub fn upload(&self, id: u32, file: Blob, options: JsValue) {
        let options = FileOptions::read(&Json(options), &Json(file.clone().into()));
        self.driver.add(Upload::new(id, file, options, now()));
    }

    /// Tells of the sites, by a number that the caller has not used before, once they are measured.
    pub fn sites(&self, id: u32) {
        self.driver.start(Job::TellSites(id));
    }

    pub fn pause(&self, id: u32) {
        self.driver.handle(id, Event::Pause);
    }

    pub fn resume(&self, id: u32) {
        self.driver.handle(id, Event::Resume);
    }

    pub fn cancel(&self, id: u32) {
        self.driver.cancel(id);
    }
}
