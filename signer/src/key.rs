//! Where an object is stored.

use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

use crate::file_name::is_safe_in_key;

/// A key that reaches the same object through every browser, proxy and server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ObjectKey(String);

/// Text that is not safe as a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a safe key")]
pub(crate) struct UnsafeKey;

impl ObjectKey {
    /// S3's own limit: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
    pub(crate) const MAX_BYTES: usize = 1024;

    /// Refuses what browsers rewrite (`.`, `..`, `\`), what is decoded twice (`%`), what cannot be seen, and all else
    /// that is not plainly safe.
    pub(crate) fn parse(text: &str) -> Result<Self, UnsafeKey> {
        let safe_segment =
            |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.chars().all(is_safe_in_segment);
        if text.len() <= Self::MAX_BYTES && is_nfc(text) && text.split('/').all(safe_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnsafeKey)
        }
    }

    /// Everything up to the last segment, with a slash at the end.
    pub(crate) fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| &self.0[..=folder.len()])
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Subjects bring `@`, `:`, `|` and `+`.
fn is_safe_in_segment(c: char) -> bool {
    is_safe_in_key(c) || "@:|+".contains(c)
}

impl TryFrom<String> for ObjectKey {
    type Error = UnsafeKey;

    fn try_from(text: String) -> Result<Self, UnsafeKey> {
        Self::parse(&text)
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_keys_are_refused() {
        for text in [
            "",
            "/a",
            "a/",
            "a//b",
            "a/./b",
            "a/../b",
            "a/%2e%2e/b",
            "a\\b",
            "a\0",
            "a\u{202e}b",
            "a b",
            "u\u{308}",
            &"x".repeat(1025),
        ] {
            assert_eq!(ObjectKey::parse(text), Err(UnsafeKey), "{text}");
        }
    }
}
