//! What things cost: `prices.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::date::Date;
use super::places::{Continent, Group};

/// List prices of one day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    pub(super) date: Date,
    pub(super) s3: S3,
    pub(super) cloudfront: CloudFront,
    pub(super) route53: Route53,
    pub(super) signer: Signer,
    #[serde(default)]
    pub(super) services: Vec<Service>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct S3 {
    pub(super) storage: Price,
    pub(super) put: Price,
    pub(super) get: Price,
    pub(super) replication_time_control: Price,
    pub(super) mrap_routing: Price,
    pub(super) acceleration: Each<Group>,
    pub(super) mrap_within: Each<Continent>,
    pub(super) mrap_between: Each<Continent>,
    pub(super) to_other_regions: Each<String>,
    pub(super) to_internet: Each<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloudFront {
    pub(super) to_internet: Each<Group>,
    pub(super) to_origin: Each<Group>,
    pub(super) https: Each<Group>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route53 {
    pub(super) hosted_zone: Price,
    pub(super) queries: Price,
    pub(super) latency_queries: Price,
    pub(super) health_check: Price,
    pub(super) health_check_by_https: Price,
    /// How often a signer is asked whether it is well.
    pub(super) calls_a_month: f64,
}

/// The signer as a Lambda function behind an HTTP API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signer {
    pub(super) calls: Price,
    pub(super) compute: Price,
    pub(super) gateway: Price,
    pub(super) gb_seconds_a_call: f64,
}

/// An S3-compatible service, for comparison.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) name: String,
    /// How much storage is paid for in any case.
    #[serde(default)]
    pub(super) least_gb: f64,
    pub(super) storage: Price,
    pub(super) put: Price,
    pub(super) get: Price,
    pub(super) to_internet: Price,
}

/// One price, and whose word it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    usd: f64,
    unit: Unit,
    source: String,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// Prices that depend on where something is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Each<K: Ord> {
    unit: Unit,
    source: String,
    #[serde(rename = "read_in")]
    _read_in: Option<String>,
    usd: BTreeMap<K, f64>,
}

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Unit {
    #[serde(rename = "GB")]
    Gigabyte,
    #[serde(rename = "GB-month")]
    GigabyteMonth,
    #[serde(rename = "GB-second")]
    GigabyteSecond,
    #[serde(rename = "month")]
    Month,
    #[serde(rename = "1000 requests")]
    Thousand,
    #[serde(rename = "10000 requests")]
    TenThousand,
    #[serde(rename = "1000000 requests")]
    Million,
}

/// What is wrong with a file of prices.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    #[error("these are no prices: {0}\nsigner/prices.toml is an example")]
    Toml(String),
    #[error("the price `{key}` {problem}")]
    Price { key: String, problem: String },
}

impl Prices {
    /// The prices that this program was built with.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../prices.toml")).expect("a test has read them")
    }

    /// Reads prices from TOML text.
    pub fn parse(text: &str) -> Result<Self, PricesError> {
        let prices: Self =
            toml::from_str(text).map_err(|error| PricesError::Toml(error.to_string().trim_end().to_owned()))?;
        prices.check()?;
        Ok(prices)
    }

    fn check(&self) -> Result<(), PricesError> {
        use Unit::{Gigabyte, GigabyteMonth, GigabyteSecond, Month, Thousand};
        let (s3, dns, signer, edge) = (&self.s3, &self.route53, &self.signer, &self.cloudfront);
        let mut prices = vec![
            ("s3.storage".to_owned(), &s3.storage, GigabyteMonth),
            ("s3.put".to_owned(), &s3.put, Thousand),
            ("s3.get".to_owned(), &s3.get, Thousand),
            ("s3.replication_time_control".to_owned(), &s3.replication_time_control, Gigabyte),
            ("s3.mrap_routing".to_owned(), &s3.mrap_routing, Gigabyte),
            ("route53.hosted_zone".to_owned(), &dns.hosted_zone, Month),
            ("route53.queries".to_owned(), &dns.queries, Thousand),
            ("route53.latency_queries".to_owned(), &dns.latency_queries, Thousand),
            ("route53.health_check".to_owned(), &dns.health_check, Month),
            ("route53.health_check_by_https".to_owned(), &dns.health_check_by_https, Month),
            ("signer.calls".to_owned(), &signer.calls, Thousand),
            ("signer.compute".to_owned(), &signer.compute, GigabyteSecond),
            ("signer.gateway".to_owned(), &signer.gateway, Thousand),
        ];
        for (index, service) in self.services.iter().enumerate() {
            let key = |name| format!("services[{index}].{name}");
            check_quantity(&key("least_gb"), service.least_gb)?;
            prices.push((key("storage"), &service.storage, GigabyteMonth));
            prices.push((key("put"), &service.put, Thousand));
            prices.push((key("get"), &service.get, Thousand));
            prices.push((key("to_internet"), &service.to_internet, Gigabyte));
        }
        for (key, price, unit) in prices {
            check(&key, [price.usd], price.unit, unit, &price.source)?;
        }
        check_each("s3.acceleration", &s3.acceleration, Gigabyte, &Group::ALL)?;
        check_each("s3.mrap_within", &s3.mrap_within, Gigabyte, &[])?;
        check_each("s3.mrap_between", &s3.mrap_between, Gigabyte, &[])?;
        check_each("s3.to_other_regions", &s3.to_other_regions, Gigabyte, &[])?;
        check_each("s3.to_internet", &s3.to_internet, Gigabyte, &[])?;
        check_each("cloudfront.to_internet", &edge.to_internet, Gigabyte, &Group::ALL)?;
        check_each("cloudfront.to_origin", &edge.to_origin, Gigabyte, &Group::ALL)?;
        check_each("cloudfront.https", &edge.https, Thousand, &Group::ALL)?;
        check_quantity("route53.calls_a_month", dns.calls_a_month)?;
        check_quantity("signer.gb_seconds_a_call", signer.gb_seconds_a_call)
    }
}

