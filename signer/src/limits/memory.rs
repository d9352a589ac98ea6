//! Counting in this process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use super::rate::Pace;
use super::{Claim, Exceeded, Quota, Who, until_midnight};

/// After how many calls those are forgotten that have not called for long.
const TIDY_EVERY: u32 = 1024;

pub(super) struct Memory {
    paces: Vec<Arc<Paced>>,
    uploads: Arc<Mutex<Uploads>>,
}

/// The callers, or the addresses, that are held to one pace.
struct Paced {
    pace: Pace,
    limiter: DefaultKeyedRateLimiter<Who>,
    until_tidy: AtomicU32,
}

#[derive(Default)]
struct Uploads {
    today: Today,
    /// The uploads of each that are open, with their ends.
    open: HashMap<Who, HashMap<String, SystemTime>>,
    until_tidy: u32,
}

/// What has been opened today.
#[derive(Default)]
struct Today {
    day: u64,
    used: HashMap<Who, Used>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Used {
    bytes: u64,
    uploads: u64,
}

impl Memory {
    pub(super) fn new(caller: Option<Pace>, address: Option<Pace>) -> Self {
        Self { paces: paced(caller, address, &[]), uploads: Arc::default() }
    }

    /// With other paces, and all that is still of use.
    pub(super) fn adapted(&self, caller: Option<Pace>, address: Option<Pace>) -> Self {
        Self { paces: paced(caller, address, &self.paces), uploads: self.uploads.clone() }
    }

    /// How long to wait; not at all where the call is let in.
    pub(super) fn admit(&self, who: &Who, pace: Pace, weight: u32) -> Duration {
        let Some(paced) = self.paces.iter().find(|paced| paced.pace == pace) else { return Duration::ZERO };
        paced.tidy();
        let Some(weight) = NonZeroU32::new(weight) else { return Duration::ZERO };
        match paced.limiter.check_key_n(who, weight) {
            Ok(Ok(())) => Duration::ZERO,
            Ok(Err(refused)) => refused.wait_time_from(DefaultClock::default().now()),
            // The weight is at most the burst.
            Err(_) => pace.interval,
        }
    }

    pub(super) fn reserve(&self, claim: &Claim, quota: &Quota, now: SystemTime) -> Result<(), Exceeded> {
        let mut uploads = self.uploads();
        let Uploads { today, open, .. } = uploads.tidied(now);
        let open = open.entry(claim.who.clone()).or_default();
        open.retain(|_, end| *end > now);
        if open.contains_key(&claim.id) {
            return Ok(());
        }
        let used = today.of(claim);
        let Used { bytes, uploads: count } = *used;
        if let Some(max) = quota.daily.bytes.filter(|max| bytes.saturating_add(claim.size) > *max) {
            return Err(Exceeded::Bytes { max, wait: until_midnight(now) });
        }
        if let Some(max) = quota.daily.uploads.filter(|max| count >= *max) {
            return Err(Exceeded::Uploads { max, wait: until_midnight(now) });
        }
        if let Some(max) = quota.open_uploads.filter(|max| open.len() as u64 >= *max) {
            let first = open.values().min().and_then(|end| end.duration_since(now).ok());
            return Err(Exceeded::Open { max, wait: first.unwrap_or(quota.lifetime) });
        }
        open.insert(claim.id.clone(), now + quota.lifetime);
        *used = Used { bytes: bytes.saturating_add(claim.size), uploads: count + 1 };
        Ok(())
    }

    pub(super) fn refund(&self, claim: &Claim) {
        let mut uploads = self.uploads();
        if uploads.today.day == claim.day {
            let used = uploads.today.of(claim);
            used.bytes = used.bytes.saturating_sub(claim.size);
            used.uploads = used.uploads.saturating_sub(1);
        }
        uploads.release(&claim.who, &claim.id);
    }

    pub(super) fn release(&self, who: &Who, id: &str) {
        self.uploads().release(who, id);
    }

    pub(super) fn extend(&self, who: &Who, id: &str, end: SystemTime) {
        self.uploads().open.entry(who.clone()).or_default().insert(id.to_owned(), end);
    }

    fn uploads(&self) -> MutexGuard<'_, Uploads> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn paced(caller: Option<Pace>, address: Option<Pace>, before: &[Arc<Paced>]) -> Vec<Arc<Paced>> {
    let known = |pace: Pace| before.iter().find(|paced| paced.pace == pace).cloned();
    let paces = caller.into_iter().chain(address.filter(|address| Some(*address) != caller));
    paces.map(|pace| known(pace).unwrap_or_else(|| Arc::new(Paced::new(pace)))).collect()
}

impl Paced {
    fn new(pace: Pace) -> Self {
        Self { pace, limiter: RateLimiter::keyed(pace.quota()), until_tidy: AtomicU32::new(TIDY_EVERY) }
    }

    fn tidy(&self) {
        if self.until_tidy.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            // Looking at all of them costs no more than as many calls have.
            let next = u32::try_from(self.limiter.len()).unwrap_or(u32::MAX).max(TIDY_EVERY);
            self.until_tidy.store(next, Ordering::Relaxed);
        }
    }
}

impl Uploads {
    fn tidied(&mut self, now: SystemTime) -> &mut Self {
        self.until_tidy = match self.until_tidy.checked_sub(1) {
            Some(rest) => rest,
            None => {
                self.open.retain(|_, open| {
                    open.retain(|_, end| *end > now);
                    !open.is_empty()
                });
                u32::try_from(self.open.len()).unwrap_or(u32::MAX).max(TIDY_EVERY)
            }
        };
        self
    }

