//! Clients of AWS's SDK, one for each site.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Config, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider,
    SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use nearput_api::PathKind;

use super::credentials::CredentialCache;
use super::{Role, Storage};
use crate::config::{self, Origin, SiteCredentials};
use crate::metrics::SiteMetrics;
use crate::routing::Bucket;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(50);

/// Makes clients that share their connections.
pub(crate) struct Connector {
    http: SharedHttpClient,
}

impl Connector {
    pub(crate) fn new() -> Self {
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        Self { http }
    }

    /// A client for a bucket, with the given credentials or else those of AWS's chain. Without an endpoint, the bucket is
    /// where AWS has it.
    pub(crate) async fn connect(
        &self,
        bucket: &Bucket,
        endpoint: Option<&Origin>,
        credentials: Option<SiteCredentials>,
        role: Option<&config::Credentials>,
        metrics: SiteMetrics,
    ) -> Storage {
        let region = Region::new(bucket.region.clone());
        let credentials = match credentials {
            Some(given) => SharedCredentialsProvider::new(Credentials::new(
                given.access_key_id,
                given.secret_access_key,
                given.session_token,
                None,
                "configuration",
            )),
            None => self.chain(region.clone()).await,
        };
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(credentials.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(250)))
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT))
            // Complete may be silent for minutes; the time-outs are what ends it.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Checksums are the browser's own, and many services know no others.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .force_path_style(endpoint.is_some());
        config.set_endpoint_url(endpoint.map(ToString::to_string));
        // A service that is not AWS has roles only where it is said to.
        let on_aws = bucket.paths.iter().all(|path| path.kind != PathKind::Custom);
        let role = role.filter(|role| on_aws || role.endpoint.is_some());
        let role = role.map(|role| self.role(role, bucket, credentials.clone()));
        Storage {
            client: Client::from_conf(config.build()),
            bucket: bucket.name.clone(),
            credentials: CredentialCache::new(credentials),
            metrics,
            role,
        }
    }

    fn role(&self, role: &config::Credentials, bucket: &Bucket, credentials: SharedCredentialsProvider) -> Role {
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(bucket.region.clone()))
            .credentials_provider(credentials)
            .http_client(self.http.clone())
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT));
        config.set_endpoint_url(role.endpoint.as_ref().map(ToString::to_string));
        let client = aws_sdk_sts::Client::from_conf(config.build());
        Role::new(client, role.role_arn.clone(), role.duration, &bucket.region, &bucket.name)
    }

    async fn chain(&self, region: Region) -> SharedCredentialsProvider {
        let config =
            aws_config::defaults(BehaviorVersion::latest()).region(region).http_client(self.http.clone()).load().await;
        config.credentials_provider().expect("the default configuration has a chain of credentials")
    }
}

pub(super) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}
