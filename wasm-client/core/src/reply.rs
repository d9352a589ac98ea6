//! What the storage says in its replies.

use crate::Millis;

/// Nobody is made to wait longer than an hour, in seconds.
const LONGEST_WAIT: Millis = 3_600;

/// The error code in an S3 error body: `<Error><Code>SlowDown</Code>…`. Empty if there is none.
pub fn code_in(body: &str) -> &str {
    field(body, '<', "Code>").unwrap_or_default()
}

/// The ETag among a reply's headers, one to a line, with names in lower case.
pub fn etag_in(headers: &str) -> Option<&str> {
    field(headers, '\n', "etag: ").map(str::trim_ascii)
}

/// How long a reply asks to wait, in milliseconds, if it does so in whole seconds.
pub fn retry_after_in(headers: &str) -> Option<Millis> {
    let text = field(headers, '\n', "retry-after: ")?.trim_ascii();
    let mut seconds = 0;
    for digit in text.chars() {
        seconds = LONGEST_WAIT.min(10 * seconds + Millis::from(digit.to_digit(10)?));
    }
    (!text.is_empty()).then_some(seconds * 1_000)
}

/// What follows a name that stands behind a separator or at the beginning, up to the next separator.
fn field<'a>(text: &'a str, separator: char, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let end = rest.bytes().position(|byte| byte == separator as u8).unwrap_or(rest.len());
        if let Some(value) = rest[..end].strip_prefix(name) {
            return Some(value);
        }
        rest = rest.get(end + 1..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_any_body() {
        assert_eq!(code_in("<?xml?><Error><Code>SlowDown</Code><Message>x</Message></Error>"), "SlowDown");
        for body in ["", "<Code>", "</Code><Code>", "not xml"] {
            assert_eq!(code_in(body), "");
        }
    }

    #[test]
    fn the_etag_is_found_among_other_headers() {
        assert_eq!(etag_in("etag: \"1\"\r\nx-etag: \"2\"\r\n"), Some("\"1\""));
        assert_eq!(etag_in("date: x\r\netag: \"1\"\r\n"), Some("\"1\""));
        for headers in ["", "x-etag: \"1\"\r\n"] {
            assert_eq!(etag_in(headers), None);
        }
    }

    #[test]
    fn a_wait_is_read_in_whole_seconds() {
        assert_eq!(retry_after_in("retry-after: 7\r\n"), Some(7_000));
        assert_eq!(retry_after_in("retry-after: 999999999999\r\n"), Some(3_600_000));
        for headers in ["", "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n", "retry-after: -1\r\n"] {
            assert_eq!(retry_after_in(headers), None);
        }
    }
}
