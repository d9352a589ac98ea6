//! Computes checksums: what [`fold`] leaves over goes through tables, a word at a time. They are computed at start: stored in the
//! module they would be most of its download.

use nearput_api::ChecksumAlgorithm;

use super::fold::fold;
use super::{Checksum, Polynomial};

/// Computes checksums by one algorithm.
pub struct Hasher {
    algorithm: ChecksumAlgorithm,
    /// What a byte adds to the checksum, at each distance from the end of its word.
    tables: Box<[[u64; 256]; 8]>,
}

impl Hasher {
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        let polynomial = Polynomial::of(algorithm);
        let mut tables = Box::new([[0; 256]; 8]);
        for byte in 0..256 {
            let mut crc = byte as u64;
            for table in &mut *tables {
                for _ in 0..8 {
                    crc = polynomial.times_x(crc);
                }
                table[byte] = crc;
            }
        }
        Self { algorithm, tables }
    }

    /// The checksum of the bytes of `before` followed by `bytes`.
    #[must_use]
    pub fn extend(&self, before: Checksum, bytes: &[u8]) -> Checksum {
        let ones = Polynomial::of(self.algorithm).ones();
        let crc = before.crc ^ ones;
        let (crc, rest) = match self.algorithm {
            ChecksumAlgorithm::Crc64nvme => fold(crc, bytes, |word| self.reduce(word)),
            ChecksumAlgorithm::Crc32c => (crc, bytes),
        };
        let (words, rest) = rest.as_chunks();
        let crc = words.iter().fold(crc, |crc, word| self.reduce(crc ^ u64::from_le_bytes(*word)));
        let crc = rest.iter().fold(crc, |crc, byte| (crc >> 8) ^ self.tables[0][(crc as u8 ^ byte) as usize]);
        Checksum { algorithm: self.algorithm, crc: crc ^ ones }
    }

    /// The remainder of a word followed by as many zeros. Written out: a compiler that optimises for size unrolls no loop.
    fn reduce(&self, word: u64) -> u64 {
        let tables = &self.tables;
        tables[7][byte(word, 0)]
            ^ tables[6][byte(word, 1)]
            ^ tables[5][byte(word, 2)]
            ^ tables[4][byte(word, 3)]
            ^ tables[3][byte(word, 4)]
            ^ tables[2][byte(word, 5)]
            ^ tables[1][byte(word, 6)]
            ^ tables[0][byte(word, 7)]
    }
}

#[inline(always)]
fn byte(of: u64, index: u32) -> usize {
    (of >> (8 * index)) as usize & 0xff
}
