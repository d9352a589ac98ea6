//! `[[sites]]`

use nearput_api::{ChecksumAlgorithm, Profile};
use serde::Deserialize;

use super::Origin;

/// One bucket in one region, or one S3-compatible service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) bucket: String,
    /// Where the S3-compatible service is; none for AWS.
    pub(crate) endpoint: Option<Origin>,
    /// Where the service is as well, so that browsers can send by several host names at once.
    #[serde(default)]
    pub(crate) further_endpoints: Vec<Origin>,
    /// Where the signer itself reaches the storage, if not where browsers do.
    pub(crate) internal_endpoint: Option<Origin>,
    /// Whether the bucket has Transfer Acceleration.
    #[serde(default)]
    pub(crate) accelerate: bool,
    /// The alias of a Multi-Region Access Point that the bucket is behind.
    pub(crate) mrap: Option<String>,
    #[serde(default)]
    pub(crate) credentials: CredentialSource,
    #[serde(default)]
    profile: ProfileKeys,
}

/// Where the signer's own credentials for a site come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CredentialSource {
    /// The chain of AWS's SDKs: environment, profile, web identity, container, instance.
    #[default]
    Aws,
    /// `NEARPUT_SITE_<ID>_ACCESS_KEY_ID` and its siblings.
    Environment,
}

/// What the storage can do, where it is less than S3.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProfileKeys {
    max_parts: u32,
    min_part_size: u64,
    checksum: ChecksumKey,
    form: bool,
    second_copies: bool,
    conditional_writes: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChecksumKey {
    Crc64nvme,
    Crc32c,
    None,
}

impl Site {
    /// What the storage behind the site can do.
    pub(crate) fn profile(&self) -> Profile {
        Profile {
            max_parts: self.profile.max_parts,
            min_part_size: self.profile.min_part_size,
            checksum: match self.profile.checksum {
                ChecksumKey::Crc64nvme => Some(ChecksumAlgorithm::Crc64nvme),
                ChecksumKey::Crc32c => Some(ChecksumAlgorithm::Crc32c),
                ChecksumKey::None => None,
            },
            form: self.profile.form,
            second_copies: self.profile.second_copies,
        }
    }

    /// Whether the storage knows `if-none-match: *`, by which no object is replaced.
    pub(crate) fn conditional_writes(&self) -> bool {
        self.profile.conditional_writes
    }
}

impl Default for ProfileKeys {
    /// S3's own limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
    fn default() -> Self {
        Self {
            max_parts: 10_000,
            min_part_size: 5 << 20,
            checksum: ChecksumKey::Crc64nvme,
            form: true,
            second_copies: true,
            conditional_writes: true,
        }
    }
}