    fn release(&mut self, who: &Who, id: &str) {
        if let Some(open) = self.open.get_mut(who) {
            open.remove(id);
            if open.is_empty() {
                self.open.remove(who);
            }
        }
    }
}

impl Today {
    fn of(&mut self, claim: &Claim) -> &mut Used {
        // A clock that was set back does not bring yesterday again.
        if claim.day > self.day {
            *self = Self { day: claim.day, used: HashMap::new() };
        }
        self.used.entry(claim.who.clone()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::DAY_SECONDS;
    use super::*;
    use crate::config::Daily;

    const LIFETIME: Duration = Duration::from_hours(1);

    fn at(day: u64, seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(day * DAY_SECONDS + seconds)
    }

    fn who(number: usize) -> Who {
        Who::address(std::net::Ipv4Addr::from(number as u32).into())
    }

    fn claim(id: &str, size: u64, day: u64) -> Claim {
        Claim { who: who(1), id: id.to_owned(), size, day }
    }

    fn quota(bytes: Option<u64>, uploads: Option<u64>, open_uploads: Option<u64>) -> Quota {
        Quota { daily: Daily { bytes, uploads }, open_uploads, lifetime: LIFETIME }
    }

    #[test]
    fn a_day_ends_at_midnight() {
        let memory = Memory::new(None, None);
        let quota = quota(Some(10), None, None);
        assert_eq!(memory.reserve(&claim("a", 10, 7), &quota, at(7, 0)), Ok(()));
        let wait = Duration::from_secs(1);
        let refused = Exceeded::Bytes { max: 10, wait };
        assert_eq!(memory.reserve(&claim("b", 1, 7), &quota, at(7, DAY_SECONDS - 1)), Err(refused));
        assert_eq!(memory.reserve(&claim("b", 10, 8), &quota, at(8, 0)), Ok(()));
    }

    #[test]
    fn an_upload_that_is_open_already_counts_no_more() {
        let memory = Memory::new(None, None);
        for quota in [quota(None, Some(1), None), quota(None, None, Some(1))] {
            let open = |id, seconds| memory.reserve(&claim(id, 1, 7), &quota, at(7, seconds));
            memory.refund(&claim("a", 1, 7));
            assert_eq!((open("a", 0), open("a", 3599)), (Ok(()), Ok(())));
            assert!(open("b", 3599).is_err());
        }
    }

    #[test]
    fn the_last_place_is_not_too_large_for_any_size() {
        let memory = Memory::new(None, None);
        let quota = quota(Some(u64::MAX), Some(2), None);
        assert_eq!(memory.reserve(&claim("a", u64::MAX, 7), &quota, at(7, 0)), Ok(()));
        assert!(memory.reserve(&claim("b", 0, 7), &quota, at(7, 0)).is_ok());
        assert!(memory.reserve(&claim("c", 0, 7), &quota, at(7, 0)).is_err());
    }

    #[test]
    fn an_open_upload_leaves_the_count_when_it_is_released_and_when_it_ends() {
        let memory = Memory::new(None, None);
        let quota = quota(None, None, Some(1));
        let open = |id, seconds| memory.reserve(&claim(id, 1, 7), &quota, at(7, seconds));
        assert_eq!(open("a", 0), Ok(()));
        assert_eq!(open("b", 600), Err(Exceeded::Open { max: 1, wait: Duration::from_secs(3000) }));
        memory.release(&who(1), "a");
        assert_eq!(open("b", 600), Ok(()));
        assert!(open("c", 4199).is_err());
        memory.extend(&who(1), "b", at(7, 4300));
        assert!(open("c", 4299).is_err());
        assert_eq!(open("c", 4300), Ok(()));
        memory.refund(&claim("c", 1, 7));
        assert_eq!(open("d", 4300), Ok(()));
    }

    #[test]
    fn those_who_are_gone_are_forgotten() {
        let pace = Pace { interval: Duration::from_nanos(1000), burst: NonZeroU32::MIN };
        let memory = Memory::new(Some(pace), None);
        let quota = quota(None, None, Some(1));
        for number in 0..20_000 {
            memory.admit(&who(number), pace, 1);
            let claim = Claim { who: who(number), ..claim("a", 1, 7) };
            memory.reserve(&claim, &quota, at(7, number as u64)).expect("the first of each");
        }
        assert!(memory.paces[0].limiter.len() <= 2 * TIDY_EVERY as usize, "{}", memory.paces[0].limiter.len());
        // Those of the last hour, and as many again until they are looked at.
        assert!(memory.uploads().open.len() <= 2 * 3600 + TIDY_EVERY as usize, "{}", memory.uploads().open.len());
    }

    #[test]
    fn counts_outlive_a_change_of_other_limits() {
        let pace = Pace { interval: Duration::from_hours(1), burst: NonZeroU32::MIN };
        let other = Pace { interval: Duration::from_mins(1), ..pace };
        let memory = Memory::new(Some(pace), Some(other));
        assert_eq!(memory.admit(&who(1), pace, 1), Duration::ZERO);
        memory.reserve(&claim("a", 1, 7), &quota(None, Some(1), None), at(7, 0)).expect("the first");
        let memory = memory.adapted(Some(pace), None);
        assert!(memory.admit(&who(1), pace, 1) > Duration::from_mins(59));
        assert!(memory.reserve(&claim("b", 1, 7), &quota(None, Some(1), None), at(7, 0)).is_err());
    }
}
