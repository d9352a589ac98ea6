//! What a caller may upload: `(caller, file, rules) → grant`, and nothing else decides it.

use nearput_api::OpenFile;

use crate::auth::{Caller, Subject};
use crate::config::Limits;
use crate::file_name::{FileName, NameTooLong};
use crate::key::Access;
use crate::media_type::MediaType;
use crate::metadata::{InvalidMetadata, Metadata};

/// What the policy allows for one file. Only [`decide`] makes one.
#[derive(Debug)]
pub(crate) struct Grant {
    subject: Option<Subject>,
    access: Access,
    name: FileName,
    size: u64,
    media_type: MediaType,
    metadata: Metadata,
}

/// Why a file may not be uploaded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("the file has {size} bytes, and {max} are allowed; choose a smaller one")]
    TooLarge { size: u64, max: u64 },
    #[error(
        "files of the type `{given}` may not be uploaded; choose another, or ask the signer's operator to allow the type"
    )]
    Type { given: String },
    #[error(
        "there is no access level `{given}` for this caller; use guest, or one of protected and private with a token"
    )]
    Access { given: String },
    #[error(transparent)]
    Name(#[from] NameTooLong),
    #[error(transparent)]
    Metadata(#[from] InvalidMetadata),
}

/// Grants a file to a caller, or says why not.
pub(crate) fn decide(caller: &Caller, file: &OpenFile, rules: &Limits) -> Result<Grant, Denied> {
    if file.size > rules.max_file_size {
        return Err(Denied::TooLarge { size: file.size, max: rules.max_file_size });
    }
    Ok(Grant {
        subject: caller.subject().cloned(),
        access: access(caller, file.access.as_deref())?,
        name: FileName::parse(&file.name)?,
        size: file.size,
        media_type: media_type(&file.content_type, rules)?,
        metadata: Metadata::parse(&file.metadata)?,
    })
}

/// Without a level, what a caller uploads is its own; an anonymous one has nothing of its own.
fn access(caller: &Caller, given: Option<&str>) -> Result<Access, Denied> {
    match (given, caller.subject()) {
        (None, None) => Ok(Access::Guest),
        (None, Some(subject)) => Ok(Access::Private(subject.clone())),
        (Some(name), owner) => Access::parse(name, owner).ok_or_else(|| Denied::Access { given: name.to_owned() }),
    }
}

fn media_type(given: &str, rules: &Limits) -> Result<MediaType, Denied> {
    MediaType::parse(given)
        .filter(|media_type| {
            let named = rules.types.iter().any(|pattern| pattern.names(media_type));
            let covered = rules.types.iter().any(|pattern| pattern.covers(media_type));
            named || (covered && !media_type.runs_in_browsers())
        })
        .ok_or_else(|| Denied::Type { given: given.to_owned() })
}

impl Grant {
    /// None where the caller is anonymous.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn name(&self) -> &FileName {
        &self.name
    }

    /// In bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use nearput_api::Plan;

    use super::*;

    fn decide_on(content_type: &str, size: u64, types: &[&str]) -> Result<Grant, Denied> {
        let rules = Limits {
            max_file_size: 100,
            types: types.iter().map(|&text| text.to_owned().try_into().expect("a pattern")).collect(),
            ..Limits::default()
        };
        decide(&me(), &file(content_type, size), &rules)
    }

    fn me() -> Caller {
        Caller::known(Subject::parse("me").expect("safe"))
    }

    fn file(content_type: &str, size: u64) -> OpenFile {
        OpenFile {
            name: "a".to_owned(),
            size,
            content_type: content_type.to_owned(),
            access: None,
            metadata: Default::default(),
            plan: Plan::Put,
            parts: Vec::new(),
        }
    }

    #[test]
    fn a_file_may_have_the_limit_and_no_byte_more() {
        assert_eq!(decide_on("", 100, &["*/*"]).expect("allowed").size(), 100);
        for size in [101, 1 << 63, u64::MAX] {
            assert_eq!(decide_on("", size, &["*/*"]).expect_err("too large"), Denied::TooLarge { size, max: 100 });
        }
    }

    #[test]
    fn types_are_allowed_by_name_and_by_wildcard() {
        for (given, types, allowed) in [
            ("", &["*/*"][..], true),
            ("", &["image/*"], false),
            ("", &["application/octet-stream"], true),
            ("image/png", &["image/*"], true),
            ("IMAGE/PNG", &["image/png"], true),
            ("image/png", &["video/*", "image/jpeg"], false),
            ("imagex/png", &["image/*"], false),
            ("text/plain; charset=utf-8", &["text/plain"], true),
            ("text", &["*/*"], false),
            ("text/plain\r\nx: y", &["*/*"], false),
        ] {
            assert_eq!(decide_on(given, 1, types).is_ok(), allowed, "{given} by {types:?}");
        }
    }

    #[test]
    fn what_runs_in_browsers_must_be_named_exactly() {
        for given in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/xml",
            "application/atom+xml",
            "text/javascript",
            "application/javascript",
            "application/x-javascript",
            "text/ecmascript",
        ] {
            assert!(decide_on(given, 1, &["*/*", "text/*", "image/*", "application/*"]).is_err(), "{given}");
            let essence = given.split(';').next().expect("the first").to_lowercase();
            assert!(decide_on(given, 1, &[&essence]).is_ok(), "{given} when named");
        }
    }

    #[test]
    fn only_known_access_levels_are_granted_and_to_anonymous_callers_only_guest() {
        let me = || Subject::parse("me").expect("safe");
        for (caller, access, level) in [
            (Caller::known(me()), None, Some(Access::Private(me()))),
            (Caller::known(me()), Some("guest"), Some(Access::Guest)),
            (Caller::known(me()), Some("protected"), Some(Access::Protected(me()))),
            (Caller::known(me()), Some("../public"), None),
            (Caller::Anonymous, None, Some(Access::Guest)),
            (Caller::Anonymous, Some("guest"), Some(Access::Guest)),
            (Caller::Anonymous, Some("protected"), None),
            (Caller::Anonymous, Some("private"), None),
        ] {
            let file = OpenFile { access: access.map(str::to_owned), ..file("", 1) };
            let decided = decide(&caller, &file, &Limits::default()).map(|grant| grant.access().clone());
            let denied = Denied::Access { given: access.unwrap_or_default().to_owned() };
            assert_eq!(decided, level.ok_or(denied), "{caller:?} asks for {access:?}");
        }
    }
}
