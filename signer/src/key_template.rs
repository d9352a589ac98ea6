//! From what keys are made: the operator's text, with placeholders.
//!
//! Whatever is put in for them, the key stays safe and below the template's own folders: `{sub}` and `{tenant}` are segments of
//! their own, so that no two callers' folders meet, and `{name}`, which the client chooses, is in the last segment only.

use serde::Deserialize;

use crate::file_name::is_safe_in_key;
use crate::key::{ObjectKey, UnsafeKey};
use crate::template::{Placeholder, Template, UnknownPlaceholder, Values};

/// A template whose every key is safe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct KeyTemplate {
    segments: Vec<Template>,
}

/// Text that could make keys that are not safe.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidKeyTemplate {
    #[error(transparent)]
    Placeholder(#[from] UnknownPlaceholder),
    #[error(
        "write only ASCII letters, digits and `-_.()` around placeholders, and no segment that is empty or begins with a dot"
    )]
    Unsafe,
    #[error("{{sub}} and {{tenant}} must each be a whole segment, as in `private/{{sub}}/{{name}}`")]
    OwnerNotAlone,
    #[error("the last segment must be fixed text or have {{name}} once, and no other segment may have {{name}}")]
    Ending,
    #[error("with the longest subject, tenant and name the key would have more than 1024 bytes")]
    TooLong,
}

impl KeyTemplate {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidKeyTemplate> {
        let segments = text.split('/').map(Template::parse).collect::<Result<Vec<_>, _>>()?;
        let template = Self { segments };
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), InvalidKeyTemplate> {
        let is_safe = |c: char| c.is_ascii() && is_safe_in_key(c);
        if self.segments.iter().flat_map(Template::texts).any(|text| !text.chars().all(is_safe)) {
            return Err(InvalidKeyTemplate::Unsafe);
        }
        let is_owner = |placeholder| matches!(placeholder, Placeholder::Subject | Placeholder::Tenant);
        if self.segments.iter().any(|segment| segment.placeholders().any(is_owner) && segment.len() > 1) {
            return Err(InvalidKeyTemplate::OwnerNotAlone);
        }
        let names = |segment: &Template| segment.placeholders().filter(|one| *one == Placeholder::Name).count();
        let is_fixed = |segment: &Template| segment.placeholders().next().is_none();
        let (last, folders) = self.segments.split_last().ok_or(InvalidKeyTemplate::Unsafe)?;
        if folders.iter().any(|folder| names(folder) > 0) || !(is_fixed(last) || names(last) == 1) {
            return Err(InvalidKeyTemplate::Ending);
        }
        let (owner, uuid, name) = ("x".repeat(128), "x".repeat(36), "x".repeat(200));
        let longest =
            Values { subject: Some(&owner), tenant: Some(&owner), uuid: &uuid, date: "2026-11-25", name: &name };
        match self.text(&longest) {
            Some(text) if text.len() > ObjectKey::MAX_BYTES => Err(InvalidKeyTemplate::TooLong),
            Some(text) => ObjectKey::parse(&text).map(|_| ()).map_err(|UnsafeKey| InvalidKeyTemplate::Unsafe),
            None => Err(InvalidKeyTemplate::Unsafe),
        }
    }

    /// None where a placeholder stands for something that the caller does not have.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Option<Result<ObjectKey, UnsafeKey>> {
        self.text(values).map(|text| ObjectKey::parse(&text))
    }

    fn text(&self, values: &Values<'_>) -> Option<String> {
        let segments = self.segments.iter().map(|segment| segment.fill(values)).collect::<Option<Vec<_>>>()?;
        Some(segments.join("/"))
    }

    pub(crate) fn has(&self, wanted: Placeholder) -> bool {
        self.segments.iter().any(|segment| segment.has(wanted))
    }

    /// Whether no other upload's key is in the same folder.
    pub(crate) fn has_own_folder(&self) -> bool {
        self.segments
            .split_last()
            .is_some_and(|(_, folders)| folders.iter().any(|folder| folder.has(Placeholder::Uuid)))
    }
}

impl TryFrom<String> for KeyTemplate {
    type Error = InvalidKeyTemplate;

    fn try_from(text: String) -> Result<Self, InvalidKeyTemplate> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_could_make_unsafe_keys_are_refused() {
        use InvalidKeyTemplate::{Ending, OwnerNotAlone, TooLong, Unsafe};
        let long = "x/".repeat(900) + "{name}";
        for (text, expected) in [
            ("", Unsafe),
            ("/{name}", Unsafe),
            ("a//{name}", Unsafe),
            ("a/../{name}", Unsafe),
            (".{name}", Unsafe),
            ("a b/{name}", Unsafe),
            ("a%2f{name}", Unsafe),
            ("a\\{name}", Unsafe),
            ("ü/{name}", Unsafe),
            ("a/", Unsafe),
            ("a-{sub}/{name}", OwnerNotAlone),
            ("{sub}{tenant}/{name}", OwnerNotAlone),
            ("{sub}-{name}", OwnerNotAlone),
            ("{name}/a", Ending),
            ("{name}{name}", Ending),
            ("a/{sub}", Ending),
            ("a/{uuid}", Ending),
            ("{date}", Ending),
            (&long, TooLong),
        ] {
            assert_eq!(KeyTemplate::parse(text), Err(expected), "{text}");
        }
        assert!(matches!(KeyTemplate::parse("{email}/{name}"), Err(InvalidKeyTemplate::Placeholder(_))));
    }

    #[test]
    fn a_template_knows_what_is_its_uploads_own() {
        for (text, unique, own_folder) in [
            ("private/{sub}/{uuid}/{name}", true, true),
            ("private/{sub}/{uuid}-{name}", true, false),
            ("{tenant}/{date}/{name}", false, false),
            ("{sub}/avatar.png", false, false),
        ] {
            let template = KeyTemplate::parse(text).expect(text);
            assert_eq!((template.has(Placeholder::Uuid), template.has_own_folder()), (unique, own_folder), "{text}");
        }
    }
}
