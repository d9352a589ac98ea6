//! Opening uploads.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Outcome, PartToSign, SignedPart};

/// Files that are to be uploaded to one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenUploads {
    /// The id of the chosen site; without one, the signer's home site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Whether the site's Multi-Region Access Point is to choose among its buckets, for files that are cut into parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_access_point: bool,
    pub files: Vec<OpenFile>,
}

/// One file that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenFile {
    /// The file's name as the user knows it. It never becomes a path: the signer makes the key.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// The media type; an empty one counts as `application/octet-stream`.
    #[serde(rename = "type", default)]
    pub content_type: String,
    /// The access level, a name of the signer's configuration; without one, its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Stored with the object as `x-amz-meta-…`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    pub plan: Plan,
    /// The first parts, to be signed by the same call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartToSign>,
}

/// How an upload is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Plan {
    /// One POST of the whole file as a form, for which browsers ask no preflight. Its only part has the number 1. Only for sites
    /// whose profile says so.
    Form,
    /// One PUT of the whole file. Its only part has the number 1.
    Put,
    /// Equal parts; the last one may be smaller.
    Multipart {
        /// In bytes.
        part_size: u64,
    },
}

impl Plan {
    /// How many parts a file of `size` bytes has. The number is not held to any storage's limit.
    pub fn part_count(self, size: u64) -> u64 {
        match self {
            Self::Form | Self::Put => 1,
            Self::Multipart { part_size } => size.div_ceil(part_size.max(1)).max(1),
        }
    }

    /// The bytes of the part with this number, counted from 1, of a file of `size` bytes; none where there is no such part.
    pub fn part_range(self, size: u64, number: u32) -> Option<Range<u64>> {
        let index = u64::from(number.checked_sub(1)?);
        if index >= self.part_count(size) {
            return None;
        }
        match self {
            Self::Form | Self::Put => Some(0..size),
            Self::Multipart { part_size } => {
                let start = index * part_size;
                Some(start..size.min(start.saturating_add(part_size)))
            }
        }
    }
}

/// One outcome per file, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedUploads {
    /// The signer's clock.
    pub server_time: u64,
    pub uploads: Vec<Outcome<OpenedUpload>>,
}

/// The ticket of an upload, for a longer time. A secret, like the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewedTicket {
    pub ticket: String,
    /// When the ticket ends.
    pub expires_at: u64,
}

/// An upload that can begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedUpload {
    /// Must be shown with every later call about this upload. A secret: whoever holds it can go on with the upload.
    pub ticket: String,
    /// When the ticket ends.
    pub expires_at: u64,
    /// The id of the site.
    pub site: String,
    /// Where the object will be found in the site's bucket.
    pub key: String,
    pub plan: Plan,
    /// The parts that the call named, signed.
    pub parts: Vec<SignedPart>,
    /// Where the browser has to create the upload itself, by a Multi-Region Access Point: the request, of which the storage
    /// answers `UploadId` in XML. Then `parts` is empty, and [`crate::path::CREATED`] goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<SignedPart>,
}

/// An upload that the browser has created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreatedUpload {
    pub ticket: String,
    /// As the storage answered it.
    pub upload_id: String,
    /// The first parts, to be signed by the same call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartToSign>,
}
