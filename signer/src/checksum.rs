//! Checksums as S3 writes them: base64 of the big-endian bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nearput_api::ChecksumAlgorithm;

/// A CRC64NVME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum(String);

/// A checksum that is needed and not there, or is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidChecksum {
    #[error("the checksum of {of} is missing; send its CRC64NVME as base64")]
    Missing { of: Checked },
    #[error("the checksum of {of} is not a CRC64NVME: it must be the base64 of 8 bytes")]
    Malformed { of: Checked },
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
            (Some(_), None) => Err(InvalidChecksum::Missing { of }),
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
        let bytes = match algorithm {
            ChecksumAlgorithm::Crc64nvme => 8,
        };
        match BASE64_STANDARD.decode(text) {
            Ok(decoded) if decoded.len() == bytes => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(InvalidChecksum::Malformed { of }),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
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

    #[test]
    fn a_checksum_is_the_base64_of_eight_bytes() {
        let parse = |text| Checksum::required(Some(ChecksumAlgorithm::Crc64nvme), Some(text), Checked::File);
        assert!(parse("AAAAAAAAAAA=").is_ok());
        for wrong in ["", "AAAAAAAAAAA", "AAAAAAAAAAB=", "AAAAAAAAAA==", "AAAAAAAAAAAA", "AAAAAA==", "\r\nAAAAAAAAAAA="]
        {
            assert_eq!(parse(wrong), Err(InvalidChecksum::Malformed { of: Checked::File }), "{wrong}");
        }
    }

    #[test]
    fn a_checksum_is_required_where_the_storage_knows_the_algorithm() {
        let required = |algorithm| Checksum::required(algorithm, None, Checked::Part(3));
        assert_eq!(required(None), Ok(None));
        let error = required(Some(ChecksumAlgorithm::Crc64nvme)).expect_err("missing");
        assert!(error.to_string().contains("part 3"), "{error}");
    }
}
