//! Media types, and the patterns that allow them.

use serde::Deserialize;

const OCTET_STREAM: &str = "application/octet-stream";

/// A media type as it is stored with the object: its essence in lower case, its parameters as they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType {
    text: String,
    essence_len: usize,
}

/// A media type without parameters, with `*` for any subtype, or `*/*` for any type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TypePattern(String);

/// Text that is no pattern.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a media type: write one such as `image/png`, `image/*` or `*/*`, in lower case")]
pub(crate) struct NotAPattern(String);

impl MediaType {
    /// An empty text counts as `application/octet-stream`; none where the text is no media type.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Self::parse(OCTET_STREAM);
        }
        let (essence, parameters) = text.split_at(text.find(';').unwrap_or(text.len()));
        let essence = essence.trim_ascii().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let valid = text.len() <= 255
            && is_token(kind)
            && is_token(subtype)
            // Browsers split the header at a comma, and the last type counts: https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
            && parameters.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic() && byte != b',');
        valid.then(|| Self { essence_len: essence.len(), text: essence + parameters })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a browser that shows the object would run scripts in it.
    pub(crate) fn runs_in_browsers(&self) -> bool {
        let essence = self.essence();
        let subtype = essence.split_once('/').map_or("", |(_, subtype)| subtype);
        // What is said to be unknown is guessed: https://mimesniff.spec.whatwg.org/#mime-type-sniffing-algorithm
        subtype == "unknown"
            || subtype == "xml"
            || subtype.ends_with("+xml")
            || ["html", "javascript", "ecmascript", "jscript", "livescript", "xsl", "xslt", "x-mixed-replace"]
                .iter()
                .any(|name| subtype.contains(name))
    }

    fn essence(&self) -> &str {
        &self.text[..self.essence_len]
    }
}

impl TypePattern {
    pub(crate) fn any() -> Self {
        Self("*/*".to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is exactly the type's name.
    pub(crate) fn names(&self, media_type: &MediaType) -> bool {
        self.0 == media_type.essence()
    }

    /// Whether the type falls under this pattern.
    pub(crate) fn covers(&self, media_type: &MediaType) -> bool {
        match self.0.strip_suffix('*') {
            Some("*/") => true,
            Some(kind) => media_type.essence().starts_with(kind),
            None => self.names(media_type),
        }
    }
}

impl TryFrom<String> for TypePattern {
    type Error = NotAPattern;

    fn try_from(text: String) -> Result<Self, NotAPattern> {
        let valid = text == "*/*"
            || text
                .split_once('/')
                .is_some_and(|(kind, subtype)| is_token(kind) && (subtype == "*" || is_token(subtype)));
        if valid && text == text.to_ascii_lowercase() { Ok(Self(text)) } else { Err(NotAPattern(text)) }
    }
}

/// A name of RFC 6838 §4.2, which excludes `*`.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}
