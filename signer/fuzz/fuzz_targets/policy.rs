//! What is granted: see `nearput_signer::fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nearput_signer::fuzz::policy(data));
