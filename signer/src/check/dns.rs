//! The names of the signers: what they resolve to, and whether Route 53 answers each resolver with the nearest signer.
//!
//! See <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html>.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::Method;

use super::aws_call::{Service, texts};
use super::finding::Finding;
use super::look::Look;

const LATENCY: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html";
const HEALTH: &str = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover.html";

/// A record of a name, of which there is one for each region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) region: Option<String>,
    /// Whether it is left out while its signer is ill.
    pub(super) is_health_checked: bool,
}

/// Why a name has no addresses here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// DNS says that there are none.
    Missing,
    /// DNS says nothing.
    Failed(String),
}

/// Asks this DNS server, or those of the system.
pub(super) fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, String> {
    let builder = match server {
        None => TokioResolver::builder_tokio().map_err(|error| error.to_string())?,
        Some(server) => {
            let mut by_udp = ConnectionConfig::udp();
            by_udp.port = server.port();
            let servers = vec![NameServerConfig::new(server.ip(), true, vec![by_udp])];
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.build().map_err(|error| error.to_string())
}

/// The addresses that a name has here.
pub(super) async fn look(resolver: &TokioResolver, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
    match resolver.lookup_ip(format!("{name}.")).await {
        Ok(found) => Ok(found.iter().collect()),
        Err(error) => Err(unresolved(&error)),
    }
}

/// Only an answer without a record is one: SERVFAIL, REFUSED and silence are none.
fn unresolved(error: &NetError) -> Unresolved {
    if error.is_no_records_found() { Unresolved::Missing } else { Unresolved::Failed(error.to_string()) }
}

/// The records of a name in Route 53. None where no zone of the account has it.
pub(super) async fn records(route53: &Service<'_>, name: &str) -> Look<Option<Vec<Record>>> {
    let mut domain = name;
    let zone = loop {
        let path = format!("/2013-04-01/hostedzonesbyname?dnsname={domain}.&maxitems=1");
        let answer = route53.call("route53:ListHostedZonesByName", Method::GET, &path, String::new()).await;
        let answer = match answer.seen() {
            Ok(answer) => answer.unwrap_or_default(),
            Err(unseen) => return unseen,
        };
        // It lists what comes from this name on.
        let names = texts(&answer, "Name");
        if let (Some(_), Some(id)) =
            (names.iter().find(|zone| **zone == format!("{domain}.")), texts(&answer, "Id").first())
        {
            break id.clone();
        }
        match domain.split_once('.') {
            Some((_, parent)) if parent.contains('.') => domain = parent,
            Some(_) | None => return Look::Seen(None),
        }
    };
    let path = format!("/2013-04-01{zone}/rrset?name={name}.");
    let answer = route53.call("route53:ListResourceRecordSets", Method::GET, &path, String::new()).await;
    answer.map(|answer| answer.map(|xml| read(&xml, name)))
}

fn read(xml: &str, name: &str) -> Vec<Record> {
    let Ok(document) = roxmltree::Document::parse(xml) else { return Vec::new() };
    let sets = document.descendants().filter(|node| node.tag_name().name() == "ResourceRecordSet");
    let read = |set: roxmltree::Node<'_, '_>| {
        let text = |element: &str| {
            set.descendants()
                .find(|node| node.tag_name().name() == element)
                .and_then(|node| node.text())
                .map(str::to_owned)
        };
        let is_address = matches!(text("Type").as_deref(), Some("A" | "AAAA" | "CNAME"));
        (is_address && text("Name") == Some(format!("{name}."))).then(|| Record {
            region: text("Region"),
            is_health_checked: text("HealthCheckId").is_some()
                || text("EvaluateTargetHealth").as_deref() == Some("true"),
        })
    };
    sets.filter_map(read).collect()
}

/// What is found of a name by this resolver.
pub(super) fn resolved(name: &str, found: &Result<Vec<IpAddr>, Unresolved>) -> Finding {
    match found {
        Ok(addresses) => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            Finding::ok("dns", format!("{name} is {} here", addresses.join(", ")))
        }
        Err(Unresolved::Failed(problem)) => {
            Finding::unknown("dns", format!("{name} could not be looked up: {problem}"))
        }
        Err(Unresolved::Missing) => {
            let what = format!("{name} has no address");
            let mend = "add its record in Route 53: aws route53 change-resource-record-sets …, and see that the domain's \
                        registrar names the zone's name servers";
            Finding::error("dns-record-missing", what, mend)
        }
    }
}

/// What is found of the records of the name that is for all of `signers` regional signers.
pub(super) fn routed(name: &str, records: &Look<Option<Vec<Record>>>, signers: usize) -> Vec<Finding> {
    records.judge("dns-latency", |records| {
        let Some(records) = records else {
            return vec![Finding::unknown("dns-latency", format!("no zone of this account has {name}"))];
        };
        let regions: BTreeSet<_> = records.iter().filter_map(|record| record.region.as_deref()).collect();
        if regions.len() < signers {
            let listed = regions.into_iter().collect::<Vec<_>>().join(", ");
            let listed = if listed.is_empty() { "none" } else { &listed };
            let what = format!("{name} has latency records for {listed}, and there are {signers} signers");
            let mend = "give the name a record for each region, with Region and SetIdentifier: \
                        aws route53 change-resource-record-sets …";
            return vec![Finding::error("dns-no-latency-records", what, mend).source(LATENCY)];
        }
        let unchecked: Vec<_> = records.iter().filter(|record| !record.is_health_checked).collect();
        if let [first, ..] = unchecked.as_slice() {
            let region = first.region.as_deref().unwrap_or("no region");
            let what = format!("{name} goes on to name the signer in {region} while that one is ill");
            let mend = "give the record a health check of /readyz, or EvaluateTargetHealth";
            return vec![Finding::warning("dns-no-health-check", what, mend).source(HEALTH)];
        }
        let regions = regions.into_iter().collect::<Vec<_>>().join(", ");
        vec![Finding::ok("dns-latency", format!("{name} has latency records with health checks for {regions}"))]
    })
}

#[cfg(test)]
mod tests {
    use hickory_resolver::net::{DnsError, NoRecords};
    use hickory_resolver::proto::op::{Query, ResponseCode};

    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn a_name_is_missing_only_where_dns_says_so() {
        let found = |found| {
            let Finding { id, severity, .. } = resolved("sign.example", &found);
            (id, severity)
        };
        assert_eq!(found(Ok(vec![IpAddr::from([192, 0, 2, 1])])), ("dns", Severity::Ok));
        assert_eq!(found(Err(Unresolved::Missing)), ("dns-record-missing", Severity::Error));
        assert_eq!(found(Err(Unresolved::Failed("timed out".to_owned()))), ("dns", Severity::Unknown));
    }

    #[test]
    fn only_an_answer_without_records_says_that_there_are_none() {
        for code in [ResponseCode::NXDomain, ResponseCode::NoError] {
            assert_eq!(unresolved(&NoRecords::new(Query::default(), code).into()), Unresolved::Missing);
        }
        for error in [
            NetError::Timeout,
            NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)),
            NetError::from("refused"),
        ] {
            assert!(matches!(unresolved(&error), Unresolved::Failed(_)), "{error}");
        }
    }
}
