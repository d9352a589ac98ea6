//! The signers on Lambda, and the names by which they are found.

use serde_json::{Value, json};

use crate::aws::{Aws, elements, sorted, within};
use crate::world::TICKET_KEYS;

/// A record of the hosted zone besides those that every zone has.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// For records of one name among which the latency decides.
    pub(crate) region: Option<String>,
    /// Where an alias leads.
    pub(crate) alias: Option<String>,
    /// What the health check of the record asks for, and where.
    pub(crate) check: Option<String>,
}

impl Record {
    /// A name that is the only one's.
    pub(crate) fn own(name: &str, region: &str) -> Self {
        Self { region: None, ..Self::shared(name, region, None) }
    }

    /// A name that several have.
    pub(crate) fn shared(name: &str, region: &str, check: Option<&str>) -> Self {
        let host = format!("d-{}.execute-api.{region}.amazonaws.com", name.replace('.', "-"));
        Self {
            name: format!("{name}."),
            kind: "A".to_owned(),
            region: Some(region.to_owned()),
            alias: Some(host),
            check: check.map(str::to_owned),
        }
    }
}

impl Aws {
    /// In order.
    pub(crate) async fn records(&self) -> Vec<Record> {
        let checks = self.health_checks().await;
        let zones = self.get("route53", "us-east-1", "/2013-04-01/hostedzone").await;
        let zone = elements(&zones, "HostedZone", |zone| within(zone, "Id").expect("an id")).remove(0);
        let records = self.get("route53", "us-east-1", &format!("/2013-04-01{zone}/rrset")).await;
        let mut records = elements(&records, "ResourceRecordSet", |record| Record {
            name: within(record, "Name").expect("a name"),
            kind: within(record, "Type").expect("a type"),
            region: within(record, "Region"),
            alias: within(record, "DNSName"),
            check: within(record, "HealthCheckId")
                .map(|id| checks.iter().find(|(check, _)| *check == id).expect("the check").1.clone()),
        });
        records.retain(|record| !["NS", "SOA"].contains(&record.kind.as_str()));
        records.sort();
        records
    }

    async fn health_checks(&self) -> Vec<(String, String)> {
        let checks = self.get("route53", "us-east-1", "/2013-04-01/healthcheck").await;
        elements(&checks, "HealthCheck", |check| {
            let part = |name| within(check, name).unwrap_or_default();
            assert_eq!([part("Port"), part("EnableSNI")], ["443", "true"]);
            let asked = format!("{} {}{}", part("Type"), part("FullyQualifiedDomainName"), part("ResourcePath"));
            (part("Id"), asked)
        })
    }

    /// A function with this configuration and its own home, behind an API that has these names.
    pub(crate) async fn check_signer(&self, site: &str, region: &str, configuration: &str, names: &[&str]) {
        let functions = self.get_json("lambda", region, "/2015-03-31/functions/").await;
        let [function] = functions["Functions"].as_array().expect("functions").as_slice() else {
            panic!("{functions}")
        };
        assert_eq!(function["FunctionName"], format!("example-uploads-{site}"));
        assert_eq!(function["Role"], "arn:aws:iam::123456789012:role/example-uploads-signer");
        assert_eq!([&function["Runtime"], &function["Handler"]], ["provided.al2023", "bootstrap"]);
        let variables = &function["Environment"]["Variables"];
        assert_eq!(variables["NEARPUT_CONFIG"], format!("home = \"{site}\"\n{configuration}"));
        assert_eq!(variables["NEARPUT_TICKET_KEYS"], TICKET_KEYS);

        let apis = self.get_json("apigateway", region, "/v2/apis").await;
        let [api] = apis["items"].as_array().expect("APIs").as_slice() else { panic!("{apis}") };
        assert_eq!([&api["protocolType"], &api["corsConfiguration"]], [&json!("HTTP"), &Value::Null]);
        assert_eq!(api["disableExecuteApiEndpoint"], !names.is_empty());
        self.check_route(region, api["apiId"].as_str().expect("an id")).await;
        let domains = self.get_json("apigateway", region, "/v2/domainnames").await;
        let items = domains["items"].as_array().expect("names");
        let found = items.iter().map(|name| name["domainName"].as_str().expect("text").to_owned());
        assert_eq!(sorted(found.collect()), sorted(names.iter().map(|name| (*name).to_owned()).collect()));
        for name in names {
            let path = format!("/v2/domainnames/{name}/apimappings");
            let mappings = self.get_json("apigateway", region, &path).await;
            assert_eq!(mappings["items"][0]["apiId"], api["apiId"], "{name}");
        }
    }

    /// Whatever is asked goes to the function, which API Gateway may call.
    async fn check_route(&self, region: &str, api: &str) {
        let integrations = self.get_json("apigateway", region, &format!("/v2/apis/{api}/integrations")).await;
        assert_eq!(integrations["items"][0]["payloadFormatVersion"], "2.0");
        let routes = self.get_json("apigateway", region, &format!("/v2/apis/{api}/routes")).await;
        assert_eq!(routes["items"][0]["routeKey"], "$default");
        let id = integrations["items"][0]["integrationId"].as_str().expect("an id");
        assert_eq!(routes["items"][0]["target"], format!("integrations/{id}"));
        let stages = self.get_json("apigateway", region, &format!("/v2/apis/{api}/stages")).await;
        let throttle = &stages["items"][0]["defaultRouteSettings"];
        assert_eq!([&throttle["throttlingRateLimit"], &throttle["throttlingBurstLimit"]], [500.0, 1000.0], "{stages}");
    }
}
