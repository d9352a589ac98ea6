//! Addresses that read objects through CloudFront.
//!
//! See <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html>.

use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::Signer;
use serde_json::json;

use crate::clock::unix_seconds;
use crate::config;
use crate::key::ObjectKey;
use crate::routing::escape_key;

/// What CloudFront takes: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html>.
const SIGNATURE_BYTES: usize = 256;

/// A distribution, and the key by which its addresses are signed.
pub(crate) struct Downloads {
    config: config::Downloads,
    /// With the id by which CloudFront knows its public half; none where the distribution reads for everybody.
    key: Option<(String, Box<dyn Signer>)>,
}

/// A private key by which no address can be signed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadsKeyError {
    #[error("it is missing")]
    Missing,
    #[error("it is not a private key in PEM")]
    NotPem,
    #[error("it is not an RSA key of 2048 bits")]
    NotRsa2048,
}

/// The signature failed.
#[derive(Debug, thiserror::Error)]
#[error("an address for downloads cannot be signed")]
pub(crate) struct NotSigned;

impl Downloads {
    /// `pem` is read only where the distribution asks for signed addresses.
    pub(crate) fn new(config: config::Downloads, pem: Option<&str>) -> Result<Self, DownloadsKeyError> {
        let key = match &config.key_pair_id {
            Some(id) => Some((id.clone(), read(pem.ok_or(DownloadsKeyError::Missing)?)?)),
            None => None,
        };
        Ok(Self { config, key })
    }

    /// Whether the distribution has the objects of this site.
    pub(crate) fn serves(&self, site: &str) -> bool {
        self.config.serves(site)
    }

    /// An address that reads the object until `end`; for ever where the distribution reads for everybody.
    pub(crate) fn url(&self, key: &ObjectKey, end: SystemTime) -> Result<String, NotSigned> {
        let url = format!("https://{}/{}", self.config.domain, escape_key(key.as_str()));
        let Some((id, signer)) = &self.key else { return Ok(url) };
        let end = unix_seconds(end);
        let condition = json!({ "DateLessThan": { "AWS:EpochTime": end } });
        // CloudFront makes the policy anew from the address, to the letter: in this order, without spaces.
        let policy = format!(r#"{{"Statement":[{{"Resource":"{url}","Condition":{condition}}}]}}"#);
        let signature = BASE64_STANDARD.encode(signer.sign(policy.as_bytes()).map_err(|_| NotSigned)?);
        let signature = signature.replace('+', "-").replace('=', "_").replace('/', "~");
        Ok(format!("{url}?Expires={end}&Signature={signature}&Key-Pair-Id={id}&Hash-Algorithm=SHA256"))
    }
}

fn read(pem: &str) -> Result<Box<dyn Signer>, DownloadsKeyError> {
    // Where a variable can have one line only, `\n` stands for its ends.
    let pem = pem.replace("\\n", "\n");
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| DownloadsKeyError::NotPem)?;
    let key = any_supported_type(&key).map_err(|_| DownloadsKeyError::NotRsa2048)?;
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or(DownloadsKeyError::NotRsa2048)?;
    let has_right_size = signer.sign(b"").is_ok_and(|signature| signature.len() == SIGNATURE_BYTES);
    if has_right_size { Ok(signer) } else { Err(DownloadsKeyError::NotRsa2048) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use jsonwebtoken::{Algorithm, DecodingKey};

    use super::*;

    const PKCS1: &str = include_str!("downloads/test_key_pkcs1.pem");
    const PKCS8: &str = include_str!("downloads/test_key_pkcs8.pem");
    const PUBLIC: &str = include_str!("downloads/test_key_public.pem");
    const END: SystemTime = UNIX_EPOCH;

    fn downloads(key_pair_id: &str, pem: Option<&str>) -> Result<Downloads, DownloadsKeyError> {
        let config =
            toml::from_str(&format!("domain = 'd111111abcdef8.cloudfront.net'\n{key_pair_id}")).expect("valid");
        Downloads::new(config, pem)
    }

    fn der(pem: &str) -> Vec<u8> {
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        BASE64_STANDARD.decode(base64).expect("base64")
    }

    fn url(key_pair_id: &str, pem: Option<&str>) -> String {
        let key = ObjectKey::parse("private/me/1/ü(1).png").expect("safe");
        downloads(key_pair_id, pem).expect("usable").url(&key, END + Duration::from_secs(1_767_290_400)).expect("signs")
    }

    #[test]
    fn an_address_is_signed_over_its_own_policy_by_sha_256() {
        let plain = "https://d111111abcdef8.cloudfront.net/private/me/1/%C3%BC%281%29.png";
        for pem in [PKCS1, PKCS8, &PKCS8.replace('\n', "\\n")] {
            let url = url("key_pair_id = 'K2JCJMDEHXQW5F'", Some(pem));
            let rest = url.strip_prefix(&format!("{plain}?Expires=1767290400&Signature=")).expect("the address");
            let signature = rest.strip_suffix("&Key-Pair-Id=K2JCJMDEHXQW5F&Hash-Algorithm=SHA256").expect("the key");
            assert!(!signature.contains(['+', '/', '=', '&']), "{signature}");

            let policy = format!(
                r#"{{"Statement":[{{"Resource":"{plain}","Condition":{{"DateLessThan":{{"AWS:EpochTime":1767290400}}}}}}]}}"#
            );
            let signature = signature.replace('~', "_").trim_end_matches('_').to_owned();
            let key = DecodingKey::from_rsa_der(&der(PUBLIC));
            let is_good = |policy: &str| {
                jsonwebtoken::crypto::verify(&signature, policy.as_bytes(), &key, Algorithm::RS256).expect("readable")
            };
            assert!(is_good(&policy), "{url}");
            assert!(!is_good(&policy.replace("1767290400", "1767290401")));
        }
    }

    #[test]
    fn a_distribution_that_reads_for_everybody_has_plain_addresses() {
        assert_eq!(url("", None), "https://d111111abcdef8.cloudfront.net/private/me/1/%C3%BC%281%29.png");
    }

    #[test]
    fn a_key_that_cloudfront_would_not_take_is_refused_and_not_shown() {
        let elliptic = BASE64_STANDARD.encode(rcgen::KeyPair::generate().expect("a key").serialize_der());
        let elliptic = format!("-----BEGIN PRIVATE KEY-----\n{elliptic}\n-----END PRIVATE KEY-----");
        for (pem, problem) in [
            (None, "missing"),
            (Some(""), "PEM"),
            (Some(PUBLIC), "PEM"),
            (Some("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), "2048"),
            (Some(elliptic.as_str()), "2048"),
        ] {
            let error = downloads("key_pair_id = 'K2JCJMDEHXQW5F'", pem).err().expect(problem).to_string();
            assert!(error.contains(problem) && !error.contains("AAAA"), "{error}");
        }
    }
}
