//! Ending uploads: completing them, or giving them up.

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// Uploads whose parts have all been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteUploads {
    pub uploads: Vec<CompleteUpload>,
}

/// One upload whose parts have all been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteUpload {
    pub ticket: String,
    /// Every part, by ascending number. Empty for a `form` or a `put`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<CompletedPart>,
    /// Base64 of the whole file's checksum, big-endian. Required where the site's profile names an algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// A part that has been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompletedPart {
    pub number: u32,
    /// As the storage answered it. Where one is missing (CORS may hide it), the signer lists the parts itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Base64 of the part's checksum, big-endian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// One outcome per upload, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletedUploads {
    /// The signer's clock.
    pub server_time: u64,
    pub uploads: Vec<Outcome<CompletedUpload>>,
}

/// An object that is stored whole, as the storage itself has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletedUpload {
    /// The id of the site.
    pub site: String,
    pub region: String,
    pub bucket: String,
    pub key: String,
    /// In bytes.
    pub size: u64,
    pub etag: String,
    /// Where the bucket keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Base64 of the whole object's checksum, big-endian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// A signed address that reads the object back for a while.
    pub download_url: String,
}

/// Gives an upload up: its parts are deleted, and nothing can be added to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AbortUpload {
    pub ticket: String,
}

/// The upload is given up. Asked again, the answer is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Aborted {
    /// The signer's clock.
    pub server_time: u64,
}
