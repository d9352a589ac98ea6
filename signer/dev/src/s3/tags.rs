//! Tags of objects: they are kept and shown, and nothing depends on them here.
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::http::Uri;
use s3s::dto::Tag;
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

/// By name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// As the header `x-amz-tagging` has them: a query.
    pub(super) fn in_header(text: Option<&str>) -> S3Result<Self> {
        let uri = format!("/?{}", text.unwrap_or_default()).parse::<Uri>().ok();
        let tags = uri.and_then(|uri| Query::try_from_uri(&uri).ok());
        tags.map(|Query(tags)| Self(tags)).ok_or_else(|| s3_error!(InvalidArgument, "The tags are no query."))
    }

    /// As the field `tagging` of a form has them: XML, here without escapes or spaces between its elements.
    pub(super) fn in_xml(text: &str) -> S3Result<Self> {
        parse(text).map(Self).ok_or_else(|| s3_error!(MalformedXML, "The tags are not those of a form."))
    }

    pub(super) fn count(&self) -> Option<i32> {
        i32::try_from(self.0.len()).ok().filter(|count| *count > 0)
    }

    pub(super) fn to_dto(&self) -> Vec<Tag> {
        let tag = |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
        self.0.iter().map(tag).collect()
    }
}

fn parse(text: &str) -> Option<BTreeMap<String, String>> {
    let set = text.strip_prefix("<Tagging><TagSet>")?.strip_suffix("</TagSet></Tagging>")?;
    let tags = set.split_terminator("</Tag>").map(|tag| {
        let (key, value) = tag.strip_prefix("<Tag><Key>")?.split_once("</Key><Value>")?;
        Some((key.to_owned(), value.strip_suffix("</Value>")?.to_owned()))
    });
    tags.collect()
}
