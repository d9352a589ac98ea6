//! Counting in Redis, for several signers together. Each step is a script, so nothing comes between looking and counting.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, IntoConnectionInfo as _, RedisError, Script, ScriptInvocation};

use super::rate::Pace;
use super::{Claim, DAY_SECONDS, Exceeded, Quota, Who, until_midnight};
use crate::app::BuildError;
use crate::config::{self, OnFailure};
use crate::crypto;

/// Callers wait for it, so it must not take long.
const PATIENCE: Duration = Duration::from_millis(200);
/// After a failure nobody waits for so long.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the log says that it fails.
const SAY_EVERY: Duration = Duration::from_secs(60);
/// The greatest integer that Lua knows exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

pub(super) struct Redis {
    connection: ConnectionManager,
    config: config::Redis,
    trouble: Mutex<Trouble>,
    admit: Script,
    reserve: Script,
    refund: Script,
    extend: Script,
}

/// What is known of failures.
#[derive(Default)]
struct Trouble {
    /// The last one, while there was no success.
    since: Option<Instant>,
    said: Option<Instant>,
}

/// Why something was not counted.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("there was no answer within {} ms", PATIENCE.as_millis())]
    Silent,
    #[error("it has failed just before")]
    Paused,
}

impl Redis {
    /// It need not run yet.
    pub(super) fn new(config: &config::Redis, password: Option<&str>) -> Result<Self, BuildError> {
        crypto::install();
        let mut info = config.url.as_str().into_connection_info().map_err(BuildError::Redis)?;
        if let Some(password) = password {
            let settings = info.redis_settings().clone().set_password(password);
            info = info.set_redis_settings(settings);
        }
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1)
            .set_max_delay(PATIENCE);
        let client = Client::open(info).map_err(BuildError::Redis)?;
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, settings).map_err(BuildError::Redis)?,
            config: config.clone(),
            trouble: Mutex::default(),
            admit: Script::new(include_str!("admit.lua")),
            reserve: Script::new(include_str!("reserve.lua")),
            refund: Script::new(include_str!("refund.lua")),
            extend: Script::new(include_str!("extend.lua")),
        })
    }

    /// Whether it would be the same again. Its password cannot change while the signer runs.
    pub(super) fn is_as(&self, config: &config::Redis) -> bool {
        self.config == *config
    }

    /// How long to wait; not at all where the call is let in.
    pub(super) async fn admit(&self, who: &Who, pace: Pace, weight: u32) -> Result<Duration, Exceeded> {
        let mut script = self.admit.key(self.key(who, "rate"));
        script.arg(pace.interval.as_secs_f64() * 1e6).arg(pace.burst.get()).arg(weight);
        let wait = self.run(&script).await.or_else(|_| self.uncounted(0))?;
        Ok(Duration::from_micros(wait))
    }

    pub(super) async fn reserve(&self, claim: &Claim, quota: &Quota, now: SystemTime) -> Result<(), Exceeded> {
        let any = |max: Option<u64>| max.map_or(-1, |max| max.min(MAX_INTEGER) as i64);
        let lifetime = quota.lifetime;
        let mut script = self.reserve.key(self.day(claim));
        script.key(self.key(&claim.who, "open"));
        script.arg(&claim.id).arg(claim.size.min(MAX_INTEGER));
        script.arg(any(quota.daily.bytes)).arg(any(quota.daily.uploads)).arg(any(quota.open_uploads));
        script.arg(lifetime.as_secs()).arg(2 * DAY_SECONDS);
        let (reached, wait) = self.run(&script).await.or_else(|_| self.uncounted((0, 0)))?;
        let max = |limit: Option<u64>| limit.unwrap_or_default();
        match reached {
            0 => Ok(()),
            1 => Err(Exceeded::Bytes { max: max(quota.daily.bytes), wait: until_midnight(now) }),
            2 => Err(Exceeded::Uploads { max: max(quota.daily.uploads), wait: until_midnight(now) }),
            _ => Err(Exceeded::Open { max: max(quota.open_uploads), wait: Duration::from_secs(wait) }),
        }
    }

    pub(super) async fn refund(&self, claim: &Claim) {
        let mut script = self.refund.key(self.day(claim));
        script.key(self.key(&claim.who, "open")).arg(&claim.id).arg(claim.size.min(MAX_INTEGER));
        // What is not given back ends by itself.
        let _ = self.run::<()>(&script).await;
    }

    pub(super) async fn extend(&self, who: &Who, id: &str, lifetime: Duration) {
        let mut script = self.extend.key(self.key(who, "open"));
        script.arg(id).arg(lifetime.as_secs());
        let _ = self.run::<()>(&script).await;
    }

    pub(super) async fn release(&self, who: &Who, id: &str) {
        let mut command = redis::cmd("ZREM");
        command.arg(self.key(who, "open")).arg(id);
        let mut connection = self.connection.clone();
        let _ = self.within(async move { command.query_async::<()>(&mut connection).await }).await;
    }

    fn key(&self, who: &Who, what: &str) -> String {
        // A cluster keeps all keys of one caller together: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
        format!("{}:{{{who}}}:{what}", self.config.prefix)
    }

    fn day(&self, claim: &Claim) -> String {
        self.key(&claim.who, &format!("day:{}", claim.day))
    }

    async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Failure> {
        let mut connection = self.connection.clone();
        self.within(async move { script.invoke_async(&mut connection).await }).await
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, RedisError>>) -> Result<T, Failure> {
        if self.trouble().since.is_some_and(|since| since.elapsed() < PAUSE) {
            return Err(Failure::Paused);
        }
        let outcome = match tokio::time::timeout(PATIENCE, work).await {
            Ok(outcome) => outcome.map_err(Failure::Redis),
            Err(_) => Err(Failure::Silent),
        };
        self.trouble().note(outcome.as_ref().err());
        outcome
    }

    fn uncounted<T>(&self, let_in: T) -> Result<T, Exceeded> {
        match self.config.on_failure {
            OnFailure::Open => Ok(let_in),
            OnFailure::Closed => Err(Exceeded::Uncounted),
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    fn note(&mut self, failure: Option<&Failure>) {
        let Some(error) = failure else {
            if self.since.take().is_some() {
                tracing::info!("Redis counts calls again");
                self.said = None;
            }
            return;
        };
        self.since = Some(Instant::now());
        if self.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            self.said = self.since;
            tracing::error!(%error, "Redis does not count calls");
        }
    }
}
