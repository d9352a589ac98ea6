//! What a month costs, item by item.

use serde::Serialize;

use super::legs::Leg;
use super::prices::Prices;
use super::topology::{Kind, Topology};
use super::wishes::Wishes;

/// The cost of a month, in US dollars.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cost {
    pub(super) items: Vec<Item>,
    /// All items.
    pub(super) beside_storage: f64,
    /// What the storage of one copy costs, which no topology saves.
    pub(super) first_copy: f64,
    pub(super) total: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Item {
    pub(super) what: &'static str,
    pub(super) usd: f64,
}

/// One month with this topology.
pub(super) fn of(topology: &Topology, wishes: &Wishes, prices: &Prices) -> Cost {
    let bill = Bill { topology, wishes, prices };
    let mut items = bill.storage_requests();
    items.extend(match &topology.kind {
        Kind::Direct | Kind::Service(_) => Vec::new(),
        Kind::Accelerated | Kind::Hybrid => vec![bill.acceleration()],
        Kind::MultiRegion => bill.replication(),
        Kind::Mrap => [bill.replication(), bill.access_point()].concat(),
        Kind::CloudFrontUpload => bill.cloudfront_upload(),
    });
    items.extend(bill.downloads());
    items.extend(bill.names());
    items.push(bill.signer());
    items.retain(|item| item.usd > 0.0);
    let beside_storage = items.iter().map(|item| item.usd).sum();
    let first_copy = bill.first_copy();
    Cost { items, beside_storage, first_copy, total: beside_storage + first_copy }
}

struct Bill<'a> {
    topology: &'a Topology,
    wishes: &'a Wishes,
    prices: &'a Prices,
}

impl Bill<'_> {
    fn storage_requests(&self) -> Vec<Item> {
        let (put, get) = match &self.topology.kind {
            Kind::Service(service) => (&service.put, &service.get),
            Kind::Direct
            | Kind::Accelerated
            | Kind::Hybrid
            | Kind::MultiRegion
            | Kind::Mrap
            | Kind::CloudFrontUpload => (&self.prices.s3.put, &self.prices.s3.get),
        };
        vec![item("requests", put.of(self.writes()) + get.of(self.wishes.file_count()))]
    }

    /// An upper bound: browsers take that path only where it is faster, and AWS takes nothing where it was not.
    fn acceleration(&self) -> Item {
        item("acceleration", self.by_user(|leg, gb| self.prices.s3.acceleration.of(&leg.group, gb)))
    }

    /// Every object goes to all other regions. A copy is written in the parts of its original.
    fn replication(&self) -> Vec<Item> {
        let (s3, copies) = (&self.prices.s3, self.topology.regions.len() as f64 - 1.0);
        let copied = self.wishes.volume_gb * copies;
        let control = if self.wishes.replication_time_control { copied } else { 0.0 };
        vec![
            item("replication", self.by_user(|leg, gb| s3.to_other_regions.of(leg.region.as_str(), gb * copies))),
            item("replication time control", s3.replication_time_control.of(control)),
            item("replication requests", s3.put.of(self.writes() * copies)),
            item("further copies", s3.storage.of(copied * self.wishes.kept_months)),
        ]
    }

    fn access_point(&self) -> Vec<Item> {
        let s3 = &self.prices.s3;
        let internet = self.by_user(|leg, gb| {
            let each = if leg.continent == leg.group.continent() { &s3.mrap_within } else { &s3.mrap_between };
            each.of(&leg.continent, gb)
        });
        vec![
            item("access point routing", s3.mrap_routing.of(self.wishes.volume_gb)),
            item("access point edge", internet),
        ]
    }

    fn cloudfront_upload(&self) -> Vec<Item> {
        let edge = &self.prices.cloudfront;
        let writes = self.writes();
        let bytes = self.by_user(|leg, gb| edge.to_origin.of(&leg.group, gb));
        let requests = self.topology.legs.iter().filter_map(|leg| edge.https.of(&leg.group, writes * leg.share)).sum();
        vec![item("CloudFront bytes", bytes), item("CloudFront requests", requests)]
    }

    fn downloads(&self) -> Vec<Item> {
        let (gb, edge) = (self.wishes.downloads_gb, &self.prices.cloudfront);
        let files = gb * 1e9 / self.wishes.mean(|size| size.bytes);
        let legs = || self.topology.legs.iter();
        match &self.topology.kind {
            Kind::Hybrid => vec![
                item(
                    "CloudFront bytes",
                    legs().filter_map(|leg| edge.to_internet.of(&leg.group, gb * leg.share)).sum(),
                ),
                item(
                    "CloudFront requests",
                    legs().filter_map(|leg| edge.https.of(&leg.group, files * leg.share)).sum(),
                ),
            ],
            Kind::Service(service) => vec![item("downloads", service.to_internet.of(gb) + service.get.of(files))],
            Kind::Direct | Kind::Accelerated | Kind::MultiRegion | Kind::Mrap | Kind::CloudFrontUpload => {
                let to_internet = &self.prices.s3.to_internet;
                let bytes: f64 = legs().filter_map(|leg| to_internet.of(leg.region.as_str(), gb * leg.share)).sum();
                vec![item("downloads", bytes + self.prices.s3.get.of(files))]
            }
        }
    }

    /// The signer's name: one query a file, though resolvers ask less often. Where there are several signers, each is looked after.
    fn names(&self) -> Vec<Item> {
        let (dns, files) = (&self.prices.route53, self.wishes.file_count());
        let (count, is_several) = (self.topology.regions.len() as f64, self.topology.regions.len() > 1);
        let queries = if is_several { &dns.latency_queries } else { &dns.queries };
        let checked = if is_several { count } else { 0.0 };
        vec![
            item("DNS", dns.hosted_zone.of(1.0) + queries.of(files)),
            item("health checks", dns.health_check.of(checked) + dns.health_check_by_https.of(checked)),
            item("calls by health checks", self.calls(dns.calls_a_month * checked)),
        ]
    }

    fn signer(&self) -> Item {
        item("signer", self.calls(self.wishes.file_count() * self.wishes.mean(|size| size.calls())))
    }

    /// What the signer takes for so many calls.
    fn calls(&self, count: f64) -> f64 {
        let signer = &self.prices.signer;
        signer.calls.of(count) + signer.gateway.of(count) + signer.compute.of(count * signer.gb_seconds_a_call)
    }

    fn first_copy(&self) -> f64 {
        let gb_months = self.wishes.volume_gb * self.wishes.kept_months;
        match &self.topology.kind {
            Kind::Service(service) => service.storage.of(gb_months.max(service.least_gb)),
            Kind::Direct
            | Kind::Accelerated
            | Kind::Hybrid
            | Kind::MultiRegion
            | Kind::Mrap
            | Kind::CloudFrontUpload => self.prices.s3.storage.of(gb_months),
        }
    }

    fn writes(&self) -> f64 {
        self.wishes.file_count() * self.wishes.mean(|size| size.writes())
    }

    /// A price by the GB over all users.
    fn by_user(&self, of: impl Fn(&Leg, f64) -> Option<f64>) -> f64 {
        self.topology.legs.iter().filter_map(|leg| of(leg, self.wishes.volume_gb * leg.share)).sum()
    }
}

fn item(what: &'static str, usd: f64) -> Item {
    Item { what, usd }
}
