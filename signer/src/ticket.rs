//! What the signer remembers about an upload. The browser carries it, and nothing else that a browser says is trusted.
//!
//! A ticket is made from a grant only; what is signed or done later is what a ticket names. One that awaits its creation by the
//! browser names key and attributes, and Create is all that is signed for it.

use std::fmt;

use nearput_api::{ChecksumAlgorithm, Plan};
use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::key::ObjectKey;
use crate::plan::Cut;
use crate::policy::Grant;

/// An open upload, as the signer remembers it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    // What many tickets of one call have in common comes first: in base64 it then looks the same, and compresses well.
    /// None where an anonymous caller opened it: then whoever holds the ticket can go on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sub: Option<String>,
    pub(crate) site: String,
    #[serde(rename = "type")]
    pub(crate) media_type: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    checksum: Option<ChecksumAlgorithm>,
    pub(crate) existing: Existing,
    /// Whether no other upload's key is in the folder of this one's.
    own_folder: bool,
    pub(crate) key: ObjectKey,
    size: u64,
    /// Its place among the caller's open uploads, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) place: Option<String>,
    /// Whether a browser may have credentials for it, which hold down nothing of what a rule says but the place.
    #[serde(skip_serializing_if = "is_false", default)]
    pub(crate) may_delegate: bool,
    /// Whether the rule lets it go to any site behind the access point of its own.
    #[serde(skip_serializing_if = "is_false", default)]
    pub(crate) may_roam: bool,
    pub(crate) sending: Sending,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// How the bytes go to the storage, and what the storage must be told with them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "plan", rename_all = "lowercase")]
pub(crate) enum Sending {
    Form(Attributes),
    Put(Attributes),
    /// Create has fixed everything but the bytes.
    Multipart {
        part_size: u64,
        upload_id: String,
        /// Whether its parts may go by the access point as well, which finds the bucket again by the sender's place.
        #[serde(skip_serializing_if = "is_false", default)]
        by_access_point: bool,
    },
    /// The browser is to create a multipart upload with these by an access point, and nothing else is signed.
    Awaiting {
        part_size: u64,
        attributes: Attributes,
    },
}

/// A part of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Territory<'a> {
    /// Every key that begins with this, which ends with a slash.
    Folder(&'a str),
    /// This key and no other.
    Key(&'a str),
}

/// What becomes of an object that has the key already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Existing {
    /// The upload replaces it.
    Replaced,
    /// It stays, and the upload fails.
    Kept,
    /// There is none but the upload's own, for no other key has the same id in it. It is written once.
    OwnOnly,
}

impl Ticket {
    pub(crate) fn new(grant: &Grant<'_>, key: ObjectKey, cut: &Cut, sending: Sending) -> Self {
        Self {
            sub: grant.subject().map(ToString::to_string),
            site: grant.site().to_owned(),
            existing: grant.rule().existing,
            own_folder: grant.rule().key.has_own_folder(),
            key,
            size: grant.size(),
            media_type: grant.media_type().as_str().to_owned(),
            checksum: cut.checksum,
            place: None,
            may_roam: false,
            may_delegate: grant.subject().is_some() && grant.rule().allows_delegation(),
            sending,
        }
    }

    /// Whether the browser is to create the upload, by an access point.
    pub(crate) fn awaits_creation(&self) -> bool {
        match self.sending {
            Sending::Awaiting { .. } => true,
            Sending::Form(_) | Sending::Put(_) | Sending::Multipart { .. } => false,
        }
    }

    /// The same upload, once it is found at a site. Only what awaits its creation becomes another.
    pub(crate) fn created(self, site: &str, upload_id: &str) -> Self {
        let Sending::Awaiting { part_size, .. } = self.sending else { return self };
        let sending = Sending::Multipart { part_size, upload_id: upload_id.to_owned(), by_access_point: true };
        Self { site: site.to_owned(), sending, ..self }
    }

    /// Who opened the upload, if it is known.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    /// The part of the bucket in which there is nothing but this upload's object.
    pub(crate) fn territory(&self) -> Territory<'_> {
        if self.own_folder { Territory::Folder(self.key.folder()) } else { Territory::Key(self.key.as_str()) }
    }

    /// How the file is cut.
    pub(crate) fn cut(&self) -> Cut {
        let plan = match self.sending {
            Sending::Form(_) => Plan::Form,
            Sending::Put(_) => Plan::Put,
            Sending::Multipart { part_size, .. } | Sending::Awaiting { part_size, .. } => Plan::Multipart { part_size },
        };
        Cut { plan, size: self.size, checksum: self.checksum }
    }
}

impl<'a> Territory<'a> {
    /// What all keys in it begin with.
    pub(crate) fn prefix(self) -> &'a str {
        match self {
            Self::Folder(prefix) | Self::Key(prefix) => prefix,
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
