//! Checksums as S3 writes them: base64 of the big-endian bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nearput_api::ChecksumAlgorithm;

/// A checksum of a known algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: ChecksumAlgorithm,
    text: String,
}

/// A checksum that is needed and not there, or is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidChecksum {
    #[error("the checksum of {of} is missing; send its {} as base64", name(*.algorithm))]
    Missing { algorithm: ChecksumAlgorithm, of: Checked },
    #[error("the checksum of {of} is not a {}: it must be the base64 of {} bytes", name(*.algorithm), bytes(*.algorithm))]
    Malformed { algorithm: ChecksumAlgorithm, of: Checked },
}

/// What a checksum is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    Part(u32),
    File,
}

impl Checksum {
    /// The checksum that `algorithm` requires; none where the storage knows no algorithm.
    pub(crate) fn required(
        algorithm: Option<ChecksumAlgorithm>,
        given: Option<&str>,
        of: Checked,
    ) -> Result<Option<Self>, InvalidChecksum> {
        match (algorithm, given) {
            (None, _) => Ok(None),
            (Some(algorithm), None) => Err(InvalidChecksum::Missing { algorithm, of }),
            (Some(algorithm), Some(text)) => Self::parse(algorithm, text, of).map(Some),
        }
    }

    /// The checksum, where there is one.
    pub(crate) fn optional(
        algorithm: Option<ChecksumAlgorithm>,
        given: Option<&str>,
        of: Checked,
    ) -> Result<Option<Self>, InvalidChecksum> {
        match (algorithm, given) {
            (Some(algorithm), Some(text)) => Self::parse(algorithm, text, of).map(Some),
            (None, _) | (_, None) => Ok(None),
        }
    }

    fn parse(algorithm: ChecksumAlgorithm, text: &str, of: Checked) -> Result<Self, InvalidChecksum> {
        match BASE64_STANDARD.decode(text) {
            Ok(decoded) if decoded.len() == bytes(algorithm) => Ok(Self { algorithm, text: text.to_owned() }),
            Ok(_) | Err(_) => Err(InvalidChecksum::Malformed { algorithm, of }),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The header that carries it to the storage.
    pub(crate) fn header(&self) -> &'static str {
        match self.algorithm {
            ChecksumAlgorithm::Crc64nvme => "x-amz-checksum-crc64nvme",
            ChecksumAlgorithm::Crc32c => "x-amz-checksum-crc32c",
        }
    }
}

pub(crate) fn name(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Crc64nvme => "CRC64NVME",
        ChecksumAlgorithm::Crc32c => "CRC32C",
    }
}

fn bytes(algorithm: ChecksumAlgorithm) -> usize {
    match algorithm {
        ChecksumAlgorithm::Crc64nvme => 8,
        ChecksumAlgorithm::Crc32c => 4,
    }
}

impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Part(number) => write!(f, "part {number}"),
            Self::File => f.write_str("the file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parses(algorithm: ChecksumAlgorithm, text: &str) -> bool {
        Checksum::required(Some(algorithm), Some(text), Checked::File).is_ok()
    }

    #[test]
    fn a_checksum_is_the_base64_of_as_many_bytes_as_its_algorithm_has() {
        use ChecksumAlgorithm::{Crc32c, Crc64nvme};
        assert!(parses(Crc64nvme, "AAAAAAAAAAA=") && parses(Crc32c, "AAAAAA=="));
        for wrong in ["", "AAAAAAAAAAA", "AAAAAAAAAAB=", "AAAAAAAAAA==", "AAAAAAAAAAAA", "\r\nAAAAAAAAAAA="] {
            assert!(!parses(Crc64nvme, wrong) && !parses(Crc32c, wrong), "{wrong}");
        }
        assert!(!parses(Crc64nvme, "AAAAAA==") && !parses(Crc32c, "AAAAAAAAAAA="));
    }

    #[test]
    fn a_checksum_is_required_where_the_storage_knows_the_algorithm() {
        let required = |algorithm| Checksum::required(algorithm, None, Checked::Part(3));
        assert_eq!(required(None), Ok(None));
        let error = required(Some(ChecksumAlgorithm::Crc32c)).expect_err("missing").to_string();
        assert!(error.contains("part 3") && error.contains("CRC32C"), "{error}");
    }
}
