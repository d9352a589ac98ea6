//! The checksums that are kept of parts and objects, all in base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crc_fast::CrcAlgorithm;
use s3s::dto::{ChecksumAlgorithm, ChecksumType};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

/// An algorithm that a multipart upload can be opened with, for a checksum of the full object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    Crc64nvme,
    Crc32c,
}

/// Of a part, or of a whole object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums {
    /// Computed whether or not the client gave one, as S3 does.
    #[serde(rename = "checksum")]
    pub(super) crc64nvme: String,
    /// Where the client gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crc32c: Option<String>,
}

impl Algorithm {
    /// What Create asks for; composite checksums and other algorithms are not kept here.
    pub(super) fn of(algorithm: Option<&ChecksumAlgorithm>, kind: Option<&ChecksumType>) -> S3Result<Option<Self>> {
        let full_object = kind.map(|kind| kind.as_str() == ChecksumType::FULL_OBJECT);
        match (algorithm.map(ChecksumAlgorithm::as_str), full_object) {
            (None, _) => Ok(None),
            (Some(ChecksumAlgorithm::CRC64NVME), None | Some(true)) => Ok(Some(Self::Crc64nvme)),
            (Some(ChecksumAlgorithm::CRC32C), Some(true)) => Ok(Some(Self::Crc32c)),
            (Some(ChecksumAlgorithm::CRC64NVME), Some(false)) => {
                Err(s3_error!(InvalidRequest, "CRC64NVME is a checksum of the FULL_OBJECT only."))
            }
            (Some(other), _) => Err(s3_error!(
                NotImplemented,
                "Composite multipart uploads with {other} are not kept here: use CRC64NVME or CRC32C of the FULL_OBJECT."
            )),
        }
    }

    /// The header of a part that carries it.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Crc64nvme => "x-amz-checksum-crc64nvme",
            Self::Crc32c => "x-amz-checksum-crc32c",
        }
    }

    pub(super) fn to_dto(self) -> ChecksumAlgorithm {
        ChecksumAlgorithm::from_static(match self {
            Self::Crc64nvme => ChecksumAlgorithm::CRC64NVME,
            Self::Crc32c => ChecksumAlgorithm::CRC32C,
        })
    }

    fn crc(self) -> CrcAlgorithm {
        match self {
            Self::Crc64nvme => CrcAlgorithm::Crc64Nvme,
            Self::Crc32c => CrcAlgorithm::Crc32Iscsi,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Crc64nvme => 8,
            Self::Crc32c => 4,
        }
    }
}

impl Checksums {
    pub(super) fn get(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Crc64nvme => Some(&self.crc64nvme),
            Algorithm::Crc32c => self.crc32c.as_deref(),
        }
    }

    /// The one that S3 shows: that of the client's algorithm, and its own otherwise.
    pub(super) fn shown(&self) -> Algorithm {
        if self.crc32c.is_some() { Algorithm::Crc32c } else { Algorithm::Crc64nvme }
    }

    /// As a member of an output: the checksum of this algorithm, if it is the one that is shown.
    pub(super) fn if_shown(&self, algorithm: Algorithm) -> Option<String> {
        (self.shown() == algorithm).then(|| self.get(algorithm).map(str::to_owned)).flatten()
    }

    /// Those of a whole, from those of its pieces and their sizes in bytes. CRC32C is kept only where it is asked for.
    pub(super) fn combined<'a>(
        pieces: impl Iterator<Item = (&'a Self, u64)> + Clone,
        algorithm: Option<Algorithm>,
    ) -> Option<Self> {
        let of = |algorithm: Algorithm| {
            combined(algorithm, pieces.clone().map(|(piece, size)| (piece.get(algorithm), size)))
        };
        let crc32c = match algorithm {
            Some(Algorithm::Crc32c) => Some(of(Algorithm::Crc32c)?),
            Some(Algorithm::Crc64nvme) | None => None,
        };
        Some(Self { crc64nvme: of(Algorithm::Crc64nvme)?, crc32c })
    }
}

pub(super) fn full_object() -> ChecksumType {
    ChecksumType::from_static(ChecksumType::FULL_OBJECT)
}

fn combined<'a>(algorithm: Algorithm, pieces: impl Iterator<Item = (Option<&'a str>, u64)>) -> Option<String> {
    let unused = 8 - algorithm.bytes();
    let mut whole = 0;
    for (checksum, size) in pieces {
        let decoded = BASE64_STANDARD.decode(checksum?).ok()?;
        let mut piece = [0; 8];
        piece.get_mut(unused..).filter(|place| place.len() == decoded.len())?.copy_from_slice(&decoded);
        whole = crc_fast::checksum_combine(algorithm.crc(), whole, u64::from_be_bytes(piece), size);
    }
    Some(BASE64_STANDARD.encode(&whole.to_be_bytes()[unused..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksums(bytes: &[u8]) -> Checksums {
        let of = |algorithm: Algorithm| {
            let checksum = crc_fast::checksum(algorithm.crc(), bytes).to_be_bytes();
            BASE64_STANDARD.encode(&checksum[8 - algorithm.bytes()..])
        };
        Checksums { crc64nvme: of(Algorithm::Crc64nvme), crc32c: Some(of(Algorithm::Crc32c)) }
    }

    #[test]
    fn the_checksums_of_pieces_combine_to_those_of_the_whole() {
        let pieces = [&b"The quick brown fox "[..], b"", b"jumps over", b" the lazy dog"];
        let known: Vec<_> = pieces.iter().map(|piece| (checksums(piece), piece.len() as u64)).collect();
        let known = known.iter().map(|(checksums, size)| (checksums, *size));
        let whole = checksums(&pieces.concat());
        assert_eq!(Checksums::combined(known.clone(), Some(Algorithm::Crc32c)), Some(whole.clone()));
        assert_eq!(Checksums::combined(known, None), Some(Checksums { crc32c: None, ..whole }));
    }

    #[test]
    fn the_known_checksums_of_nine_digits_are_computed() {
        // The check values of the catalogue of CRC algorithms: CRC-64/NVME and CRC-32/ISCSI.
        let known = checksums(b"123456789");
        assert_eq!(known.crc64nvme, BASE64_STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()));
        assert_eq!(known.crc32c, Some(BASE64_STANDARD.encode(0xe306_9283_u32.to_be_bytes())));
    }
}
