//! Tags of objects, to which lifecycle rules and bucket policies refer. The operator chooses them.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::routing::escape_query;
use crate::template::{Placeholder, Template, Values};

const MAX_TAGS: usize = 10;
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 256;
/// The longest text that a placeholder stands for: a subject.
const LONGEST: usize = 128;

/// Tags whose values may have placeholders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Template>")]
pub(crate) struct TagTemplates(BTreeMap<String, Template>);

/// The tags of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Tags(BTreeMap<String, String>);

/// Tags that S3 would not take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTags {
    #[error("there are more than {MAX_TAGS} tags")]
    TooMany,
    #[error("the tag `{0}` is longer than S3 takes: {MAX_NAME} characters for its name, {MAX_VALUE} for its value")]
    TooLong(String),
    #[error("the tag `{0}` must be made of ASCII letters, digits, spaces and `+-=._:/@`, and not begin with `aws:`")]
    Unsafe(String),
    #[error("the tag `{0}` cannot have {{name}}, which may hold what tags cannot")]
    Name(String),
}

impl TagTemplates {
    pub(crate) fn has(&self, wanted: Placeholder) -> bool {
        self.0.values().any(|value| value.has(wanted))
    }

    /// None where a placeholder stands for something that the caller does not have.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Option<Tags> {
        // A subject may have `|`, which tags cannot, and never has a slash.
        let fill = |(name, value): (&String, &Template)| Some((name.clone(), value.fill(values)?.replace('|', "/")));
        self.0.iter().map(fill).collect::<Option<_>>().map(Tags)
    }
}

impl Tags {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the header `x-amz-tagging` has them.
    pub(crate) fn header(&self) -> String {
        let pair = |(name, value): (&String, &String)| format!("{}={}", escape_query(name), escape_query(value));
        self.0.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// As the field `tagging` of a form has them. No tag holds what XML escapes.
    pub(crate) fn xml(&self) -> String {
        let tag = |(name, value): (&String, &String)| format!("<Tag><Key>{name}</Key><Value>{value}</Value></Tag>");
        format!("<Tagging><TagSet>{}</TagSet></Tagging>", self.0.iter().map(tag).collect::<String>())
    }
}

impl TryFrom<BTreeMap<String, Template>> for TagTemplates {
    type Error = InvalidTags;

    fn try_from(tags: BTreeMap<String, Template>) -> Result<Self, InvalidTags> {
        if tags.len() > MAX_TAGS {
            return Err(InvalidTags::TooMany);
        }
        for (name, value) in &tags {
            let length = value.texts().map(str::len).sum::<usize>() + value.placeholders().count() * LONGEST;
            if name.len() > MAX_NAME || length > MAX_VALUE {
                return Err(InvalidTags::TooLong(name.clone()));
            }
            if name.is_empty() || name.starts_with("aws:") || !is_safe(name) || !value.texts().all(is_safe) {
                return Err(InvalidTags::Unsafe(name.clone()));
            }
            if value.has(Placeholder::Name) {
                return Err(InvalidTags::Name(name.clone()));
            }
        }
        Ok(Self(tags))
    }
}

fn is_safe(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(tags: &[(&str, &str)]) -> Result<TagTemplates, InvalidTags> {
        let tag = |&(name, value): &(&str, &str)| (name.to_owned(), Template::parse(value).expect("a template"));
        tags.iter().map(tag).collect::<BTreeMap<_, _>>().try_into()
    }

    #[test]
    fn tags_are_a_query_in_a_header_and_xml_in_a_form() {
        let values = Values { subject: Some("auth0|1"), tenant: None, uuid: "u", date: "d", name: "n" };
        let tags = parse(&[("team a", "x+y=z"), ("who", "{sub}")]).expect("tags").fill(&values).expect("no tenant");
        assert_eq!(tags.header(), "team%20a=x%2By%3Dz&who=auth0%2F1");
        assert_eq!(
            tags.xml(),
            "<Tagging><TagSet><Tag><Key>team a</Key><Value>x+y=z</Value></Tag>\
             <Tag><Key>who</Key><Value>auth0/1</Value></Tag></TagSet></Tagging>"
        );
        assert_eq!(parse(&[("t", "{tenant}")]).expect("tags").fill(&values), None);
    }

    #[test]
    fn tags_that_s3_would_not_take_are_refused() {
        let named = |error: fn(String) -> InvalidTags, name: &str| Err(error(name.to_owned()));
        let many: Vec<_> = (0..11).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
        assert!(parse(&many[..10]).is_ok());
        assert_eq!(parse(&many), Err(InvalidTags::TooMany));
        assert_eq!(parse(&[("a", &"x".repeat(257))]), named(InvalidTags::TooLong, "a"));
        assert_eq!(parse(&[("a", "{sub}{sub}x")]), named(InvalidTags::TooLong, "a"));
        for (name, value) in [("", ""), ("aws:x", ""), ("<", ""), ("a", "")] {
            let refused = parse(&[(name, value), ("a", "&")]);
            assert!(matches!(refused, Err(InvalidTags::Unsafe(_))), "{name}");
        }
        assert_eq!(parse(&[("a", "{name}")]), named(InvalidTags::Name, "a"));
    }
}
