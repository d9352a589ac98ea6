//! Nearput's upload engine in the browser.
//!
//! `nearput-core` decides, this crate does. In reading order: the page calls the [`engine`]; its [`driver`] feeds the machines of the
//! core and carries out what they ask for, an [`upload`]'s slow [`job`]s among it: the signer is asked for the [`sites`], the
//! [`reader`] reads and checks, the [`signer`] is asked through the words of [`wire`], requests go out through [`browser`]; the page
//! hears of it by [`events`], and in the end by a [`report`].

mod browser;
mod driver;
mod engine;
mod error;
mod events;
mod job;
mod options;
mod reader;
mod report;
mod signer;
mod sites;
mod upload;
mod wire;

pub use engine::Engine;

/// A fifth of the size of the one that comes with Rust.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
