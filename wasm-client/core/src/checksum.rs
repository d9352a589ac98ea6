//! CRC64NVME, by which the storage proves that it holds what the file holds.
//!
//! The checksum of a whole file is combined from those of its parts, so every byte is read once. The tables are computed at
//! start: stored in the module they would be most of its download.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

/// 0xAD93D23594C93659, least significant bit first.
const POLYNOMIAL: u64 = 0x9A6C_9329_AC4B_C9B5;

const STRIDE: usize = 16;

/// The CRC64NVME of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// The checksum of no bytes.
    pub const EMPTY: Self = Self(0);

    /// The checksum of this one's bytes followed by `next_len` more bytes, whose checksum is `next`.
    #[must_use]
    pub fn followed_by(self, next: Self, next_len: u64) -> Self {
        Self(multiply(self.0, power_of_x(next_len, 3)) ^ next.0)
    }

    /// As S3 writes it: the big-endian bytes in base64.
    pub fn to_base64(self) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        // 64 bits are ten sextets and four bits, which are filled up with two zeros.
        let bits = u128::from(self.0) << 2;
        let mut text = String::with_capacity(12);
        for sextet in (0..11).rev() {
            text.push(char::from(ALPHABET[(bits >> (6 * sextet)) as usize & 63]));
        }
        text.push('=');
        text
    }
}

/// Computes CRC64NVME, sixteen bytes at a stride.
pub struct Crc64Nvme {
    tables: Box<[[u64; 256]; STRIDE]>,
}

impl Crc64Nvme {
    pub fn new() -> Self {
        let mut tables = Box::new([[0; 256]; STRIDE]);
        for byte in 0..256 {
            let mut crc = byte as u64;
            for _ in 0..8 {
                crc = times_x(crc);
            }
            tables[0][byte] = crc;
        }
        for distance in 1..STRIDE {
            for byte in 0..256 {
                let crc = tables[distance - 1][byte];
                tables[distance][byte] = (crc >> 8) ^ tables[0][(crc & 0xff) as usize];
            }
        }
        Self { tables }
    }

    /// The checksum of the bytes of `before` followed by `bytes`.
    #[must_use]
    pub fn extend(&self, before: Checksum, bytes: &[u8]) -> Checksum {
        let tables = &self.tables;
        let mut crc = !before.0;
        let (strides, rest) = bytes.as_chunks::<STRIDE>();
        for stride in strides {
            let [low, high] = words(stride);
            crc = eight_bytes(tables, 8, low ^ crc) ^ eight_bytes(tables, 0, high);
        }
        for byte in rest {
            crc = (crc >> 8) ^ tables[0][(crc as u8 ^ byte) as usize];
        }
        Checksum(!crc)
    }
}

impl Default for Crc64Nvme {
    fn default() -> Self {
        Self::new()
    }
}

/// What eight bytes add to the checksum, at this distance from the end of the stride. Written out: a compiler that optimises for
/// size unrolls no loop, and this one is where an upload's own work is.
#[inline(always)]
fn eight_bytes(tables: &[[u64; 256]; STRIDE], distance: usize, bytes: u64) -> u64 {
    tables[distance + 7][byte(bytes, 0)]
        ^ tables[distance + 6][byte(bytes, 1)]
        ^ tables[distance + 5][byte(bytes, 2)]
        ^ tables[distance + 4][byte(bytes, 3)]
        ^ tables[distance + 3][byte(bytes, 4)]
        ^ tables[distance + 2][byte(bytes, 5)]
        ^ tables[distance + 1][byte(bytes, 6)]
        ^ tables[distance][byte(bytes, 7)]
}

#[inline(always)]
fn byte(of: u64, index: u32) -> usize {
    (of >> (8 * index)) as usize & 0xff
}

fn words(stride: &[u8; STRIDE]) -> [u64; 2] {
    let both = u128::from_le_bytes(*stride);
    [both as u64, (both >> 64) as u64]
}

/// `x` times a polynomial, modulo the CRC's; the most significant bit is the coefficient of 1.
fn times_x(a: u64) -> u64 {
    (a >> 1) ^ (POLYNOMIAL & (a & 1).wrapping_neg())
}

/// The product of two polynomials, modulo the CRC's.
fn multiply(mut a: u64, mut b: u64) -> u64 {
    let mut product = 0;
    while a != 0 {
        if a >> 63 == 1 {
            product ^= b;
        }
        a <<= 1;
        b = times_x(b);
    }
    product
}

/// `x` to the power of `exponent * 2^doublings`, modulo the CRC's polynomial.
fn power_of_x(mut exponent: u64, doublings: u32) -> u64 {
    let mut base = 1 << 62;
    for _ in 0..doublings {
        base = multiply(base, base);
    }
    let mut power = 1 << 63;
    while exponent != 0 {
        if exponent & 1 == 1 {
            power = multiply(power, base);
        }
        base = multiply(base, base);
        exponent >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use crc_fast::CrcAlgorithm;
    use proptest::prelude::*;

    use super::*;

    fn checksum(bytes: &[u8]) -> Checksum {
        Crc64Nvme::new().extend(Checksum::EMPTY, bytes)
    }

    #[test]
    fn the_check_value_of_the_nvme_specification_comes_out() {
        assert_eq!(checksum(b"123456789"), Checksum(0xAE8B_1486_0A79_9888));
        assert_eq!(checksum(b"123456789").to_base64(), "rosUhgp5mIg=");
        assert_eq!(Checksum::EMPTY.to_base64(), "AAAAAAAAAAA=");
    }

    #[test]
    fn a_gigabyte_and_more_can_be_combined() {
        let (parts, part) = (300, vec![7; 8 << 20]);
        let one = checksum(&part);
        let whole = (1..parts).fold(one, |whole, _| whole.followed_by(one, part.len() as u64));
        let mut expected = crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme);
        (0..parts).for_each(|_| expected.update(&part));
        assert_eq!(whole.0, expected.finalize());
    }

    proptest! {
        #[test]
        fn any_bytes_cut_anywhere_give_the_checksum_of_an_independent_implementation(bytes: Vec<u8>, cut: prop::sample::Index) {
            let expected = crc_fast::checksum(CrcAlgorithm::Crc64Nvme, &bytes);
            prop_assert_eq!(checksum(&bytes).0, expected);

            let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!(Crc64Nvme::new().extend(checksum(head), tail).0, expected);
            prop_assert_eq!(checksum(head).followed_by(checksum(tail), tail.len() as u64).0, expected);
        }
    }
}
