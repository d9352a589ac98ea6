//! Calls at a fixed rate, each timed from when it was due: a reply that comes late makes those behind it late as well, and counts so.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::measure::Case;

const CALLERS: u32 = 16;

pub(super) struct Latency {
    pub(super) count: usize,
    pub(super) p99_us: u64,
}

/// Asks for so long at so many calls a second, by several callers in turn. All of them must succeed.
pub(super) async fn latency(case: &Case, rate: f64, duration: Duration) -> Result<Latency> {
    let client: Arc<Client<HttpConnector, Full<Bytes>>> = Arc::new(Client::builder(TokioExecutor::new()).build_http());
    let between = Duration::from_secs_f64(1.0 / rate);
    let start = Instant::now() + Duration::from_millis(100);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let mut request = http::Request::builder().method(case.method).uri(&case.url);
        for (name, value) in &case.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(case.body.clone())))?;
        let mut due = interval_at(start + between * caller, between * CALLERS);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let client = client.clone();
        callers.spawn(async move {
            let mut took = Vec::new();
            while start.elapsed() < duration {
                let was_due = due.tick().await;
                let reply = client.request(request.clone()).await?;
                ensure!(reply.status().is_success(), "it answered {}", reply.status());
                reply.into_body().collect().await?;
                took.push(was_due.elapsed());
            }
            Ok(took)
        });
    }
    let mut all = Vec::new();
    while let Some(took) = callers.join_next().await {
        all.extend(took??);
    }
    all.sort();
    let p99 = all.get(all.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Latency { count: all.len(), p99_us: u64::try_from(p99.as_micros())? })
}
