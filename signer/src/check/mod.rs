//! `signer check`: looks at the world as browsers and as its operator see it, and says what is wrong and how to mend it.
//!
//! What was seen are plain facts, and each module has a function that makes findings of its own facts, and another one that gathers them:
//!
//! - [`cors`], [`certificate`] and [`clock`] are about what browsers meet, by [`eyes`] that see as theirs do.
//! - [`bucket`], [`replication`] and [`role`] are about what the operator has set. What the credentials may not show is a [`look`]
//!   that was refused, and no error.
//! - [`dns`] and [`signers`] are about the signers.
//! - [`uploads`] tries all of it, by real uploads of a [`sample`], and [`mrap`] what only a trial can tell of an access point. What
//!   [`remains`] of them is removed.

mod aws_call;
mod bucket;
mod certificate;
mod clock;
mod cors;
mod dns;
mod eyes;
mod finding;
mod look;
mod mrap;
mod policy_document;
mod remains;
mod replication;
mod role;
mod sample;
mod signers;
mod site;
mod terraform;
mod uploads;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::SystemTime;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;

pub use finding::{Finding, Report, Severity};

use crate::app::{BuildError, connect_all};
use crate::config::{self, Config, Origin, Secrets, Topology};
use crate::metrics::Metrics;
use crate::partition::Partition;
use crate::site::Site;
use aws_call::Service;
use eyes::Eyes;
use look::Look;
use replication::Member;
use site::Looked;

/// How to look.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// The addresses of signers, instead of those of the configuration.
    pub signers: Vec<String>,
    /// The origins of pages, instead of those of the configuration.
    pub origins: Vec<String>,
    /// Whether nothing is uploaded.
    pub read_only: bool,
    /// Names that are to be found elsewhere than DNS says.
    pub resolve: Vec<(String, SocketAddr)>,
    /// The DNS server that is asked, instead of those of the system.
    pub dns_server: Option<SocketAddr>,
    /// Certificates in PEM that are trusted besides those of the system.
    pub roots: Option<Vec<u8>>,
    /// Where IAM and Route 53 are, if not where AWS has them.
    pub iam: Option<String>,
    pub route53: Option<String>,
    /// The token of a caller, for what signers say to callers only.
    pub token: Option<String>,
}

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("what --ca names are no certificates in PEM: {0}")]
    Roots(reqwest::Error),
    #[error("no requests can be sent: {0}")]
    Client(reqwest::Error),
    #[error("--signer: {0}")]
    Signer(String),
    #[error("--signer: the token would go to {0} in clear; write an address of https")]
    InClear(String),
}

