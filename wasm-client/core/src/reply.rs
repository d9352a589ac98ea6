//! What the storage says in its replies.

/// The error code in an S3 error body: `<Error><Code>SlowDown</Code>…`. Empty if there is none.
pub fn code_in(body: &str) -> &str {
    field(body, '<', "Code>").unwrap_or_default()
}

/// The ETag among a reply's headers, one to a line, with names in lower case.
pub fn etag_in(headers: &str) -> Option<&str> {
    field(headers, '\n', "etag: ").map(str::trim_ascii)
}

fn field<'a>(text: &'a str, separator: char, name: &str) -> Option<&'a str> {
    text.split([separator]).find_map(|piece| piece.strip_prefix(name))
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
}
