//! The name a file has for its user: data, never a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const MAX_BYTES: usize = 2048;
const MAX_SEGMENT_BYTES: usize = 200;
const MAX_EXTENSION_BYTES: usize = 20;
const REPLACEMENT: char = '_';

/// `attr-char` of RFC 8187 §3.2.1: what needs no escape in `filename*`.
const ESCAPED_IN_DISPOSITION: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file's name as its user knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName(String);

/// What a browser does with an object that it is led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Disposition {
    /// It keeps it as a file, and never shows it as a page.
    #[default]
    Attachment,
    /// It shows it, if it can.
    Inline,
}

/// A name that would not fit into the headers of an upload.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name has {0} bytes, and {MAX_BYTES} are allowed; give the file a shorter one")]
pub(crate) struct NameTooLong(usize);

impl FileName {
    pub(crate) fn parse(text: &str) -> Result<Self, NameTooLong> {
        if text.len() > MAX_BYTES { Err(NameTooLong(text.len())) } else { Ok(Self(text.to_owned())) }
    }

    /// What is left of the name in the last segment of a key: at most 200 bytes of letters, digits and `-_.()`, with no
    /// dot in front or beside another.
    pub(crate) fn key_segment(&self) -> String {
        let mut safe = String::with_capacity(self.0.len());
        for c in self.0.nfc() {
            // A mark in front would combine with what the key has there.
            let fits = is_safe_in_key(c) && !(safe.is_empty() && (c == '.' || is_combining_mark(c)));
            let c = if fits { c } else { REPLACEMENT };
            if !(matches!(c, REPLACEMENT | '.') && safe.ends_with(c)) {
                safe.push(c);
            }
        }
        if safe.is_empty() { "file".to_owned() } else { shorten(&safe) }
    }

    /// The value of `Content-Disposition` that makes a download carry the user's name. See RFC 6266.
    pub(crate) fn content_disposition(&self, disposition: Disposition) -> String {
        let kind = disposition.name();
        let shown: String = self.0.chars().map(|c| if is_misleading(c) { REPLACEMENT } else { c }).collect();
        if shown.is_empty() {
            return kind.to_owned();
        }
        format!("{kind}; filename*=UTF-8''{}", utf8_percent_encode(&shown, ESCAPED_IN_DISPOSITION))
    }
}

impl Disposition {
    fn name(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        }
    }
}

pub(crate) fn is_safe_in_key(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "-_.()".contains(c)
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
}

/// Controls, path separators, and the characters that turn the direction of text, so that `gpj.exe` looks like `exe.jpg`.
fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts the stem so that the extension stays.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_SEGMENT_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if name.len() - dot <= MAX_EXTENSION_BYTES => name.split_at(dot),
        Some(_) | None => (name, ""),
    };
    let end = stem.floor_char_boundary(MAX_SEGMENT_BYTES - extension.len());
    format!("{}{extension}", &stem[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::parse(text).expect("short enough")
    }

    #[test]
    fn a_name_keeps_what_is_safe_in_a_key() {
        for (given, segment) in [
            ("photo.jpg", "photo.jpg"),
            ("two words (1).txt", "two_words_(1).txt"),
            ("grün.png", "grün.png"),
            ("gru\u{308}n.png", "grün.png"),
            ("日本語.pdf", "日本語.pdf"),
            ("हिन्दी.txt", "हिन्दी.txt"),
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}.gif", "_.gif"),
            ("a%2Fb.txt", "a_2Fb.txt"),
            ("../../etc/passwd", "_._._etc_passwd"),
            ("..", "_."),
            (".", "_"),
            ("", "file"),
            ("a...tar..gz", "a.tar.gz"),
            (".htaccess", "_htaccess"),
            ("\u{308}a", "_a"),
            ("a\\b\0c\u{202e}d\te", "a_b_c_d_e"),
            ("a?b#c&d+e=f", "a_b_c_d_e_f"),
        ] {
            assert_eq!(name(given).key_segment(), segment, "{given}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let segment = name(&("x".repeat(296) + ".tar")).key_segment();
        assert_eq!((segment.len(), segment.ends_with("x.tar")), (200, true));
        let segment = name(&("ü".repeat(300) + ".webp")).key_segment();
        assert!(segment.len() <= 200 && segment.ends_with("ü.webp"), "{segment}");
        let segment = name(&("a.".to_owned() + &"b".repeat(300))).key_segment();
        assert_eq!(segment.len(), 200);
        assert_eq!(FileName::parse(&"x".repeat(2049)), Err(NameTooLong(2049)));
    }

    #[test]
    fn a_download_carries_the_users_name() {
        for (given, disposition) in [
            ("a b.txt", "attachment; filename*=UTF-8''a%20b.txt"),
            ("ü%2F😀\".txt", "attachment; filename*=UTF-8''%C3%BC%252F%F0%9F%98%80%22.txt"),
            ("a'(b)*;c", "attachment; filename*=UTF-8''a%27%28b%29%2A%3Bc"),
            ("../x\r\ny\u{202e}z", "attachment; filename*=UTF-8''.._x__y_z"),
            ("", "attachment"),
        ] {
            assert_eq!(name(given).content_disposition(Disposition::Attachment), disposition);
        }
        assert_eq!(name("a").content_disposition(Disposition::Inline), "inline; filename*=UTF-8''a");
    }
}
