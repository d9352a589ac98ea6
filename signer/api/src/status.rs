//! Where an upload's object is by now.

use serde::{Deserialize, Serialize};

/// Asks for one upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskStatus {
    pub ticket: String,
    /// Base64 of the whole file's checksum, big-endian, as the completed upload has it. Required where another upload's object may have the
    /// same key, so that only who has the file is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// Whether the object is there, and where else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadStatus {
    /// The signer's clock.
    pub server_time: u64,
    /// The id of the site to which it is or was uploaded.
    pub site: String,
    pub key: String,
    /// Whether the site has the object. Everything below is empty where it has not.
    pub exists: bool,
    /// The object at each other site to which the storage copies it, in the order of the sites. Empty where nothing is copied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<Replica>,
    /// A signed address that reads the object back for a while, from the signer's home site if that has it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
}

/// The object at another site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replica {
    /// The id of the site.
    pub site: String,
    pub region: String,
    pub bucket: String,
    pub state: ReplicaState,
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ReplicaState {
    /// It is on its way.
    Pending,
    /// It is there.
    Completed,
    /// The storage has given it up: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html>.
    Failed,
}