/// Looks at everything that the configuration names.
pub async fn check(config: &Config, mut secrets: Secrets, options: &CheckOptions) -> Result<Report, CheckError> {
    for signer in &options.signers {
        let origin = Origin::try_from(signer.clone()).map_err(|problem| CheckError::Signer(problem.to_string()))?;
        if options.token.is_some() && origin.is_in_clear() && !origin.is_loopback() {
            return Err(CheckError::InClear(signer.clone()));
        }
    }
    let roots = options.roots.as_deref().map(reqwest::Certificate::from_pem_bundle).transpose();
    let resolver = dns::resolver(options.dns_server);
    // The system's own way is better where nothing else is asked for: it knows of more than DNS.
    let asked = options.dns_server.and(resolver.as_ref().ok());
    let eyes = Eyes::open(&options.resolve, asked, &roots.map_err(CheckError::Roots)?.unwrap_or_default());
    let eyes = eyes.map_err(CheckError::Client)?;
    let sites = connect_all(config, &mut secrets, &Metrics::new()).await?;
    let configured: Vec<_> = config.allowed_origins.iter().map(ToString::to_string).collect();
    let origins = if options.origins.is_empty() { &configured } else { &options.origins };

    let looks = config.sites.iter().zip(&sites).map(|(given, site)| {
        site::look(site::Asked { config, given, site, eyes: &eyes, origins, read_only: options.read_only })
    });
    let mut findings = Vec::new();
    let mut members = Vec::new();
    let mut unsigned = Vec::new();
    for Looked { findings: found, member, has_credentials } in join_all(looks).await {
        unsigned.extend((!has_credentials).then(|| member.site.clone()));
        findings.extend(found);
        members.push(member);
    }
    findings.extend(site::unsigned(&unsigned));
    if !options.read_only {
        findings.extend(access_points(config, &eyes, &sites, origins).await);
    }
    let is_mesh = matches!(config.topology, Some(Topology::MultiRegion | Topology::Mrap));
    let pinned: Vec<_> = config.residency.iter().map(|table| table.sites.clone()).collect();
    findings.extend(replication::findings(&members, is_mesh, &pinned));
    for member in members.iter().filter(|member| matches!(member.replication, Look::Seen(_))) {
        let site = sites.iter().find(|site| site.id == member.site);
        let Some(credentials) = (match site {
            Some(site) => site.credentials().await.ok(),
            None => None,
        }) else {
            continue;
        };
        let region = config.sites.iter().find(|site| site.id == member.site).map_or("", |site| &site.region);
        let iam = IAM.of(region, &eyes, &credentials, options.iam.as_deref());
        findings.extend(roles(&iam, member).await);
    }
    let first = config.sites.iter().zip(&sites).find(|(given, _)| given.is_on_aws()).map(|(_, site)| site);
    let credentials = match first {
        Some(site) => site.credentials().await.ok(),
        None => None,
    };
    let route53 = credentials.as_ref().map(|credentials| {
        let region = first.map_or("", |site| &site.bucket.region);
        ROUTE_53.of(region, &eyes, credentials, options.route53.as_deref())
    });
    findings.extend(look_at_signers(&eyes, config, options, &resolver, route53.as_ref()).await);
    let is_at_aws = |finding: &Finding| {
        let mut sites = config.sites.iter().filter(|site| finding.site.as_ref().is_none_or(|id| *id == site.id));
        sites.any(config::Site::is_on_aws)
    };
    let named = |finding| if is_at_aws(&finding) { terraform::named(finding) } else { finding };
    Ok(Report { findings: findings.into_iter().map(named).collect() })
}

/// Each is tried once, however many sites it leads to.
async fn access_points(config: &Config, eyes: &Eyes, sites: &[Site], origins: &[String]) -> Vec<Finding> {
    let aliases: BTreeSet<_> = config.sites.iter().filter_map(|site| site.mrap.as_deref()).collect();
    let mut found = Vec::new();
    for alias in aliases {
        let is_behind = |(given, _): &(&config::Site, &Site)| given.mrap.as_deref() == Some(alias);
        let behind: Vec<_> = config.sites.iter().zip(sites).filter(is_behind).map(|(_, site)| site).collect();
        let Some(site) = behind.first() else { continue };
        let policy = sample::policy(config, &site.id);
        let origin = origins.first().map_or(cors::FOREIGN, String::as_str);
        let uploads = uploads::Uploads { eyes, site, origin, policy: &policy };
        let tried = mrap::look(&uploads, &behind).await;
        found.extend(tried.iter().flat_map(|tried| mrap::findings(alias, tried)));
    }
    found
}

async fn roles(iam: &Service<'_>, member: &Member) -> Vec<Finding> {
    let Look::Seen(replication) = &member.replication else { return Vec::new() };
    let Some(arn) = &replication.role else { return Vec::new() };
    let to: Vec<_> = replication.copies.iter().filter(|copy| copy.is_enabled).map(|copy| copy.to.as_str()).collect();
    let role = role::look(iam, arn).await;
    role::findings(&role, arn, &member.bucket, &to).into_iter().map(|finding| finding.at(&member.site)).collect()
}

