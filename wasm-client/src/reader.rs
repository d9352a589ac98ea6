//! Reads a file's parts, once each, for their checksums.

use std::cell::{OnceCell, RefCell};

use js_sys::Uint8Array;
use nearput_api::ChecksumAlgorithm;
use nearput_core::checksum::{Checksum, Hasher};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use crate::browser::blob::Blob;
use crate::browser::shredder::Shredder;
use crate::wire::Json;

/// Reading is what costs, not computing, and large slices cost less a byte.
const WORKER_SLICE: u64 = 16 << 20;

/// On the page's own thread a slice must be over before anybody notices.
const PAGE_SLICE: u64 = 1 << 20;

/// The module's memory sees a file through a window of this size.
const WINDOW: usize = 256 << 10;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call)]
    fn copy(into: &mut [u8], bytes: &Uint8Array);
}

/// Reads and checks.
pub(crate) struct Reader {
    /// One for each algorithm that a site has wanted.
    hashers: [OnceCell<Hasher>; 2],
    window: RefCell<Vec<u8>>,
    slice: u64,
    shredder: Shredder,
}

impl Reader {
    pub(crate) fn new() -> Self {
        let on_page = Json(js_sys::global().into()).get("document").exists();
        Self {
            hashers: Default::default(),
            window: RefCell::new(vec![0; WINDOW]),
            slice: if on_page { PAGE_SLICE } else { WORKER_SLICE },
            shredder: Shredder::new(),
        }
    }

    /// The checksum of all of `blob`. Fails if the file behind it is no longer what it was when it was chosen.
    pub(crate) async fn checksum(&self, blob: &Blob, algorithm: ChecksumAlgorithm) -> Result<Checksum, JsValue> {
        let hasher = self.hashers[algorithm as usize].get_or_init(|| Hasher::new(algorithm));
        let size = blob.size() as u64;
        // Of no bytes, but by the algorithm.
        let mut checksum = hasher.extend(Checksum::EMPTY, &[]);
        let mut start = 0;
        while start < size {
            let end = size.min(start + self.slice);
            let bytes = JsFuture::from(slice(blob, start, end).read()).await?;
            checksum = self.extend(hasher, checksum, &bytes, (end - start) as u32);
            self.shredder.free(&bytes);
            start = end;
        }
        Ok(checksum)
    }

    fn extend(&self, hasher: &Hasher, mut checksum: Checksum, bytes: &JsValue, len: u32) -> Checksum {
        let mut window = self.window.borrow_mut();
        for start in (0..len).step_by(WINDOW) {
            let bytes = Uint8Array::new_with_byte_offset_and_length(bytes, start, (len - start).min(WINDOW as u32));
            let view = &mut window[..bytes.length() as usize];
            copy(view, &bytes);
            checksum = hasher.extend(checksum, view);
        }
        checksum
    }
}

/// Whether the file behind `blob` is still what it was when it was chosen.
pub(crate) async fn is_readable(blob: &Blob) -> bool {
    JsFuture::from(slice(blob, 0, 1).read()).await.is_ok()
}

pub(crate) fn slice(blob: &Blob, start: u64, end: u64) -> Blob {
    blob.slice(start as f64, end as f64)
}

#[cfg(test)]
mod tests {
    use js_sys::Array;
    use wasm_bindgen::JsCast;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = Blob)]
        type BlobOf;
        #[wasm_bindgen(constructor, js_class = Blob)]
        fn new(parts: &Array) -> BlobOf;
    }

    fn blob(bytes: &[u8]) -> Blob {
        BlobOf::new(&Array::of1(&Uint8Array::from(bytes))).unchecked_into()
    }

    #[wasm_bindgen_test]
    async fn a_blob_has_the_checksum_of_its_bytes_whatever_the_slices() {
        let bytes: Vec<u8> = (0..5_000_003u32).map(|index| (index % 251) as u8).collect();
        let expected = Hasher::new(ChecksumAlgorithm::Crc64nvme).extend(Checksum::EMPTY, &bytes);
        for slice in [PAGE_SLICE, WORKER_SLICE, 1000] {
            let reader = Reader { slice, ..Reader::new() };
            assert_eq!(reader.checksum(&blob(&bytes), ChecksumAlgorithm::Crc64nvme).await.expect("readable"), expected);
        }
    }

    #[wasm_bindgen_test]
    async fn an_empty_blob_has_the_checksum_of_nothing_by_its_algorithm() {
        for (algorithm, expected) in
            [(ChecksumAlgorithm::Crc64nvme, "AAAAAAAAAAA="), (ChecksumAlgorithm::Crc32c, "AAAAAA==")]
        {
            let checksum = Reader::new().checksum(&blob(&[]), algorithm).await.expect("readable");
            assert_eq!(checksum.to_base64(), expected);
        }
        assert!(is_readable(&blob(&[])).await);
    }
}
