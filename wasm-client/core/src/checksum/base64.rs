//! Base64 of a few bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of the first `len` bytes, most significant first. They must not be a multiple of three.
pub(super) fn encode(mut bits: u64, len: usize) -> String {
    let mut text = String::with_capacity(12);
    for _ in 0..len * 4 / 3 + 1 {
        text.push(char::from(ALPHABET[(bits >> 58) as usize]));
        bits <<= 6;
    }
    text.push_str(if len % 3 == 1 { "==" } else { "=" });
    text
}

/// The first eight bytes of some text's, if it is base64.
pub(super) fn decode(text: &str) -> u64 {
    let sextet = |letter| ALPHABET.iter().position(|&known| known == letter).unwrap_or(0) as u64;
    // The eleventh letter is the last that says anything about them.
    text.bytes().take(11).enumerate().fold(0, |bits, (index, letter)| bits | sextet(letter) << 58 >> (6 * index))
}
