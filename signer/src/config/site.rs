//! `[[sites]]`

use nearput_api::{ChecksumAlgorithm, Profile};
use serde::Deserialize;

use super::{Origin, Service};

/// One bucket in one region, or one S3-compatible service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    pub(crate) id: String,
    /// Which kind of storage it is. It fills in what the site does not say.
    #[serde(default)]
    pub(crate) service: Service,
    #[serde(default)]
    pub(crate) region: String,
    pub(crate) bucket: String,
    /// Where the S3-compatible service is; none for AWS.
    pub(crate) endpoint: Option<Origin>,
    /// Where the service is as well, so that browsers can send by several host names at once.
    #[serde(default)]
    pub(crate) further_endpoints: Vec<Origin>,
    /// Whether the bucket's name goes before the endpoint's host, and not into the path.
    #[serde(default)]
    pub(crate) virtual_host: bool,
    /// Where the signer itself reaches the storage, if not where browsers do.
    pub(crate) internal_endpoint: Option<Origin>,
    /// Whether the bucket has Transfer Acceleration.
    #[serde(default)]
    pub(crate) accelerate: bool,
    /// The alias of a Multi-Region Access Point that the bucket is behind.
    pub(crate) mrap: Option<String>,
    #[serde(default)]
    pub(crate) credentials: CredentialSource,
    #[serde(default, rename = "profile")]
    said: ProfileOverrides,
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

/// `[sites.profile]`: where the storage is not as its service usually is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProfileOverrides {
    max_parts: Option<u32>,
    min_part_size: Option<u64>,
    checksum: Option<ChecksumKey>,
    form: Option<bool>,
    second_copies: Option<bool>,
    conditional_writes: Option<bool>,
}

/// What the storage can do.
#[derive(Debug, Clone)]
pub(super) struct ProfileKeys {
    pub(super) max_parts: u32,
    pub(super) min_part_size: u64,
    pub(super) checksum: ChecksumKey,
    pub(super) form: bool,
    pub(super) second_copies: bool,
    pub(super) conditional_writes: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChecksumKey {
    Crc64nvme,
    Crc32c,
    None,
}

impl Site {
    /// What is left out and follows from the service.
    pub(super) fn fill_in(&mut self) {
        if self.region.is_empty() {
            self.region = self.service.region().unwrap_or_default().to_owned();
        }
    }

    /// Whether it is a bucket of AWS, whose host names follow from bucket and region.
    pub(crate) fn is_on_aws(&self) -> bool {
        self.service == Service::S3 && self.endpoint.is_none()
    }

    /// What the storage behind the site can do.
    pub(crate) fn profile(&self) -> Profile {
        let keys = self.keys();
        Profile {
            max_parts: keys.max_parts,
            min_part_size: keys.min_part_size,
            checksum: match keys.checksum {
                ChecksumKey::Crc64nvme => Some(ChecksumAlgorithm::Crc64nvme),
                ChecksumKey::Crc32c => Some(ChecksumAlgorithm::Crc32c),
                ChecksumKey::None => None,
            },
            form: keys.form,
            second_copies: keys.second_copies,
        }
    }

    /// Whether the storage knows `if-none-match: *`, by which no object is replaced.
    pub(crate) fn conditional_writes(&self) -> bool {
        self.keys().conditional_writes
    }

    fn keys(&self) -> ProfileKeys {
        let (usual, said) = (self.service.profile(), &self.said);
        ProfileKeys {
            max_parts: said.max_parts.unwrap_or(usual.max_parts),
            min_part_size: said.min_part_size.unwrap_or(usual.min_part_size),
            checksum: said.checksum.unwrap_or(usual.checksum),
            form: said.form.unwrap_or(usual.form),
            second_copies: said.second_copies.unwrap_or(usual.second_copies),
            conditional_writes: said.conditional_writes.unwrap_or(usual.conditional_writes),
        }
    }
}

impl ProfileKeys {
    /// S3's own limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
    pub(super) fn s3() -> Self {
        Self {
            max_parts: 10_000,
            min_part_size: 5 << 20,
            checksum: ChecksumKey::Crc64nvme,
            form: true,
            second_copies: true,
            conditional_writes: true,
        }
    }

    /// What whatever speaks S3 can do.
    pub(super) fn cautious() -> Self {
        Self { checksum: ChecksumKey::None, form: false, second_copies: false, conditional_writes: false, ..Self::s3() }
    }
}
