//! Text with placeholders, from which keys and tags are made.

use serde::Deserialize;

/// Text in which `{sub}`, `{tenant}`, `{uuid}`, `{date}` and `{name}` stand for what is known of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// The caller's subject.
    Subject,
    /// The caller's tenant.
    Tenant,
    /// A new one for each upload.
    Uuid,
    /// The day on which the upload is opened, such as `2026-11-25`, in UTC.
    Date,
    /// What is left of the file's name in a key.
    Name,
}

/// What the placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) subject: Option<&'a str>,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) uuid: &'a str,
    pub(crate) date: &'a str,
    pub(crate) name: &'a str,
}

/// Text in braces that stands for nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a placeholder: there are {{sub}}, {{tenant}}, {{uuid}}, {{date}} and {{name}}")]
pub(crate) struct UnknownPlaceholder(String);

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, UnknownPlaceholder> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, braced) = rest.split_at(at);
            let end = braced.find('}').map_or(braced.len(), |end| end + 1);
            let (placeholder, after) = braced.split_at(end);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let known = Placeholder::parse(placeholder).ok_or_else(|| UnknownPlaceholder(placeholder.to_owned()))?;
            pieces.push(Piece::Placeholder(known));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Each placeholder, in order.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Placeholder(placeholder) => Some(*placeholder),
        })
    }

    pub(crate) fn has(&self, wanted: Placeholder) -> bool {
        self.placeholders().any(|placeholder| placeholder == wanted)
    }

    /// The text between the placeholders.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Placeholder(_) => None,
        })
    }

    /// How many texts and placeholders there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// None where a placeholder stands for something that this caller does not have.
    pub(crate) fn fill(&self, values: &Values<'_>) -> Option<String> {
        self.0.iter().try_fold(String::new(), |text, piece| {
            Some(
                text + match piece {
                    Piece::Text(text) => text,
                    Piece::Placeholder(placeholder) => values.get(*placeholder)?,
                },
            )
        })
    }
}

impl Placeholder {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "{sub}" => Some(Self::Subject),
            "{tenant}" => Some(Self::Tenant),
            "{uuid}" => Some(Self::Uuid),
            "{date}" => Some(Self::Date),
            "{name}" => Some(Self::Name),
            _ => None,
        }
    }
}

impl<'a> Values<'a> {
    fn get(&self, placeholder: Placeholder) -> Option<&'a str> {
        match placeholder {
            Placeholder::Subject => self.subject,
            Placeholder::Tenant => self.tenant,
            Placeholder::Uuid => Some(self.uuid),
            Placeholder::Date => Some(self.date),
            Placeholder::Name => Some(self.name),
        }
    }
}

impl TryFrom<String> for Template {
    type Error = UnknownPlaceholder;

    fn try_from(text: String) -> Result<Self, UnknownPlaceholder> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Values<'_> = Values { subject: Some("S"), tenant: None, uuid: "U", date: "D", name: "N" };

    fn filled(text: &str) -> Option<String> {
        Template::parse(text).expect("a template").fill(&VALUES)
    }

    #[test]
    fn placeholders_are_replaced_once_and_text_stays() {
        assert_eq!(filled("a{sub}b{uuid}{date}-{name}").as_deref(), Some("aSbUD-N"));
        assert_eq!(filled("plain").as_deref(), Some("plain"));
        assert_eq!(filled("").as_deref(), Some(""));
        assert_eq!(filled("{sub}{tenant}"), None);
        let named = Values { name: "{uuid}", ..VALUES };
        assert_eq!(Template::parse("{name}").expect("a template").fill(&named).as_deref(), Some("{uuid}"));
    }

    #[test]
    fn other_text_in_braces_is_refused() {
        for wrong in ["{", "}", "{}", "{ sub}", "{Sub}", "{email}", "{{sub}}", "a{sub", "sub}", "${filename}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
