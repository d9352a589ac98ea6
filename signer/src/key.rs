//! Where an object is stored. Keys are made here and nowhere else; of the client's name only a safe segment is left.

use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;
use uuid::Uuid;

use crate::auth::Subject;
use crate::file_name::is_safe_in_key;
use crate::policy::Grant;

/// S3's own limit: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
const MAX_BYTES: usize = 1024;

/// Who else may read an object, as Amplify Storage has it: each level is a prefix, to which bucket policies refer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody may read and write.
    Guest,
    /// Everybody may read what is the owner's.
    Protected(Subject),
    /// Only the owner may read.
    Private(Subject),
}

/// A key that reaches the same object through every browser, proxy and server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ObjectKey(String);

/// Text that is not safe as a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a safe key")]
pub(crate) struct UnsafeKey;

impl Access {
    /// None where there is no such level for this owner; an unknown one has nothing of its own.
    pub(crate) fn parse(name: &str, owner: Option<&Subject>) -> Option<Self> {
        match (name, owner) {
            ("guest", _) => Some(Self::Guest),
            ("protected", Some(owner)) => Some(Self::Protected(owner.clone())),
            ("private", Some(owner)) => Some(Self::Private(owner.clone())),
            (_, Some(_) | None) => None,
        }
    }
}

impl ObjectKey {
    /// The key of a granted file. `id` makes it unlike every other one.
    pub(crate) fn make(grant: &Grant, id: Uuid) -> Self {
        let name = grant.name().key_segment();
        Self(match grant.access() {
            Access::Guest => format!("public/{id}/{name}"),
            Access::Protected(owner) => format!("protected/{owner}/{id}/{name}"),
            Access::Private(owner) => format!("private/{owner}/{id}/{name}"),
        })
    }

    /// Refuses what browsers rewrite (`.`, `..`, `\`), what is decoded twice (`%`), what cannot be seen, and all else
    /// that is not plainly safe.
    pub(crate) fn parse(text: &str) -> Result<Self, UnsafeKey> {
        let safe_segment =
            |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.chars().all(is_safe_in_segment);
        if text.len() <= MAX_BYTES && is_nfc(text) && text.split('/').all(safe_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnsafeKey)
        }
    }

    /// What this key alone begins with, for an id is part of it: ASCII letters and such, with a slash at the end.
    pub(crate) fn prefix(&self) -> &str {
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
    use nearput_api::{OpenFile, Plan};
    use proptest::prelude::*;

    use super::*;
    use crate::auth::Caller;
    use crate::config::Limits;
    use crate::policy;

    fn key(name: &str, access: &str) -> ObjectKey {
        let file = OpenFile {
            name: name.to_owned(),
            size: 1,
            content_type: String::new(),
            access: Some(access.to_owned()),
            metadata: Default::default(),
            plan: Plan::Put,
            parts: Vec::new(),
        };
        let caller = Caller::known(Subject::parse("me@example.com").expect("safe"));
        let grant = policy::decide(&caller, &file, &Limits::default()).expect("granted");
        ObjectKey::make(&grant, Uuid::nil())
    }

    #[test]
    fn the_access_level_is_the_prefix() {
        const ID: &str = "00000000-0000-0000-0000-000000000000";
        assert_eq!(key("a b", "guest").as_str(), format!("public/{ID}/a_b"));
        assert_eq!(key("a b", "protected").as_str(), format!("protected/me@example.com/{ID}/a_b"));
        assert_eq!(key("a b", "private").as_str(), format!("private/me@example.com/{ID}/a_b"));
    }

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

    proptest! {
        #[test]
        fn any_name_gives_a_safe_key(name in "(?s).{0,400}", access in "guest|protected|private") {
            let key = key(&name, &access);
            prop_assert_eq!(ObjectKey::parse(key.as_str()), Ok(key.clone()));
            prop_assert_eq!(key.as_str().matches('/').count(), if access == "guest" { 2 } else { 3 });
        }

        #[test]
        fn any_awkward_name_gives_a_safe_key(name in r"[./\\%\x00-\x20\u{300}\u{308}\u{200d}\u{202e}a]{0,300}") {
            let key = key(&name, "private");
            prop_assert_eq!(ObjectKey::parse(key.as_str()), Ok(key));
        }
    }
}