impl Price {
    pub(super) fn of(&self, quantity: f64) -> f64 {
        self.usd * quantity / self.unit.size()
    }
}

impl<K: Ord> Each<K> {
    /// The cost of so much at that place, if it has a price there.
    pub(super) fn of<Q: Ord + ?Sized>(&self, place: &Q, quantity: f64) -> Option<f64>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.usd.get(place).map(|usd| usd * quantity / self.unit.size())
    }
}

impl Unit {
    /// How many of what is counted make one unit.
    fn size(self) -> f64 {
        match self {
            Self::Gigabyte | Self::GigabyteMonth | Self::GigabyteSecond | Self::Month => 1.0,
            Self::Thousand => 1e3,
            Self::TenThousand => 1e4,
            Self::Million => 1e6,
        }
    }

    fn counts_requests(self) -> bool {
        match self {
            Self::Thousand | Self::TenThousand | Self::Million => true,
            Self::Gigabyte | Self::GigabyteMonth | Self::GigabyteSecond | Self::Month => false,
        }
    }
}

fn check_quantity(key: &str, quantity: f64) -> Result<(), PricesError> {
    if quantity.is_finite() && quantity >= 0.0 { Ok(()) } else { Err(wrong(key, "must be a number from 0 on")) }
}

fn check_each<K: Ord + std::fmt::Debug>(key: &str, each: &Each<K>, unit: Unit, all: &[K]) -> Result<(), PricesError> {
    check(key, each.usd.values().copied(), each.unit, unit, &each.source)?;
    match all.iter().find(|place| !each.usd.contains_key(place)) {
        Some(place) => Err(wrong(key, format!("has no figure for {place:?}"))),
        None => Ok(()),
    }
}

fn check(
    key: &str,
    usd: impl IntoIterator<Item = f64>,
    unit: Unit,
    wanted: Unit,
    source: &str,
) -> Result<(), PricesError> {
    if usd.into_iter().any(|usd| !usd.is_finite() || usd < 0.0) {
        return Err(wrong(key, "must be a number of dollars from 0 on"));
    }
    if unit != wanted && !(unit.counts_requests() && wanted.counts_requests()) {
        return Err(wrong(key, "is for another unit than it is used for; see signer/prices.toml"));
    }
    if !source.starts_with("https://") {
        return Err(wrong(key, "needs its `source`, an https address"));
    }
    Ok(())
}

fn wrong(key: &str, problem: impl Into<String>) -> PricesError {
    PricesError::Price { key: key.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = include_str!("../../prices.toml");

    #[test]
    fn every_price_that_is_built_in_has_its_unit_and_its_source() {
        let prices = Prices::parse(BUILT_IN).expect("the prices");
        assert_eq!(prices.s3.put.of(1e6), 5.0);
        assert_eq!(prices.cloudfront.https.of(&Group::Europe, 1e4), Some(0.012));
        assert_eq!(prices.s3.to_other_regions.of("nowhere", 1.0), None);
    }

    #[test]
    fn a_wrong_price_is_named() {
        for (right, wrong, named) in [
            ("date = \"2026-11-25\"", "date = \"today\"", "2026-11-25"),
            ("usd = 0.005, unit = \"1000 requests\"", "usd = -1, unit = \"1000 requests\"", "`s3.put`"),
            ("usd = 0.005, unit = \"1000 requests\"", "usd = nan, unit = \"1000 requests\"", "`s3.put`"),
            ("usd = 0.005, unit = \"1000 requests\"", "usd = 0.005, unit = \"GB\"", "`s3.put`"),
            ("usd = 0.005, unit = \"1000 requests\"", "usd = 0.005, unit = \"parsec\"", "parsec"),
            ("africa = 0.08, india", "india", "`s3.acceleration`"),
            ("south-america = 0.08", "atlantis = 0.08", "atlantis"),
            ("gb_seconds_a_call = 0.05", "gb_seconds_a_call = -1", "gb_seconds_a_call"),
            ("calls_a_month = 1314000", "calls_a_month = inf", "`route53.calls_a_month`"),
            ("least_gb = 1000", "least_gb = -1", "`services[1].least_gb`"),
            ("source = \"https://wasabi.com/pricing\"", "source = \"hearsay\"", "`services[1].storage`"),
            ("[route53]", "[route54]", "route54"),
        ] {
            assert!(BUILT_IN.contains(right), "{right}");
            let error = Prices::parse(&BUILT_IN.replacen(right, wrong, 1)).expect_err(named).to_string();
            assert!(error.contains(named), "{named} is not named in: {error}");
        }
    }
}
