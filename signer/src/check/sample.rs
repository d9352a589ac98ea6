//! What is uploaded to try a site, and by which rule.
//!
//! It has a prefix of its own, so that nothing else is touched.

use nearput_api::{ChecksumAlgorithm, SignedPart};

use crate::config::{Config, Rule};
use crate::policy::Policy;
use crate::template::Placeholder;

pub(super) const NAME: &str = "nearput-check.txt";
pub(super) const MEDIA_TYPE: &str = "text/plain";
pub(super) const CONTENT: &[u8] = b"nearput signer check: this may be deleted\n";
/// Of the content.
pub(super) const CRC64NVME: &str = "mK+Y3Qbm/zE=";
const CRC32C: &str = "qVwjOg==";

/// Whoever this rule is for may do nothing but check.
const RULE: &str = "
    access = 'guest'
    callers = 'everyone'
    key = 'nearput-check/{uuid}/{name}'
    max_file_size = 1024
    max_files_per_call = 1
    types = ['text/plain']
";

/// The rules of the configuration as far as they say how objects are stored at this site, for whoever checks.
pub(super) fn policy(config: &Config, site: &str) -> Policy {
    let plain: Rule = toml::from_str(RULE).expect("the rule above is one");
    let own =
        config.rules.iter().find(|rule| rule.sites.as_ref().is_none_or(|sites| sites.iter().any(|id| id == site)));
    let rule = match own {
        Some(own) => Rule {
            tags: if [Placeholder::Subject, Placeholder::Tenant].into_iter().any(|one| own.tags.has(one)) {
                Default::default()
            } else {
                own.tags.clone()
            },
            cache_control: own.cache_control.clone(),
            storage_class: own.storage_class.clone(),
            encryption: own.encryption,
            kms_key_id: own.kms_key_id.clone(),
            ..plain
        },
        None => plain,
    };
    let mut checked = config.clone();
    (checked.rules, checked.residency) = (vec![rule], Vec::new());
    Policy::new(&checked)
}

/// That of the content.
pub(super) fn checksum(algorithm: Option<ChecksumAlgorithm>) -> Option<&'static str> {
    algorithm.map(|algorithm| match algorithm {
        ChecksumAlgorithm::Crc64nvme => CRC64NVME,
        ChecksumAlgorithm::Crc32c => CRC32C,
    })
}

/// The body of a form with the content as its file.
pub(super) fn form(signed: &SignedPart, boundary: &str) -> Vec<u8> {
    let head = |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    let mut body = Vec::new();
    for (name, value) in &signed.fields {
        body.extend(format!("{}\r\n\r\n{value}\r\n", head(name)).into_bytes());
    }
    let file = format!("{}; filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n", head("file"));
    body.extend(file.into_bytes());
    body.extend(CONTENT);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    body
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use crc_fast::CrcAlgorithm::{Crc32Iscsi, Crc64Nvme};

    use super::*;

    #[test]
    fn the_content_has_the_checksums_that_are_written_beside_it() {
        let of = |algorithm| crc_fast::checksum(algorithm, CONTENT);
        assert_eq!(BASE64_STANDARD.encode(of(Crc64Nvme).to_be_bytes()), CRC64NVME);
        assert_eq!(BASE64_STANDARD.encode(&of(Crc32Iscsi).to_be_bytes()[4..]), CRC32C);
    }
}
