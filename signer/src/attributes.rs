//! What is stored with an object beside its bytes and its type: headers of a PUT, fields of a form, members of Create.

use serde::{Deserialize, Serialize};

use crate::metadata::Metadata;
use crate::tags::Tags;

/// What a grant fixes about an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) disposition: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) storage_class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<Encryption>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub(crate) tags: Tags,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub(crate) metadata: Metadata,
}

/// How the storage encrypts an object. Without one, as the bucket has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encryption {
    /// By a key of the storage's own.
    SseS3,
    /// By this key of the Key Management Service.
    SseKms(String),
}

impl Encryption {
    /// As S3 names it.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::SseS3 => "AES256",
            Self::SseKms(_) => "aws:kms",
        }
    }

    pub(crate) fn kms_key_id(&self) -> Option<&str> {
        match self {
            Self::SseS3 => None,
            Self::SseKms(id) => Some(id),
        }
    }
}

impl Attributes {
    /// As a PUT has them, by names in lower case.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        let tags = (!self.tags.is_empty()).then(|| ("x-amz-tagging".to_owned(), self.tags.header()));
        self.plain().map(|(name, value)| (name.to_ascii_lowercase(), value)).chain(tags)
    }

    /// As a form has them.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (String, String)> {
        let tags = (!self.tags.is_empty()).then(|| ("tagging".to_owned(), self.tags.xml()));
        self.plain().chain(tags)
    }

    fn plain(&self) -> impl Iterator<Item = (String, String)> {
        let encryption = self.encryption.as_ref();
        let own = [
            ("Content-Disposition", Some(self.disposition.as_str())),
            ("Cache-Control", self.cache_control.as_deref()),
            ("x-amz-storage-class", self.storage_class.as_deref()),
            ("x-amz-server-side-encryption", encryption.map(Encryption::algorithm)),
            ("x-amz-server-side-encryption-aws-kms-key-id", encryption.and_then(Encryption::kms_key_id)),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        own.chain(self.metadata.iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value.to_owned())))
    }
}
