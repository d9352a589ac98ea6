//! Signed requests: what a browser may send to the storage, and nothing else.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningParams, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::{v4, v4a};
use nearput_api::PathKind;

use crate::clock::unix_seconds;

/// Signs for one site, at one time.
pub(crate) struct Presigner<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) region: &'a str,
    /// In whole seconds: the signature has no room for less.
    pub(crate) now: SystemTime,
    /// How long a request is good for.
    expires_in: Duration,
}

/// A request that is to be signed. The host is signed as well.
pub(crate) struct StorageRequest<'a> {
    pub(crate) method: &'a str,
    /// Escaped, with the query that belongs to the request.
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// The path that it goes by, on which the scheme of its signature depends.
    pub(crate) by: PathKind,
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PresignError {
    #[error("the signer's credentials for the storage have ended")]
    CredentialsEnded,
    #[error("a request to the storage is malformed: {0}")]
    Malformed(String),
}

impl<'a> Presigner<'a> {
    /// What it signs is good for `expires_in`; less where the credentials end before.
    pub(crate) fn new(
        credentials: &'a Credentials,
        region: &'a str,
        now: SystemTime,
        expires_in: Duration,
    ) -> Result<Self, PresignError> {
        let now = UNIX_EPOCH + Duration::from_secs(unix_seconds(now));
        let expires_in = match credentials.expiry() {
            Some(end) => expires_in.min(Duration::from_secs(end.duration_since(now).unwrap_or_default().as_secs())),
            None => expires_in,
        };
        if expires_in.is_zero() {
            return Err(PresignError::CredentialsEnded);
        }
        Ok(Self { credentials, region, now, expires_in })
    }

    /// When what it signs ends.
    pub(crate) fn end(&self) -> SystemTime {
        self.now + self.expires_in
    }

    /// The signed address. A secret while it is good.
    pub(crate) fn sign(&self, request: &StorageRequest<'_>) -> Result<String, PresignError> {
        let identity = self.credentials.clone().into();
        let settings = settings(self.expires_in);
        let parameters: SigningParams<'_> = match request.by {
            // In which region it arrives is not known beforehand.
            PathKind::Mrap => v4a::SigningParams::builder()
                .identity(&identity)
                .region_set("*")
                .name("s3")
                .time(self.now)
                .settings(settings)
                .build()
                .map_err(malformed)?
                .into(),
            PathKind::Regional
            | PathKind::Dualstack
            | PathKind::PathStyle
            | PathKind::PathStyleDualstack
            | PathKind::Accelerate
            | PathKind::Custom => v4::SigningParams::builder()
                .identity(&identity)
                .region(self.region)
                .name("s3")
                .time(self.now)
                .settings(settings)
                .build()
                .map_err(malformed)?
                .into(),
        };
        let headers = request.headers.iter().copied();
        let signable = SignableRequest::new(request.method, request.url, headers, SignableBody::UnsignedPayload)
            .map_err(malformed)?;
        let (instructions, _) = sign(signable, &parameters).map_err(malformed)?.into_parts();

        let mut signed = http::Request::builder().uri(request.url).body(()).map_err(malformed)?;
        instructions.apply_to_request_http1x(&mut signed);
        Ok(signed.uri().to_string())
    }
}

fn malformed(error: impl std::error::Error) -> PresignError {
    PresignError::Malformed(error.to_string())
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

    fn presigner(credentials: &Credentials) -> Result<Presigner<'_>, PresignError> {
        Presigner::new(credentials, "us-east-1", UNIX_EPOCH + EXAMPLE_TIME, Duration::from_hours(24))
    }

    fn sign(credentials: &Credentials, request: &StorageRequest<'_>) -> String {
        presigner(credentials).expect("credentials that last").sign(request).expect("a request")
    }

    fn get() -> StorageRequest<'static> {
        let url = "https://examplebucket.s3.amazonaws.com/test.txt";
        StorageRequest { method: "GET", url, headers: &[], by: PathKind::Regional }
    }

    #[test]
    fn the_documented_example_is_signed_byte_for_byte() {
        assert_eq!(
            sign(&credentials(None, None), &get()),
            "https://examplebucket.s3.amazonaws.com/test.txt\
             ?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z\
             &X-Amz-Expires=86400\
             &X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn every_header_and_the_query_are_signed() {
        let url = "https://examplebucket.s3.amazonaws.com/a?partNumber=1&uploadId=a%2Bb%3D";
        let sign = |checksum| {
            let headers = [("content-length", "7"), ("x-amz-checksum-crc64nvme", checksum)];
            let request = StorageRequest { method: "PUT", url, headers: &headers, by: PathKind::Regional };
            sign(&credentials(None, None), &request)
        };
        assert!(sign("AAAAAAAAAAA=").starts_with(url));
        assert!(sign("A").contains("X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-crc64nvme"));
        assert_ne!(sign("A"), sign("B"));
    }

    #[test]
    fn a_session_token_is_part_of_the_signed_query() {
        let signed = sign(&credentials(Some("to/ken=="), None), &get());
        assert!(signed.contains("&X-Amz-Security-Token=to%2Fken%3D%3D"), "{signed}");
        let without = sign(&credentials(None, None), &get());
        let signature = |url: &str| url.split("X-Amz-Signature=").nth(1).map(|rest| rest[..64].to_owned());
        assert_ne!(signature(&signed), signature(&without));
    }

    #[test]
    fn no_request_outlives_the_credentials() {
        let end_in = |seconds| credentials(None, Some(UNIX_EPOCH + EXAMPLE_TIME + Duration::from_secs(seconds)));
        let ending = end_in(90);
        let signed = sign(&ending, &get());
        assert!(signed.contains("X-Amz-Expires=90&"), "{signed}");
        let end = presigner(&ending).expect("90 seconds are left").end();
        assert_eq!(end, UNIX_EPOCH + EXAMPLE_TIME + Duration::from_secs(90));
        assert!(matches!(presigner(&end_in(0)), Err(PresignError::CredentialsEnded)));
    }
}
