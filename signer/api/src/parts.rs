//! Signing the parts of an open upload, and listing those that are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::RenewedTicket;

/// Parts of one upload that are to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignParts {
    pub ticket: String,
    pub parts: Vec<PartToSign>,
}

/// One part that is to be signed. Its size follows from the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PartToSign {
    /// From 1.
    pub number: u32,
    /// Base64 of the part's checksum, big-endian. Required where the site's profile names an algorithm, except for a form: its
    /// checksum is compared once it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// The signed parts, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedParts {
    /// The signer's clock.
    pub server_time: u64,
    pub parts: Vec<SignedPart>,
    /// To be shown from now on instead of the ticket that was, where less than half of that one's time is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<RenewedTicket>,
}

/// A request that the browser sends as it is, with the part's bytes as the body and no other header; or, where there are
/// `fields`, as `multipart/form-data` with these fields first and the bytes last, in the field `file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPart {
    pub number: u32,
    pub method: String,
    /// The same request by each path of the site, by the path's id. Any one of them will do.
    pub urls: BTreeMap<String, String>,
    /// `content-length` is signed as well, but set by the browser from the body.
    pub headers: BTreeMap<String, String>,
    /// The fields of a form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The request must have begun by then.
    pub expires_at: u64,
}

/// Asks which parts of an upload are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ListParts {
    pub ticket: String,
}

/// Every part of an upload that the storage holds, by ascending number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredParts {
    /// The signer's clock.
    pub server_time: u64,
    pub parts: Vec<StoredPart>,
    /// To be shown from now on instead of the ticket that was, where less than half of that one's time is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<RenewedTicket>,
}

/// A part that the storage holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredPart {
    pub number: u32,
    /// In bytes.
    pub size: u64,
    /// Base64 of the checksum, big-endian, where the storage keeps one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}
