//! What a caller may use of the signer: calls in a time, uploads and bytes in a day, uploads that are open at a time.
//!
//! It is counted in memory or, where several signers serve one name, in Redis. Looking and counting is one step in both, so
//! that two calls never take the last place together.

mod memory;
mod rate;
mod redis;
mod reservation;
mod weight;
mod who;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::app::BuildError;
use crate::clock::unix_seconds;
use crate::config::{self, Daily};
use memory::Memory;
use rate::Pace;
use redis::Redis;
pub(crate) use reservation::Reservation;
pub(crate) use weight::Weighed;
pub(crate) use who::Who;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Counts calls and uploads, and refuses what is too much.
pub(crate) struct Limiter {
    caller: Option<Pace>,
    address: Option<Pace>,
    quota: Quota,
    store: Store,
}

enum Store {
    Memory(Memory),
    Redis(Arc<Redis>),
}

/// What uploads are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    daily: Daily,
    open_uploads: Option<u64>,
    /// How long an upload is open if nobody completes or aborts it.
    lifetime: Duration,
}

/// An upload that is to be opened.
#[derive(Debug, Clone)]
struct Claim {
    who: Who,
    id: String,
    size: u64,
    /// The days since 1970.
    day: u64,
}

/// Why a call, or an upload, is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    #[error("these are too many calls; repeat the call in {} s", seconds(*wait))]
    Rate { wait: Duration },
    #[error("{} bytes are as much as may be uploaded in a day; go on after midnight UTC", max)]
    Bytes { max: u64, wait: Duration },
    #[error("{max} uploads are as many as may be opened in a day; go on after midnight UTC")]
    Uploads { max: u64, wait: Duration },
    #[error("{max} uploads are open, and may be no more; complete or abort one")]
    Open { max: u64, wait: Duration },
    #[error("the signer cannot count its calls at the moment; repeat the call")]
    Uncounted,
}

impl Exceeded {
    /// In whole seconds, and long enough.
    pub(crate) fn retry_after(self) -> u64 {
        match self {
            Self::Rate { wait } | Self::Bytes { wait, .. } | Self::Uploads { wait, .. } | Self::Open { wait, .. } => {
                seconds(wait)
            }
            Self::Uncounted => 1,
        }
    }
}

impl Limiter {
    /// Goes on with what `before` has counted, as far as it is still limited in the same way.
    pub(crate) fn new(
        limits: &config::Limits,
        lifetime: Duration,
        redis_password: Option<&str>,
        before: Option<&Self>,
    ) -> Result<Self, BuildError> {
        let pace = |rate: Option<config::Rate>| rate.map(|rate| Pace::new(rate, limits.rate.burst));
        let quota = Quota { daily: limits.daily, open_uploads: limits.open_uploads, lifetime };
        let (caller, address) = (pace(limits.rate.per_caller), pace(limits.rate.per_address));
        let store = match (&limits.redis, before.map(|before| &before.store)) {
            (Some(config), Some(Store::Redis(redis))) if redis.is_as(config) => Store::Redis(redis.clone()),
            (Some(config), _) => Store::Redis(Arc::new(Redis::new(config, redis_password)?)),
            (None, Some(Store::Memory(memory))) => Store::Memory(memory.adapted(caller, address)),
            (None, Some(Store::Redis(_)) | None) => Store::Memory(Memory::new(caller, address)),
        };
        Ok(Self { caller, address, quota, store })
    }

    /// Counts a call from an address.
    pub(crate) async fn admit_address(&self, address: IpAddr) -> Result<(), Exceeded> {
        self.admit(self.address, &Who::address(address), 1).await
    }

    /// Counts a call of a caller, which weighs more the more it asks for.
    pub(crate) async fn admit_caller(&self, who: &Who, weight: u32) -> Result<(), Exceeded> {
        self.admit(self.caller, who, weight).await
    }

    async fn admit(&self, pace: Option<Pace>, who: &Who, weight: u32) -> Result<(), Exceeded> {
        let Some(pace) = pace else { return Ok(()) };
        // What is larger than the burst would never be let in.
        let weight = weight.min(pace.burst.get());
        let wait = match &self.store {
            Store::Memory(memory) => memory.admit(who, pace, weight),
            Store::Redis(redis) => redis.admit(who, pace, weight).await?,
        };
        if wait.is_zero() { Ok(()) } else { Err(Exceeded::Rate { wait }) }
    }

    /// Takes the place of one upload, once by one id. It is given back unless the reservation is kept.
    pub(crate) async fn reserve(self: &Arc<Self>, who: &Who, id: String, size: u64) -> Result<Reservation, Exceeded> {
        let now = SystemTime::now();
        let claim = Claim { who: who.clone(), id, size, day: unix_seconds(now) / DAY_SECONDS };
        if self.quota.is_none() {
            return Ok(Reservation::none());
        }
        match &self.store {
            Store::Memory(memory) => memory.reserve(&claim, &self.quota, now)?,
            Store::Redis(redis) => redis.reserve(&claim, &self.quota, now).await?,
        }
        Ok(Reservation::of(claim, self.clone()))
    }

    /// An upload is open no more.
    pub(crate) async fn release(&self, who: &Who, id: &str) {
        match &self.store {
            Store::Memory(memory) => memory.release(who, id),
            Store::Redis(redis) => redis.release(who, id).await,
        }
    }

    /// An upload goes on being open.
    pub(crate) async fn extend(&self, who: &Who, id: &str) {
        match &self.store {
            Store::Memory(memory) => memory.extend(who, id, SystemTime::now() + self.quota.lifetime),
            Store::Redis(redis) => redis.extend(who, id, self.quota.lifetime).await,
        }
    }

    async fn refund(&self, claim: &Claim) {
        match &self.store {
            Store::Memory(memory) => memory.refund(claim),
            Store::Redis(redis) => redis.refund(claim).await,
        }
    }
}

impl Quota {
    fn is_none(&self) -> bool {
        self.daily == Daily::default() && self.open_uploads.is_none()
    }
}

/// How long the day still is.
fn until_midnight(now: SystemTime) -> Duration {
    Duration::from_secs(DAY_SECONDS - unix_seconds(now) % DAY_SECONDS)
}

fn seconds(wait: Duration) -> u64 {
    (wait.as_millis().div_ceil(1000) as u64).max(1)
}
