//! Metadata that a client stores with an object, as `x-amz-meta-…`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// S3's own limit: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>.
const MAX_BYTES: usize = 2048;

/// Names in lower case, and values that a browser and S3 carry unchanged in a header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Metadata(BTreeMap<String, String>);

/// Metadata that could not be stored as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidMetadata {
    #[error("the metadata has {0} bytes, and {MAX_BYTES} are allowed")]
    TooLarge(usize),
    #[error("the metadata name `{0}` is not made of ASCII letters, digits, `-`, `_` and `.`")]
    Name(String),
    #[error("the metadata name `{0}` is there twice, as upper and lower case count as one")]
    Twice(String),
    #[error("the metadata value of `{0}` is not printable ASCII without spaces around it; encode it")]
    Value(String),
}

impl Metadata {
    pub(crate) fn parse(given: &BTreeMap<String, String>) -> Result<Self, InvalidMetadata> {
        let bytes = given.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_BYTES {
            return Err(InvalidMetadata::TooLarge(bytes));
        }
        let mut parsed = BTreeMap::new();
        for (name, value) in given {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
                return Err(InvalidMetadata::Name(name.clone()));
            }
            let printable = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            if !printable || value.trim_ascii() != value {
                return Err(InvalidMetadata::Value(name.clone()));
            }
            if parsed.insert(name.to_ascii_lowercase(), value.clone()).is_some() {
                return Err(InvalidMetadata::Twice(name.to_ascii_lowercase()));
            }
        }
        Ok(Self(parsed))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &[(&str, &str)]) -> Result<Metadata, InvalidMetadata> {
        Metadata::parse(&given.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn only_what_headers_carry_unchanged_is_metadata() {
        let parsed = parse(&[("Album", "summer 26"), ("x_1", "")]).expect("valid");
        assert_eq!(parsed.iter().collect::<Vec<_>>(), [("album", "summer 26"), ("x_1", "")]);

        assert!(matches!(parse(&[("a b", "")]), Err(InvalidMetadata::Name(_))));
        assert!(matches!(parse(&[("", "")]), Err(InvalidMetadata::Name(_))));
        assert!(matches!(parse(&[("a", "ü")]), Err(InvalidMetadata::Value(_))));
        assert!(matches!(parse(&[("a", "b\r\nc: d")]), Err(InvalidMetadata::Value(_))));
        assert!(matches!(parse(&[("a", " b")]), Err(InvalidMetadata::Value(_))));
        assert!(matches!(parse(&[("a", ""), ("A", "")]), Err(InvalidMetadata::Twice(_))));
        assert!(matches!(parse(&[("a", &"x".repeat(2048))]), Err(InvalidMetadata::TooLarge(2049))));
    }
}
