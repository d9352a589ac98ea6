//! The checksums that a client gave with a request, in its headers or after its body.

use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::Checksum;
use s3s::{S3Request, S3Result, TrailingHeaders, s3_error};

const CRC64NVME: &str = "x-amz-checksum-crc64nvme";
const CONTENT_MD5: &str = "content-md5";
const CRC32: &str = "x-amz-checksum-crc32";
const CRC32C: &str = "x-amz-checksum-crc32c";
const SHA1: &str = "x-amz-checksum-sha1";
const SHA256: &str = "x-amz-checksum-sha256";

/// What the body must turn out to be.
pub(super) struct Promises {
    headers: HeaderMap,
    trailers: Option<TrailingHeaders>,
}

impl Promises {
    pub(super) fn of<T>(request: &S3Request<T>) -> Self {
        Self { headers: request.headers.clone(), trailers: request.trailing_headers.clone() }
    }

    /// Whether a checksum of this name was given, or is announced to follow the body.
    pub(super) fn contains(&self, name: &str) -> bool {
        let announced = || self.headers.get("x-amz-trailer").and_then(|names| names.to_str().ok()).unwrap_or_default();
        self.headers.contains_key(name) || announced().split(',').any(|known| known.trim().eq_ignore_ascii_case(name))
    }

    /// Computes what was promised, and always CRC64NVME, as S3 does.
    pub(super) fn hasher(&self) -> ChecksumHasher {
        ChecksumHasher {
            crc64nvme: Some(Default::default()),
            crc32: self.contains(CRC32).then(Default::default),
            crc32c: self.contains(CRC32C).then(Default::default),
            sha1: self.contains(SHA1).then(Default::default),
            sha256: self.contains(SHA256).then(Default::default),
        }
    }

    /// Computes MD5 where it was promised: it is slower than the network.
    pub(super) fn md5(&self) -> Option<Md5> {
        self.contains(CONTENT_MD5).then(Md5::default)
    }

    /// Refuses a body that is not what was promised. To be asked after the body has ended: trailers are known only then.
    pub(super) fn check(&self, computed: &Checksum, md5: Option<Md5>) -> S3Result<()> {
        let trailers = self.trailers.as_ref().and_then(TrailingHeaders::take).unwrap_or_default();
        let md5 = md5.map(|md5| BASE64_STANDARD.encode(md5.finalize()));
        for (name, computed) in [
            (CONTENT_MD5, &md5),
            (CRC64NVME, &computed.checksum_crc64nvme),
            (CRC32, &computed.checksum_crc32),
            (CRC32C, &computed.checksum_crc32c),
            (SHA1, &computed.checksum_sha1),
            (SHA256, &computed.checksum_sha256),
        ] {
            let promised = self.headers.get(name).or_else(|| trailers.get(name));
            if promised.is_some_and(|promised| Some(promised.as_bytes()) != computed.as_deref().map(str::as_bytes)) {
                return Err(s3_error!(BadDigest, "The body that arrived does not have the {name} that was given."));
            }
        }
        Ok(())
    }
}
