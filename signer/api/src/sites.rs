//! What [`crate::path::SITES`] answers: the buckets a caller may use, and its limits.

use serde::{Deserialize, Serialize};

/// The sites that the caller may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sites {
    /// The signer's clock.
    pub server_time: u64,
    /// The id of the site that this signer prefers: the one in its own region.
    pub home: String,
    /// In the order in which they are taken where nothing else tells them apart.
    pub sites: Vec<Site>,
    #[serde(default)]
    pub routing: Routing,
    /// Addresses of signers with the same configuration and ticket keys, in the order in which they are to be tried when the
    /// one that answers this does not answer any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<String>,
    /// Those of the access level that is taken where a file names none.
    pub limits: Limits,
    /// The access levels for which the caller may ask; the first one is the default.
    #[serde(default)]
    pub levels: Vec<Level>,
}

/// How a browser chooses among the sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Routing {
    /// The nearest as measured; the home site where that makes no difference.
    #[default]
    Measured,
    /// The home site, and the others in their order where it fails.
    Home,
    /// The home site and no other, whatever happens.
    Fixed,
}

/// An access level of a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Level {
    /// Its name, for `access` of a file.
    pub access: String,
    /// The ids of the sites to which its files may go.
    pub sites: Vec<String>,
    pub limits: Limits,
}

/// One bucket in one region, or one S3-compatible service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Site {
    pub id: String,
    pub region: String,
    /// The host names by which the bucket can be reached; the first one is the default.
    pub paths: Vec<Path>,
    pub profile: Profile,
    /// Whether the signer gives out credentials, by which the browser signs parts itself.
    #[serde(default)]
    pub credentials: bool,
    /// Whether its Multi-Region Access Point may choose the bucket of an upload: see `by_access_point` of an open call.
    #[serde(default)]
    pub access_point: bool,
}

/// One host name by which a site's bucket can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Path {
    /// Unlike that of every other path of the site.
    pub id: String,
    pub kind: PathKind,
    /// A tiny request to this address measures the distance.
    pub probe_url: String,
}

/// The kinds of host name that a bucket can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    Regional,
    Dualstack,
    PathStyle,
    PathStyleDualstack,
    Accelerate,
    Mrap,
    Custom,
}

/// What the storage behind a site can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    /// The most parts that one upload may have. S3: 10,000.
    pub max_parts: u32,
    /// The smallest size of every part but the last, in bytes. S3: 5 MiB.
    pub min_part_size: u64,
    /// The checksum that each part and the whole object (`FULL_OBJECT`) must carry; none where the storage knows none.
    pub checksum: Option<ChecksumAlgorithm>,
    /// Whether it takes a POST of a form, so that small files need no preflight. S3 does.
    pub form: bool,
    /// Whether a second copy of a part that is already stored does no harm, even one that breaks off. It does none on S3.
    pub second_copies: bool,
}

/// The algorithms by which storage can check what it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChecksumAlgorithm {
    /// See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>.
    Crc64nvme,
    /// For services that do not know CRC64NVME.
    Crc32c,
}

/// What the caller may upload at one access level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// The largest file, in bytes.
    pub max_file_size: u64,
    /// The most files that one open call may name.
    pub max_files_per_call: u32,
    /// The most parts that one sign call may name.
    pub max_parts_per_call: u32,
    /// Media types, with `*` after the slash for any subtype: `image/png`, `video/*`, `*/*`.
    pub types: Vec<String>,
}
