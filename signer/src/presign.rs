//! Signed requests: what a browser may send to the storage, and nothing else.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;

use crate::clock::unix_seconds;

/// Signs for one site, at one time.
pub(crate) struct Presigner<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) region: &'a str,
    pub(crate) now: SystemTime,
    /// How long a request is good for; less where the credentials end before.
    pub(crate) expires_in: Duration,
}

/// A request that is to be signed. The host is signed as well.
pub(crate) struct StorageRequest<'a> {
    pub(crate) method: &'a str,
    /// Escaped, with the query that belongs to the request.
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'a str, String)>,
}

/// A signed address. A secret while it is good.
pub(crate) struct SignedUrl {
    pub(crate) url: String,
    /// In Unix milliseconds.
    pub(crate) expires_at: u64,
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PresignError {
    #[error("the signer's credentials for the storage have ended")]
    CredentialsEnded,
    #[error("a request to the storage is malformed: {0}")]
    Malformed(String),
}

impl Presigner<'_> {
    pub(crate) fn sign(&self, request: &StorageRequest<'_>) -> Result<SignedUrl, PresignError> {
        // The signature has no room for less than a second.
        let now = UNIX_EPOCH + Duration::from_secs(unix_seconds(self.now));
        let expires_in = self.expires_in(now)?;
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("s3")
            .time(now)
            .settings(settings(expires_in))
            .build()
            .map_err(|error| PresignError::Malformed(error.to_string()))?
            .into();

        let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable =
            SignableRequest::new(request.method, request.url.as_str(), headers, SignableBody::UnsignedPayload)
                .map_err(|error| PresignError::Malformed(error.to_string()))?;
        let (instructions, _) =
            sign(signable, &parameters).map_err(|error| PresignError::Malformed(error.to_string()))?.into_parts();

        let mut signed = http::Request::builder()
            .uri(&request.url)
            .body(())
            .map_err(|error| PresignError::Malformed(error.to_string()))?;
        instructions.apply_to_request_http1x(&mut signed);
        Ok(SignedUrl { url: signed.uri().to_string(), expires_at: (unix_seconds(now) + expires_in.as_secs()) * 1000 })
    }

    fn expires_in(&self, now: SystemTime) -> Result<Duration, PresignError> {
        let Some(end) = self.credentials.expiry() else { return Ok(self.expires_in) };
        let left = Duration::from_secs(end.duration_since(now).unwrap_or_default().as_secs());
        if left.is_zero() { Err(PresignError::CredentialsEnded) } else { Ok(self.expires_in.min(left)) }
    }
}

/// S3 escapes a path once and never normalises it, unlike every other service.
fn settings(expires_in: Duration) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(expires_in);
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2013-05-24T00:00:00Z
    const EXAMPLE_TIME: Duration = Duration::from_secs(1_369_353_600);

    fn credentials(session_token: Option<&str>, expiry: Option<SystemTime>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, session_token.map(str::to_owned), expiry, "test")
    }

    fn sign(credentials: &Credentials, request: &StorageRequest<'_>) -> Result<SignedUrl, PresignError> {
        let now = UNIX_EPOCH + EXAMPLE_TIME;
        Presigner { credentials, region: "us-east-1", now, expires_in: Duration::from_hours(24) }.sign(request)
    }

    fn get() -> StorageRequest<'static> {
        let url = "https://examplebucket.s3.amazonaws.com/test.txt".to_owned();
        StorageRequest { method: "GET", url, headers: Vec::new() }
    }

    #[test]
    fn the_documented_example_is_signed_byte_for_byte() {
        let signed = sign(&credentials(None, None), &get()).expect("signs");
        assert_eq!(
            signed.url,
            "https://examplebucket.s3.amazonaws.com/test.txt\
             ?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z\
             &X-Amz-Expires=86400\
             &X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        assert_eq!(signed.expires_at, (1_369_353_600 + 86_400) * 1000);
    }

    #[test]
    fn every_header_and_the_query_are_signed() {
        let url = "https://examplebucket.s3.amazonaws.com/a?partNumber=1&uploadId=a%2Bb%3D".to_owned();
        let request = |checksum: &str| StorageRequest {
            method: "PUT",
            url: url.clone(),
            headers: vec![("content-length", "7".to_owned()), ("x-amz-checksum-crc64nvme", checksum.to_owned())],
        };
        let sign = |checksum| sign(&credentials(None, None), &request(checksum)).expect("signs").url;
        assert!(sign("AAAAAAAAAAA=").starts_with(&url));
        assert!(sign("A").contains("X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-crc64nvme"));
        assert_ne!(sign("A"), sign("B"));
    }

    #[test]
    fn a_session_token_is_part_of_the_signed_query() {
        let signed = sign(&credentials(Some("to/ken=="), None), &get()).expect("signs").url;
        assert!(signed.contains("&X-Amz-Security-Token=to%2Fken%3D%3D"), "{signed}");
        let without = sign(&credentials(None, None), &get()).expect("signs").url;
        let signature = |url: &str| url.split("X-Amz-Signature=").nth(1).map(|rest| rest[..64].to_owned());
        assert_ne!(signature(&signed), signature(&without));
    }

    #[test]
    fn no_request_outlives_the_credentials() {
        let end_in = |seconds| credentials(None, Some(UNIX_EPOCH + EXAMPLE_TIME + Duration::from_secs(seconds)));
        let signed = sign(&end_in(90), &get()).expect("signs");
        assert!(signed.url.contains("X-Amz-Expires=90&"), "{}", signed.url);
        assert_eq!(signed.expires_at, (1_369_353_600 + 90) * 1000);
        assert!(matches!(sign(&end_in(0), &get()), Err(PresignError::CredentialsEnded)));
    }
}
