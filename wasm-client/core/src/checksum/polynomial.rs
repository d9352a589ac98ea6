//! Polynomials over two elements, modulo that of a CRC. The most significant bit is the coefficient of 1.

use nearput_api::ChecksumAlgorithm;

/// What a CRC divides by, without its highest power. One of degree 32 is held as its product with `x` to the power of 32, and a
/// checksum as the like multiple: so it is one of degree 64.
#[derive(Debug, Clone, Copy)]
pub(super) struct Polynomial(u64);

impl Polynomial {
    pub(super) fn of(algorithm: ChecksumAlgorithm) -> Self {
        Self(match algorithm {
            ChecksumAlgorithm::Crc64nvme => 0x9A6C_9329_AC4B_C9B5,
            ChecksumAlgorithm::Crc32c => 0x82F6_3B78,
        })
    }

    /// All bits of a checksum. Each CRC begins with them, and ends by turning them over.
    pub(super) fn ones(self) -> u64 {
        u64::MAX >> self.0.leading_zeros()
    }

    pub(super) fn times_x(self, a: u64) -> u64 {
        (a >> 1) ^ (self.0 & (a & 1).wrapping_neg())
    }

    pub(super) fn multiply(self, mut a: u64, mut b: u64) -> u64 {
        let mut product = 0;
        while a != 0 {
            if a >> 63 == 1 {
                product ^= b;
            }
            a <<= 1;
            b = self.times_x(b);
        }
        product
    }

    /// `x` to the power of `exponent * 2^doublings`.
    pub(super) fn power_of_x(self, mut exponent: u64, doublings: u32) -> u64 {
        let mut base = 1 << 62;
        for _ in 0..doublings {
            base = self.multiply(base, base);
        }
        let mut power = 1 << 63;
        while exponent != 0 {
            if exponent & 1 == 1 {
                power = self.multiply(power, base);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        power
    }
}
