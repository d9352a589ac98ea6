//! Makes a long input short before any table is asked, by nothing but exclusive ors of whole words. Several times faster than tables.
//!
//! Bytes have the CRC of other bytes where their difference is a multiple of the CRC's polynomial. So a word can be made zero by
//! adding a multiple that begins with it, and one that has few terms changes few later words. A multiple `1 + x^a + x^b + …` is also
//! one when each `x` becomes `x^64`, since squaring such a polynomial squares its terms: so they can lie whole words apart.

use std::mem;

/// In words: how far behind a word lies the last that making it zero changes.
const REACH: usize = 1079;

/// In words: fewer than the shortest distance, so that no word of a stride depends on another.
const STRIDE: usize = 4;

/// In words. The longer, the less often the last ones are moved to the front.
const HISTORY: usize = 4096;

/// The remainder of CRC64NVME over the whole strides of `bytes`, carried on from `crc`; and the bytes that are left. `reduce` gives
/// the remainder of a word followed by as many zeros.
pub(super) fn fold(mut crc: u64, bytes: &[u8], reduce: impl Fn(u64) -> u64) -> (u64, &[u8]) {
    let (strides, rest) = bytes.as_chunks();
    let Some(folded) = strides.len().checked_sub(REACH.div_ceil(STRIDE)) else { return (crc, bytes) };
    let mut history = History { words: [0; HISTORY], end: REACH };
    // Only the very first word is reached from here.
    history.words[0] = mem::take(&mut crc);
    for (index, stride) in strides.iter().enumerate() {
        let reached = history.next();
        // Written out: a compiler that optimises for size unrolls no loop.
        reached[REACH] = word(stride, reached, 0);
        reached[REACH + 1] = word(stride, reached, 1);
        reached[REACH + 2] = word(stride, reached, 2);
        reached[REACH + 3] = word(stride, reached, 3);
        if index >= folded {
            // It has too few words after it to be made zero.
            for word in &mut reached[REACH..] {
                crc = reduce(crc ^ mem::take(word));
            }
        }
    }
    (crc, rest)
}

/// The words that were made zero, as they were before.
struct History {
    words: [u64; HISTORY],
    end: usize,
}

impl History {
    /// Those that reach the words of the next stride, and room for these.
    #[inline(always)]
    fn next(&mut self) -> &mut [u64; REACH + STRIDE] {
        if self.end + STRIDE > HISTORY {
            self.words.copy_within(self.end - REACH..self.end, 0);
            self.end = REACH;
        }
        let start = self.end - REACH;
        self.end += STRIDE;
        match self.words.get_mut(start..).and_then(|words| words.first_chunk_mut()) {
            Some(reached) => reached,
            None => unreachable!("there is room for a stride"),
        }
    }
}

/// A word of a stride with all that earlier ones add to it: `1 + x^-92 + … + x^-1079`, times a power of `x`, is a multiple of
/// CRC64NVME's polynomial. Found by search; a shorter one has more terms.
#[inline(always)]
fn word(stride: &[u8; 8 * STRIDE], reached: &[u64; REACH + STRIDE], index: usize) -> u64 {
    let (words, _) = stride.as_chunks();
    u64::from_le_bytes(words[index])
        ^ reached[REACH - 92 + index]
        ^ reached[REACH - 118 + index]
        ^ reached[REACH - 648 + index]
        ^ reached[REACH - 718 + index]
        ^ reached[REACH - 931 + index]
        ^ reached[REACH - 938 + index]
        ^ reached[REACH - 972 + index]
        ^ reached[index]
}
