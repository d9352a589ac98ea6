//! `sites.service`: what is known of the services that speak S3, so that a site need not say it key by key.
//!
//! Where nobody has tried a thing, it counts as missing: then an upload takes a longer way, and none fails. A site's
//! `profile` says otherwise for a service that has learnt it since.

use serde::Deserialize;

use super::site::{ChecksumKey, ProfileKeys};

/// The kinds of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Service {
    /// AWS's own, or one that is as it.
    #[default]
    S3,
    Garage,
    R2,
    B2,
    Wasabi,
    Gcs,
    Minio,
}

impl Service {
    /// The region in which requests are signed, where it is the same for all buckets.
    pub(super) fn region(self) -> Option<&'static str> {
        match self {
            // Each bucket's own.
            Self::S3 | Self::B2 | Self::Wasabi => None,
            // That of its quick start: https://garagehq.deuxfleurs.fr/documentation/quick-start/
            Self::Garage => Some("garage"),
            // https://developers.cloudflare.com/r2/api/s3/api/
            Self::R2 => Some("auto"),
            // It takes any: https://docs.cloud.google.com/storage/docs/aws-simple-migration
            Self::Gcs => Some("auto"),
            // https://docs.min.io/enterprise/aistor-object-store/reference/aistor-server/settings/core/
            Self::Minio => Some("us-east-1"),
        }
    }

    /// Whether it knows temporary credentials that an STS gives out.
    pub(crate) fn takes_session_tokens(self) -> bool {
        match self {
            // https://docs.min.io/enterprise/aistor-object-store/developers/security-token-service/
            Self::S3 | Self::Minio => true,
            // R2's are signed by whoever has a token: `credentials.kind = "r2"`. Of Wasabi it is not tried.
            Self::Garage | Self::R2 | Self::B2 | Self::Wasabi | Self::Gcs => false,
        }
    }

    /// What it can do, unless the site says otherwise.
    pub(super) fn profile(self) -> ProfileKeys {
        let s3 = ProfileKeys::s3();
        match self {
            Self::S3 => s3,
            // Tried with Garage 2.5, in tests/conformance: it computes no checksum of a form, takes no notice of
            // `if-none-match`, and a second copy of a part that breaks off spoils the first.
            Self::Garage => ProfileKeys { form: false, second_copies: false, conditional_writes: false, ..s3 },
            // Not tried against the real service. No POST, CRC64NVME of the full object, conditional PUT and Complete:
            // https://developers.cloudflare.com/r2/api/s3/api/ and
            // https://developers.cloudflare.com/r2/api/s3/conditional-operations/
            Self::R2 => ProfileKeys { form: false, second_copies: false, ..s3 },
            // Not tried against the real service. No POST, and which checksums it knows is not said:
            // https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api
            Self::B2 => ProfileKeys::cautious(),
            // Not tried against the real service. https://docs.wasabi.com/docs/wasabi-api
            Self::Wasabi => ProfileKeys::cautious(),
            // Not tried against the real service. It has checksums and conditions by headers of its own, `x-goog-…`:
            // https://docs.cloud.google.com/storage/docs/xml-api/reference-headers
            Self::Gcs => ProfileKeys::cautious(),
            // Not tried against the real service. CRC64NVME of the full object since 2025, but only where it is sent:
            // https://github.com/minio/minio/pull/20855, https://github.com/irods/irods_resource_plugin_s3/issues/2285
            // `if-none-match` at a PUT and not at Complete:
            // https://docs.min.io/enterprise/aistor-object-store/reference/s3-api-compatibility.html
            Self::Minio => {
                ProfileKeys { checksum: ChecksumKey::Crc64nvme, second_copies: false, ..ProfileKeys::cautious() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nearput_api::ChecksumAlgorithm::Crc64nvme;

    use crate::config::Config;

    #[test]
    fn a_service_fills_in_what_its_site_does_not_say() {
        for (service, region, checksum, form, conditional_writes) in [
            ("s3", "us-east-1", Some(Crc64nvme), true, true),
            ("garage", "garage", Some(Crc64nvme), false, false),
            ("r2", "auto", Some(Crc64nvme), false, true),
            ("b2", "us-east-1", None, false, false),
            ("wasabi", "us-east-1", None, false, false),
            ("gcs", "auto", None, false, false),
            ("minio", "us-east-1", Some(Crc64nvme), false, false),
        ] {
            let own_region = if region == "us-east-1" { "region = 'us-east-1'" } else { "" };
            let text = format!(
                "[[sites]]\nid = 'a'\nbucket = 'ccc'\nendpoint = 'https://s3.example'\nservice = '{service}'\n{own_region}"
            );
            let site = Config::parse(&text).expect(service).sites.remove(0);
            let profile = site.profile();
            assert_eq!((site.region.as_str(), profile.checksum, profile.form), (region, checksum, form), "{service}");
            assert_eq!(site.conditional_writes(), conditional_writes, "{service}");

            let text = format!("{text}\nprofile = {{ form = true, checksum = 'none', conditional_writes = true }}");
            let site = Config::parse(&text).expect(service).sites.remove(0);
            assert_eq!((site.profile().checksum, site.profile().form), (None, true), "{service}, overridden");
            assert!(site.conditional_writes(), "{service}, overridden");
        }
    }
}
