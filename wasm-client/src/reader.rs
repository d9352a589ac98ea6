//! Reads a file's parts, once each, for their checksums.

use std::cell::RefCell;

use js_sys::Uint8Array;
use nearput_core::checksum::{Checksum, Crc64Nvme};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// Reading is what costs, not computing, and large slices cost less a byte.
const WORKER_SLICE: u64 = 8 << 20;

/// On the page's own thread a slice must be over before anybody notices.
const PAGE_SLICE: u64 = 1 << 20;

/// The module's memory sees a file through a window of this size.
const WINDOW: usize = 256 << 10;

/// Reads and checks.
pub(crate) struct Reader {
    crc: Crc64Nvme,
    window: RefCell<Vec<u8>>,
    slice: u64,
}

impl Reader {
    pub(crate) fn new() -> Self {
        let on_page = js_sys::Reflect::has(&js_sys::global(), &"document".into()).unwrap_or(false);
        Self {
            crc: Crc64Nvme::new(),
            window: RefCell::new(vec![0; WINDOW]),
            slice: if on_page { PAGE_SLICE } else { WORKER_SLICE },
        }
    }

    /// The checksum of all of `blob`. Fails if the file behind it is no longer what it was when it was chosen.
    pub(crate) async fn checksum(&self, blob: &Blob) -> Result<Checksum, JsValue> {
        let size = blob.size() as u64;
        let mut checksum = Checksum::EMPTY;
        let mut start = 0;
        while start < size {
            let end = size.min(start + self.slice);
            let slice = slice(blob, start, end)?;
            let bytes = Uint8Array::new(&JsFuture::from(slice.array_buffer()).await?);
            checksum = self.extend(checksum, &bytes);
            start = end;
        }
        Ok(checksum)
    }

    fn extend(&self, mut checksum: Checksum, bytes: &Uint8Array) -> Checksum {
        let mut window = self.window.borrow_mut();
        let mut start = 0;
        while start < bytes.length() {
            let end = bytes.length().min(start + WINDOW as u32);
            let view = &mut window[..(end - start) as usize];
            bytes.subarray(start, end).copy_to(view);
            checksum = self.crc.extend(checksum, view);
            start = end;
        }
        checksum
    }
}

/// Whether the file behind `blob` is still what it was when it was chosen.
pub(crate) async fn is_readable(blob: &Blob) -> bool {
    let Ok(byte) = slice(blob, 0, 1) else { return false };
    JsFuture::from(byte.array_buffer()).await.is_ok()
}

pub(crate) fn slice(blob: &Blob, start: u64, end: u64) -> Result<Blob, JsValue> {
    blob.slice_with_f64_and_f64(start as f64, end as f64)
}
