//! What the signer remembers about an upload. The browser carries it, and nothing else that a browser says is trusted.
//!
//! A ticket is made from a grant only; what is signed or done later is what a ticket names.

use std::fmt;

use nearput_api::{ChecksumAlgorithm, Plan};
use serde::{Deserialize, Serialize};

use crate::key::ObjectKey;
use crate::metadata::Metadata;
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
    pub(crate) key: ObjectKey,
    size: u64,
    pub(crate) sending: Sending,
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
    },
}

/// What is stored with an object beside its type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) disposition: String,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub(crate) metadata: Metadata,
}

impl Ticket {
    pub(crate) fn new(grant: &Grant, site: String, key: ObjectKey, cut: &Cut, sending: Sending) -> Self {
        Self {
            sub: grant.subject().map(ToString::to_string),
            site,
            key,
            size: grant.size(),
            media_type: grant.media_type().as_str().to_owned(),
            checksum: cut.checksum,
            sending,
        }
    }

    /// Who opened the upload, if it is known.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    /// How the file is cut.
    pub(crate) fn cut(&self) -> Cut {
        let plan = match self.sending {
            Sending::Form(_) => Plan::Form,
            Sending::Put(_) => Plan::Put,
            Sending::Multipart { part_size, .. } => Plan::Multipart { part_size },
        };
        Cut { plan, size: self.size, checksum: self.checksum }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
