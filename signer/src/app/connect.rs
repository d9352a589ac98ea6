//! Every site, ready for work.

use std::iter;

use super::BuildError;
use crate::aws::Connector;
use crate::config::{self, Config, CredentialSource, Secrets, Topology};
use crate::metrics::{Metrics, SiteMetrics};
use crate::routing::Bucket;
use crate::site::Site;

/// In the order of the configuration.
pub(crate) async fn connect_all(
    config: &Config,
    secrets: &mut Secrets,
    metrics: &Metrics,
) -> Result<Vec<Site>, BuildError> {
    let connector = Connector::new();
    let mut sites = Vec::with_capacity(config.sites.len());
    for site in &config.sites {
        sites.push(connect(&connector, site, config, secrets, metrics.site(&site.id)).await?);
    }
    Ok(sites)
}

async fn connect(
    connector: &Connector,
    site: &config::Site,
    config: &Config,
    secrets: &mut Secrets,
    metrics: SiteMetrics,
) -> Result<Site, BuildError> {
    let credentials = match site.credentials {
        CredentialSource::Aws => None,
        CredentialSource::Environment => {
            let given = secrets.site_credentials.remove(&site.id);
            Some(given.ok_or_else(|| BuildError::NoCredentials { site: site.id.clone() })?)
        }
    };
    let bucket = match &site.endpoint {
        Some(first) => {
            let endpoints = iter::once(first).chain(&site.further_endpoints);
            Bucket::on_service(&site.bucket, &site.region, site.virtual_host, endpoints)
        }
        None => Bucket::on_aws(&site.bucket, &site.region, site.accelerate, site.mrap.as_deref()),
    };
    Ok(Site {
        id: site.id.clone(),
        storage: connector.connect(site, credentials, config.credentials.as_ref(), metrics.clone()).await,
        bucket,
        profile: site.profile(),
        metrics,
        conditional_writes: site.conditional_writes(),
        access_point: config.topology == Some(Topology::Mrap),
    })
}
