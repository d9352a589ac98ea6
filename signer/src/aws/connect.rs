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

use super::credentials::CredentialCache;
use super::{Delegation, R2, Role, Storage};
use crate::config::{self, CredentialsKind, SiteCredentials};
use crate::metrics::SiteMetrics;

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

    /// A client for a site's bucket, with the given credentials or else those of AWS's chain. Without an endpoint, the bucket is
    /// where AWS has it.
    pub(crate) async fn connect(
        &self,
        site: &config::Site,
        credentials: Option<SiteCredentials>,
        delegation: Option<&config::Credentials>,
        metrics: SiteMetrics,
    ) -> Storage {
        let region = Region::new(site.region.clone());
        let endpoint = site.internal_endpoint.as_ref().or(site.endpoint.as_ref());
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
            .force_path_style(endpoint.is_some() && !site.virtual_host);
        config.set_endpoint_url(endpoint.map(ToString::to_string));
        let delegation = delegation.and_then(|by| self.delegation(by, site, credentials.clone()));
        Storage {
            client: Client::from_conf(config.build()),
            bucket: site.bucket.clone(),
            credentials: CredentialCache::new(credentials),
            metrics,
            delegation,
        }
    }

    fn delegation(
        &self,
        by: &config::Credentials,
        site: &config::Site,
        credentials: SharedCredentialsProvider,
    ) -> Option<Delegation> {
        match by.kind {
            // A service that is not AWS has roles only where it is said to.
            CredentialsKind::Sts
                if site.endpoint.is_none() || (by.endpoint.is_some() && site.service.takes_session_tokens()) =>
            {
                Some(Delegation::Role(self.role(by, site, credentials)))
            }
            CredentialsKind::Sts => None,
            CredentialsKind::R2 => R2::at(site.endpoint.as_ref()?, &site.bucket, by.duration).map(Delegation::R2),
        }
    }

    fn role(&self, role: &config::Credentials, site: &config::Site, credentials: SharedCredentialsProvider) -> Role {
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(site.region.clone()))
            .credentials_provider(credentials)
            .http_client(self.http.clone())
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT));
        config.set_endpoint_url(role.endpoint.as_ref().map(ToString::to_string));
        let client = aws_sdk_sts::Client::from_conf(config.build());
        Role::new(client, role.role_arn.clone(), role.duration, &site.region, &site.bucket)
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::SystemTime;

    use aws_sdk_sts::config::interceptors::BeforeTransmitInterceptorContextRef;
    use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
    use aws_sdk_sts::error::BoxError;

    use super::*;
    use crate::config::Config as SignerConfig;
    use crate::ticket::Territory;

    /// Notes where a call would go, and does not let it go there.
    #[derive(Debug, Clone, Default)]
    struct Watcher(Arc<Mutex<String>>);

    impl Intercept for Watcher {
        fn name(&self) -> &'static str {
            "watcher"
        }

        fn read_before_transmit(
            &self,
            context: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            context.request().uri().clone_into(&mut self.0.lock().expect("no panic"));
            Err("seen".into())
        }
    }

    async fn called(region: &str, endpoint: &str) -> String {
        let config = format!(
            "listen = '127.0.0.1:0'\n[credentials]\nrole_arn = 'arn:aws:iam::123456789012:role/browser'\n{endpoint}
            [[sites]]\nid = 'a'\nregion = '{region}'\nbucket = 'ccc'"
        );
        let config = SignerConfig::parse(&config).expect("valid");
        let own = SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test"));
        let mut role = Connector::new().role(config.credentials.as_ref().expect("there"), &config.sites[0], own);
        let watcher = Watcher::default();
        let client = role.client.config().to_builder().interceptor(watcher.clone());
        role.client = aws_sdk_sts::Client::from_conf(client.build());
        assert!(role.assume(None, Territory::Folder("p/"), SystemTime::now()).await.is_err());
        watcher.0.lock().expect("no panic").clone()
    }

    #[tokio::test]
    async fn roles_are_assumed_in_the_region_of_the_site() {
        for (region, host) in [
            ("us-east-1", "https://sts.us-east-1.amazonaws.com/"),
            ("eu-west-1", "https://sts.eu-west-1.amazonaws.com/"),
            ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"),
        ] {
            assert_eq!(called(region, "").await, host);
        }
        assert_eq!(called("eu-west-1", "endpoint = 'https://sts.example.com'").await, "https://sts.example.com/");
    }
}
