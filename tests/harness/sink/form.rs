//! The form of a POST upload: its key, and the size and checksum of its file.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::CrcAlgorithm;

/// What a form asks to store.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) key: String,
    /// In bytes.
    pub(super) size: u64,
    /// S3 computes it by itself, and so does the sink.
    pub(super) checksum: String,
}

impl Form {
    /// None where it is not a form that S3 would take: `multipart/form-data` with a key, and the file last.
    pub(super) fn read(content_type: &str, body: &[u8]) -> Option<Self> {
        let (_, boundary) = content_type.split_once("boundary=")?;
        let delimiter = format!("--{}", boundary.trim_matches('"'));
        let mut rest = body.strip_prefix(delimiter.as_bytes())?;
        let delimiter = format!("\r\n{delimiter}");
        let mut key = None;
        loop {
            let (head, content) = split(rest.strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
            if has_name(head, "file") {
                // Nothing but the end may follow the file; so its bytes need not be searched.
                let file = content.trim_ascii_end().strip_suffix(b"--")?.strip_suffix(delimiter.as_bytes())?;
                return Some(Self { key: key?, size: file.len() as u64, checksum: crc64nvme(file) });
            }
            let (value, next) = split(content, delimiter.as_bytes())?;
            if has_name(head, "key") {
                key = Some(String::from_utf8(value.to_vec()).ok()?);
            }
            rest = next;
        }
    }
}

fn has_name(head: &[u8], name: &str) -> bool {
    split(head, format!("name=\"{name}\"").as_bytes()).is_some()
}

/// What is before and after the first `mark`.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

fn crc64nvme(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes).to_be_bytes())
}
