//! CRC64NVME and CRC32C, by which the storage proves that it holds what the file holds.
//!
//! The checksum of a whole file is combined from those of its parts, so every byte is read once. Both algorithms run in the same
//! code, in registers of 64 bits, and differ by a [`polynomial`]; long inputs of CRC64NVME are [folded](fold) first.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

mod base64;
mod fold;
mod hasher;
mod polynomial;

use nearput_api::ChecksumAlgorithm;

pub use hasher::Hasher;
use polynomial::Polynomial;

/// The checksum of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    crc: u64,
}

impl Checksum {
    /// The checksum of no bytes, to begin with: what follows it, or extends it, says by which algorithm.
    pub const EMPTY: Self = Self { algorithm: ChecksumAlgorithm::Crc64nvme, crc: 0 };

    /// The checksum of this one's bytes followed by `next_len` more bytes, whose checksum is `next`.
    #[must_use]
    pub fn followed_by(self, next: Self, next_len: u64) -> Self {
        let polynomial = Polynomial::of(next.algorithm);
        let shifted = polynomial.multiply(self.crc, polynomial.power_of_x(next_len, 3));
        Self { crc: shifted ^ next.crc, ..next }
    }

    /// As S3 writes it: the big-endian bytes in base64.
    pub fn to_base64(self) -> String {
        match self.algorithm {
            ChecksumAlgorithm::Crc64nvme => base64::encode(self.crc, 8),
            ChecksumAlgorithm::Crc32c => base64::encode(self.crc << 32, 4),
        }
    }

    /// Reads what [`to_base64`](Self::to_base64) wrote; its length says by which algorithm.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bits = base64::decode(text);
        let checksum = match text.len() {
            12 => Self { algorithm: ChecksumAlgorithm::Crc64nvme, crc: bits },
            8 => Self { algorithm: ChecksumAlgorithm::Crc32c, crc: bits >> 32 },
            _ => return None,
        };
        (checksum.to_base64() == text).then_some(checksum)
    }
}

#[cfg(test)]
mod tests {
    use crc_fast::CrcAlgorithm;
    use proptest::prelude::*;

    use super::*;

    const BOTH: [(ChecksumAlgorithm, CrcAlgorithm); 2] = [
        (ChecksumAlgorithm::Crc64nvme, CrcAlgorithm::Crc64Nvme),
        (ChecksumAlgorithm::Crc32c, CrcAlgorithm::Crc32Iscsi),
    ];

    fn checksum(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Checksum {
        Hasher::new(algorithm).extend(Checksum::EMPTY, bytes)
    }

    #[test]
    fn the_check_values_of_the_specifications_come_out() {
        let of = |algorithm| checksum(algorithm, b"123456789");
        assert_eq!(of(ChecksumAlgorithm::Crc64nvme).crc, 0xAE8B_1486_0A79_9888);
        assert_eq!(of(ChecksumAlgorithm::Crc64nvme).to_base64(), "rosUhgp5mIg=");
        assert_eq!(of(ChecksumAlgorithm::Crc32c).crc, 0xE306_9283);
        assert_eq!(of(ChecksumAlgorithm::Crc32c).to_base64(), "4waSgw==");
    }

    #[test]
    fn no_bytes_have_a_checksum_of_the_hashers_algorithm() {
        assert_eq!(checksum(ChecksumAlgorithm::Crc64nvme, b"").to_base64(), "AAAAAAAAAAA=");
        assert_eq!(checksum(ChecksumAlgorithm::Crc32c, b"").to_base64(), "AAAAAA==");
    }

    #[test]
    fn a_gigabyte_and_more_can_be_combined() {
        let (parts, part) = (150, vec![7; 8 << 20]);
        for (ours, theirs) in BOTH {
            let one = checksum(ours, &part);
            let whole = (0..parts).fold(Checksum::EMPTY, |whole, _| whole.followed_by(one, part.len() as u64));
            let mut expected = crc_fast::Digest::new(theirs);
            (0..parts).for_each(|_| expected.update(&part));
            assert_eq!(whole.crc, expected.finalize(), "{ours:?}");
        }
    }

    #[test]
    fn what_no_checksum_is_written_as_is_not_read_as_one() {
        for wrong in [
            "",
            "AAAA",
            "AAAAAA=",
            "AAAAAB==",
            "AAAAAAA=",
            "AAAAAAAAAAB=",
            "AAAAAAAAAAAA",
            "AAAAAAAAAA==",
            "AAAAAAAAAA\u{e9}=",
        ] {
            assert_eq!(Checksum::from_base64(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_cut_anywhere_give_the_checksum_of_an_independent_implementation(
            (ours, theirs) in prop::sample::select(&BOTH[..]),
            bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..300), prop::collection::vec(any::<u8>(), 0..60_000)],
            cut: prop::sample::Index,
        ) {
            let expected = crc_fast::checksum(theirs, &bytes);
            prop_assert_eq!(checksum(ours, &bytes).crc, expected);

            let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
            let (head, next) = (checksum(ours, head), checksum(ours, tail));
            prop_assert_eq!(Hasher::new(ours).extend(head, tail).crc, expected);
            prop_assert_eq!(head.followed_by(next, tail.len() as u64).crc, expected);
            prop_assert_eq!(Checksum::from_base64(&head.to_base64()), Some(head));
        }
    }
}