/// The first of several configured signers is the name that is for all of them.
async fn look_at_signers(
    eyes: &Eyes,
    config: &Config,
    options: &CheckOptions,
    resolver: &Result<TokioResolver, String>,
    route53: Option<&Service<'_>>,
) -> Vec<Finding> {
    let configured: Vec<_> = config.signers.iter().map(ToString::to_string).collect();
    let is_routed = options.signers.is_empty() && configured.len() > 1;
    let addresses = if options.signers.is_empty() { configured } else { options.signers.clone() };
    let regional = addresses.len() - usize::from(is_routed);
    if addresses.is_empty() {
        return vec![Finding::unknown("signer", "no signer is named: give --signer")];
    }
    let mut found = Vec::new();
    match resolver {
        Ok(resolver) => {
            for address in &addresses {
                let Some(name) = host_name(address).filter(|name| !options.resolve.iter().any(|(led, _)| led == name))
                else {
                    continue;
                };
                found.push(dns::resolved(name, &dns::look(resolver, name).await));
            }
        }
        Err(problem) => found.push(Finding::unknown("dns", format!("names cannot be looked up: {problem}"))),
    }
    if let (true, Some(name)) = (is_routed, addresses.first().and_then(|address| host_name(address))) {
        match route53 {
            Some(route53) => found.extend(dns::routed(name, &dns::records(route53, name).await, regional)),
            None => found
                .push(Finding::unknown("dns-latency", "not looked at: that needs a site of AWS and its credentials")),
        }
    }
    let said = join_all(addresses.iter().map(|address| signers::look(eyes, address, options.token.as_deref()))).await;
    found.extend(signers::findings(&said, regional));
    for address in &addresses {
        let shown = certificate::look(eyes, address).await;
        found.extend(shown.iter().flat_map(|shown| certificate::findings(shown, SystemTime::now())));
    }
    if let Some((opener, others)) = addresses.split_first() {
        for other in others {
            let shown = signers::show(eyes, opener, other, options.token.as_deref()).await;
            found.push(signers::tickets(opener, other, &shown));
        }
    }
    found
}

/// The host of an address, unless that is a number.
fn host_name(address: &str) -> Option<&str> {
    let host = address.split("://").nth(1)?.split(['/', ':']).next()?;
    (host.parse::<std::net::Ipv4Addr>().is_err() && !host.starts_with('[') && host != "localhost").then_some(host)
}

/// A service that each partition of AWS has in one place: where that is, and the region that its requests are signed for.
struct Global {
    name: &'static str,
    aws: (&'static str, &'static str),
    china: (&'static str, &'static str),
    gov: (&'static str, &'static str),
}

/// See <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>.
const IAM: Global = Global {
    name: "iam",
    aws: ("us-east-1", "https://iam.amazonaws.com"),
    china: ("cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn"),
    gov: ("us-gov-west-1", "https://iam.us-gov.amazonaws.com"),
};

/// See <https://docs.aws.amazon.com/general/latest/gr/r53.html>.
const ROUTE_53: Global = Global {
    name: "route53",
    aws: ("us-east-1", "https://route53.amazonaws.com"),
    china: ("cn-northwest-1", "https://route53.amazonaws.com.cn"),
    gov: ("us-gov-west-1", "https://route53.us-gov.amazonaws.com"),
};

impl Global {
    /// The service for what is in `region`; at `endpoint`, where one is given.
    fn of<'a>(
        &self,
        region: &str,
        eyes: &'a Eyes,
        credentials: &'a aws_sdk_s3::config::Credentials,
        endpoint: Option<&str>,
    ) -> Service<'a> {
        let (region, at_aws) = match Partition::of(region).name {
            "aws-cn" => self.china,
            "aws-us-gov" => self.gov,
            _ => self.aws,
        };
        Service { eyes, credentials, name: self.name, region, endpoint: endpoint.unwrap_or(at_aws).to_owned() }
    }
}
