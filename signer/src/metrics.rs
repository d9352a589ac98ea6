//! What is counted and timed, for Prometheus. Labels are names of calls, sites and errors: never a caller, a key or a secret.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nearput_api::{ErrorCode, SignedPart};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// From half a millisecond to a minute, each bucket twice as long as the one before.
const FIRST_BUCKET: f64 = 0.0005;
const BUCKETS: u16 = 18;
/// From half a second to four hours and a half, each bucket twice as long as the one before.
const FIRST_LAG_BUCKET: f64 = 0.5;
const LAG_BUCKETS: u16 = 16;

type Timings<L> = Family<L, Histogram, fn() -> Histogram>;

/// All that this signer counts. A copy counts the same.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    refused: Family<Refusal, Counter>,
    request_seconds: Timings<Call>,
    signed_urls: Family<SiteName, Counter>,
    opened: Family<SiteName, Counter>,
    completed: Family<SiteName, Counter>,
    aborted: Family<SiteName, Counter>,
    uploaded_bytes: Family<SiteName, Counter>,
    storage_errors: Family<StorageFailure, Counter>,
    storage_seconds: Timings<StorageCall>,
    replication_lag: Timings<SiteName>,
    replication_failures: Family<SiteName, Counter>,
}

/// What is counted for one site.
#[derive(Clone)]
pub(crate) struct SiteMetrics {
    site: Arc<str>,
    signed_urls: Counter,
    pub(crate) opened: Counter,
    pub(crate) completed: Counter,
    pub(crate) aborted: Counter,
    pub(crate) uploaded_bytes: Counter,
    errors: Family<StorageFailure, Counter>,
    seconds: Timings<StorageCall>,
    replication_lag: Timings<SiteName>,
    pub(crate) replication_failed: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    call: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SiteName {
    site: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StorageCall {
    site: Arc<str>,
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StorageFailure {
    site: Arc<str>,
    operation: &'static str,
    code: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("nearput");
        let mut counter = Counters(&mut registry);
        let requests = counter.add("requests", "Calls, by what was answered");
        let refused = counter.add("refusals", "Calls and files that were refused, by the code of the error");
        let signed_urls = counter.add("signed_urls", "Addresses that were signed for browsers");
        let opened = counter.add("uploads_opened", "Uploads that were opened");
        let completed = counter.add("uploads_completed", "Uploads that the storage has confirmed");
        let aborted = counter.add("uploads_aborted", "Uploads that were given up");
        let uploaded_bytes = counter.add("uploaded_bytes", "Bytes of the completed uploads");
        let storage_errors = counter.add("storage_errors", "Calls to the storage that failed, by its own code");
        let replication_failures =
            counter.add("replication_failures", "Copies that the storage has given up, by where to");
        let request_seconds: Timings<Call> = Family::new_with_constructor(histogram);
        registry.register("request_seconds", "How long calls took", request_seconds.clone());
        let storage_seconds: Timings<StorageCall> = Family::new_with_constructor(histogram);
        registry.register("storage_seconds", "How long the storage took, with repetitions", storage_seconds.clone());
        let replication_lag: Timings<SiteName> = Family::new_with_constructor(lag_histogram);
        let help = "How long after an object a copy of it was first seen, by where to";
        registry.register("replication_lag_seconds", help, replication_lag.clone());
        Self {
            registry: Arc::new(registry),
            requests,
            refused,
            request_seconds,
            signed_urls,
            opened,
            completed,
            aborted,
            uploaded_bytes,
            storage_errors,
            storage_seconds,
            replication_lag,
            replication_failures,
        }
    }

    /// As Prometheus reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("text can be written to a string");
        text
    }

    pub(crate) fn answered(&self, call: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&Answered { call, status }).inc();
        self.request_seconds.get_or_create(&Call { call }).observe(took.as_secs_f64());
    }

    pub(crate) fn refused(&self, code: ErrorCode) {
        let code = serde_json::to_value(code).expect("a code is text");
        let code = code.as_str().unwrap_or_default().to_owned();
        self.refused.get_or_create(&Refusal { code }).inc();
    }

    pub(crate) fn site(&self, id: &str) -> SiteMetrics {
        let site: Arc<str> = id.into();
        let own = |family: &Family<SiteName, Counter>| family.get_or_create_owned(&SiteName { site: site.clone() });
        SiteMetrics {
            signed_urls: own(&self.signed_urls),
            opened: own(&self.opened),
            completed: own(&self.completed),
            aborted: own(&self.aborted),
            uploaded_bytes: own(&self.uploaded_bytes),
            errors: self.storage_errors.clone(),
            seconds: self.storage_seconds.clone(),
            replication_lag: self.replication_lag.clone(),
            replication_failed: own(&self.replication_failures),
            site,
        }
    }
}

impl SiteMetrics {
    pub(crate) fn signed(&self, parts: &[SignedPart]) {
        let urls: usize = parts.iter().map(|part| part.urls.len()).sum();
        self.signed_urls.inc_by(urls as u64);
    }

    /// A copy of an object that is so old has come to this site.
    pub(crate) fn replicated(&self, lag: Duration) {
        self.replication_lag.get_or_create(&SiteName { site: self.site.clone() }).observe(lag.as_secs_f64());
    }

    /// A call to the storage that began at `start` has ended, with the storage's own code if it failed.
    pub(crate) fn stored(&self, operation: &'static str, start: Instant, failed: Option<&str>) {
        let site = self.site.clone();
        self.seconds.get_or_create(&StorageCall { site, operation }).observe(start.elapsed().as_secs_f64());
        if let Some(code) = failed {
            let failure = StorageFailure { site: self.site.clone(), operation, code: code.to_owned() };
            self.errors.get_or_create(&failure).inc();
        }
    }
}

struct Counters<'a>(&'a mut Registry);

impl Counters<'_> {
    fn add<L>(&mut self, name: &str, help: &str) -> Family<L, Counter>
    where
        L: EncodeLabelSet + Clone + Eq + std::hash::Hash + std::fmt::Debug + Send + Sync + 'static,
    {
        let family = Family::default();
        self.0.register(name, help, family.clone());
        family
    }
}

fn lag_histogram() -> Histogram {
    Histogram::new(exponential_buckets(FIRST_LAG_BUCKET, 2.0, LAG_BUCKETS))
}

fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(FIRST_BUCKET, 2.0, BUCKETS))
}
