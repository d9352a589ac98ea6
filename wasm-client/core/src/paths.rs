//! The host names of each site's bucket, and which of them the next request to a site goes by.
//!
//! The bucket is the same behind all of a site's, so one file's parts may travel over all of those at once. How many each one carries follows
//! from the throughput of real parts. A name that fails or stands still is left, and tried again later.

use crate::pace::Pace;
use crate::retry;
use crate::sites::SiteIndex;
use crate::{Alarm, Millis};

/// Browsers open so many HTTP/1.1 connections to one host name.
pub const MOST_PER_PATH: usize = 6;

/// A path that costs extra must be so much faster than the others to be used.
pub const WINNING_MARGIN: f64 = 1.3;

/// A path that is slower than this share of the fastest is used only where the others are full,
const SLOWER: f64 = 0.75;

/// and below this share not at all.
const TOO_SLOW: f64 = 0.25;

/// A measurement is believed for so long.
const BELIEVED: Millis = 60_000;

/// Smaller bodies say more about the round trip than about the throughput.
const SHORTEST_MEASURED: u64 = 1 << 20;

/// How much a new measurement counts.
const WEIGHT: f64 = 0.3;

/// One of all sites' paths, by its place in the list of all.
pub type PathIndex = usize;

/// The paths of every site, and the requests under way on them.
#[derive(Debug)]
pub struct Paths {
    pub pace: Pace,
    /// Whether the browser says that there is a network at all.
    pub online: bool,
    /// The sites are being measured: one connection of each one's first path is left to that.
    pub measuring: bool,
    paths: Vec<Path>,
}

/// What a path is told apart by.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub site: SiteIndex,
    /// Each byte costs extra.
    pub costly: bool,
}

/// What a request would use a path for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Any path.
    Any,
    /// Any path, and much is still to be sent: a path that costs extra may be tried.
    AnyAtLength,
    /// If possible not this one, which has just failed.
    NotIfPossible(PathIndex),
    /// Not this one: it carries the first copy.
    Not(PathIndex),
}

#[derive(Debug)]
struct Path {
    kind: Kind,
    requests: usize,
    /// Of one connection, in bytes per millisecond, and when it was measured.
    rate: Option<(f64, Millis)>,
    failures: u32,
    shut_until: Millis,
}

/// The order in which paths are taken.
#[derive(PartialEq, PartialOrd)]
struct Rank {
    just_failed: bool,
    /// A path that costs extra is not used at all unless it has won, or is tried.
    has_not_won: bool,
    slower: bool,
    index: PathIndex,
}

impl Paths {
    /// `most` bounds the requests of the page.
    pub fn new(kinds: &[Kind], most: usize) -> Self {
        let path = |&kind: &Kind| Path { kind, requests: 0, rate: None, failures: 0, shut_until: 0 };
        // Those that cost nothing extra, of the site that has the most of them.
        let free = |of: &Kind| kinds.iter().filter(|kind| kind.site == of.site && !kind.costly).count();
        let widest = kinds.iter().map(free).max().unwrap_or_default().max(1);
        let pace = Pace::new(most.min(widest * MOST_PER_PATH));
        Self { pace, online: true, measuring: false, paths: kinds.iter().map(path).collect() }
    }

    /// Requests under way.
    pub fn requests(&self) -> usize {
        self.paths.iter().map(|path| path.requests).sum()
    }

    /// Takes a place on a site's best path for one more request, if there may be one. It is given back by [`Self::release`].
    pub fn take(&mut self, site: SiteIndex, wish: Wish, now: Millis) -> Option<PathIndex> {
        if !self.online || now < self.pace.hold_until() || self.requests() >= self.pace.limit() {
            return None;
        }
        let fastest = self.fastest(site, now);
        let all_shut = self.is_shut(site, now);
        // Then the others are not asked what they win.
        let none_is_free = self.of(site).all(|(_, path)| path.kind.costly || path.is_shut(now));
        let mut left_free = usize::from(self.measuring);
        let mut best: Option<Rank> = None;
        for (index, path) in self.of(site) {
            let may_be_used = path.requests + std::mem::take(&mut left_free) < MOST_PER_PATH
                && (all_shut || !path.is_shut(now))
                && wish != Wish::Not(index)
                && (none_is_free || path.is_worth_it(fastest, wish, now));
            let rank = Rank {
                just_failed: wish == Wish::NotIfPossible(index),
                has_not_won: none_is_free || !path.kind.costly,
                slower: path.rate(now).is_some_and(|rate| rate < fastest * SLOWER),
                index,
            };
            if may_be_used && best.as_ref().is_none_or(|best| rank < *best) {
                best = Some(rank);
            }
        }
        let index = best?.index;
        self.paths[index].requests += 1;
        Some(index)
    }

    /// A request has ended, however.
    pub fn release(&mut self, index: PathIndex) {
        self.paths[index].requests -= 1;
    }

    /// A request has stored so many bytes.
    pub fn stored(&mut self, index: PathIndex, bytes: u64, took: Millis, now: Millis) {
        let full = self.requests() + 1 >= self.pace.limit();
        self.pace.stored(bytes, full, now);
        let path = &mut self.paths[index];
        path.failures = 0;
        path.shut_until = 0;
        if bytes >= SHORTEST_MEASURED {
            let sample = bytes as f64 / took.max(1) as f64;
            let rate = path.rate(now).map_or(sample, |rate| rate + WEIGHT * (sample - rate));
            path.rate = Some((rate, now));
        }
    }

    /// A request broke off or stood still: the path is left for a while.
    pub fn failed(&mut self, index: PathIndex, now: Millis) {
        self.pace.trouble(now);
        let path = &mut self.paths[index];
        // Requests that break off together have the same cause.
        if !path.is_shut(now) {
            path.failures += 1;
            path.shut_until = now + retry::delay(path.failures + 2, 1.0);
        }
    }

    /// The network is there, or is not.
    pub fn set_online(&mut self, online: bool) {
        self.online = online;
        if online {
            self.pace.revive();
            self.paths.iter_mut().for_each(|path| path.shut_until = 0);
        }
    }

    /// The throughput of one connection of a path, in bytes per millisecond. A path that nothing is known of passes for as fast as
    /// the fastest; 0 where nothing is known at all.
    pub fn rate(&self, index: PathIndex, now: Millis) -> f64 {
        let path = &self.paths[index];
        path.rate(now).unwrap_or_else(|| self.fastest(path.kind.site, now))
    }

    /// Whether every path of a site has failed, and is left for a while.
    pub fn is_shut(&self, site: SiteIndex, now: Millis) -> bool {
        self.of(site).all(|(_, path)| path.is_shut(now))
    }

    /// When a request may be begun that may not be begun now.
    pub(crate) fn set(&self, alarm: &mut Alarm) {
        alarm.set(self.pace.hold_until());
        self.paths.iter().for_each(|path| alarm.set(path.shut_until));
    }

    /// The paths of a site.
    fn of(&self, site: SiteIndex) -> impl Iterator<Item = (PathIndex, &Path)> {
        self.paths.iter().enumerate().filter(move |(_, path)| path.kind.site == site)
    }

    /// The throughput of one connection of a site's fastest path that costs nothing extra.
    fn fastest(&self, site: SiteIndex, now: Millis) -> f64 {
        let free = self.of(site).filter(|(_, path)| !path.kind.costly && !path.is_shut(now));
        free.filter_map(|(_, path)| path.rate(now)).fold(0.0, f64::max)
    }
}

impl Path {
    fn is_shut(&self, now: Millis) -> bool {
        self.shut_until > now
    }

    fn rate(&self, now: Millis) -> Option<f64> {
        self.rate.filter(|(_, at)| now < at + BELIEVED).map(|(rate, _)| rate)
    }

    fn is_worth_it(&self, fastest: f64, wish: Wish, now: Millis) -> bool {
        match (self.kind.costly, self.rate(now)) {
            // One request is a trial, once there is something to compare it with.
            (true, None) => wish == Wish::AnyAtLength && fastest > 0.0 && self.requests == 0,
            (true, Some(rate)) => fastest > 0.0 && rate >= fastest * WINNING_MARGIN,
            (false, Some(rate)) => rate >= fastest * TOO_SLOW,
            (false, None) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: u64 = 8 << 20;

    fn kinds<const COUNT: usize>(costly: [bool; COUNT]) -> [Kind; COUNT] {
        costly.map(|costly| Kind { site: 0, costly })
    }

    /// Two paths, and a third one that costs extra, on a line where all may be used at once.
    fn paths() -> Paths {
        let mut paths = Paths::new(&kinds([false, false, true]), 64);
        paths.pace.measured(200);
        paths
    }

    fn measure(paths: &mut Paths, index: PathIndex, took: Millis) {
        paths.paths[index].requests += 1;
        paths.release(index);
        paths.stored(index, PART, took, 1_000);
    }

    fn opens(paths: &Paths) -> Millis {
        let mut alarm = Alarm::new(1_000);
        paths.set(&mut alarm);
        alarm.at.expect("it opens")
    }

    fn take(paths: &mut Paths) -> Option<PathIndex> {
        paths.take(0, Wish::Any, 1_000)
    }

    #[test]
    fn each_path_has_six_requests_at_most_and_one_that_costs_extra_none() {
        let mut paths = paths();
        let taken: Vec<_> = (0..20).map_while(|_| take(&mut paths)).collect();
        assert_eq!(taken, [[0; 6], [1; 6]].concat());
        paths.release(1);
        assert_eq!(take(&mut paths), Some(1));
    }

    #[test]
    fn the_faster_path_is_filled_first_and_one_that_crawls_is_left_alone() {
        let mut paths = paths();
        measure(&mut paths, 0, 2_000);
        measure(&mut paths, 1, 1_000);
        assert_eq!((0..8).filter_map(|_| take(&mut paths)).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 0, 0]);

        let mut paths = self::paths();
        measure(&mut paths, 0, 10_000);
        measure(&mut paths, 1, 1_000);
        assert_eq!((0..8).filter_map(|_| take(&mut paths)).count(), 6);
        assert_eq!(paths.take(0, Wish::Any, 1_000 + BELIEVED), Some(0), "after a minute it is tried again");
    }

    /// All that can be taken.
    fn take_all(paths: &mut Paths, wish: Wish) -> Vec<PathIndex> {
        std::iter::from_fn(|| paths.take(0, wish, 1_000)).collect()
    }

    #[test]
    fn a_path_that_costs_extra_is_tried_by_one_request_of_a_long_upload() {
        let mut paths = paths();
        assert_eq!(paths.take(0, Wish::AnyAtLength, 1_000), Some(0), "nothing to compare it with yet");
        measure(&mut paths, 0, 1_000);
        assert_eq!(take(&mut paths), Some(0), "a short upload tries nothing");
        assert_eq!(take_all(&mut paths, Wish::AnyAtLength)[..2], [2, 0]);
        assert_eq!(paths.paths[2].requests, 1);
    }

    #[test]
    fn a_path_that_costs_extra_is_used_before_the_others_if_it_wins_by_the_margin_and_else_not() {
        for (took, used) in [(800, 0), (700, 6)] {
            let mut paths = paths();
            measure(&mut paths, 0, 1_000);
            measure(&mut paths, 1, 1_000);
            measure(&mut paths, 2, took);
            let taken = take_all(&mut paths, Wish::AnyAtLength);
            assert_eq!((taken.len(), taken.iter().filter(|index| **index == 2).count()), (12, used), "{took}");
        }
    }

    #[test]
    fn a_path_that_costs_extra_wins_nothing_while_the_others_are_not_measured() {
        let mut paths = paths();
        measure(&mut paths, 2, 100);
        assert!(!take_all(&mut paths, Wish::AnyAtLength).contains(&2));
    }

    #[test]
    fn a_path_that_costs_extra_is_used_where_there_is_no_other() {
        let mut paths = Paths::new(&kinds([true]), 64);
        assert_eq!(paths.take(0, Wish::Any, 0), Some(0));
        let mut paths = self::paths();
        (0..2).for_each(|index| paths.failed(index, 1_000));
        assert_eq!(take(&mut paths), Some(2));
    }

    #[test]
    fn a_path_that_failed_is_left_and_tried_again_later() {
        let mut paths = paths();
        paths.failed(0, 1_000);
        assert_eq!(take(&mut paths), Some(1));
        let opens = opens(&paths);
        assert_eq!(paths.take(0, Wish::Any, opens), Some(0));
    }

    #[test]
    fn a_path_of_which_every_request_broke_off_at_once_is_left_no_longer_than_after_one() {
        let mut paths = paths();
        (0..6).for_each(|_| paths.failed(0, 1_000));
        assert_eq!(paths.take(0, Wish::NotIfPossible(1), 3_000), Some(0));
        paths.release(0);
        paths.failed(0, 3_000);
        assert_eq!(paths.take(0, Wish::NotIfPossible(1), 5_000), Some(1), "longer each time");
        assert_eq!(paths.take(0, Wish::NotIfPossible(1), 7_000), Some(0));
    }

    #[test]
    fn where_every_path_has_failed_they_are_all_tried() {
        let mut paths = paths();
        (0..3).for_each(|index| paths.failed(index, 1_000));
        assert_eq!(take(&mut paths), Some(0));
    }

    #[test]
    fn a_part_that_failed_goes_elsewhere_where_there_is_an_elsewhere() {
        let mut paths = paths();
        assert_eq!(paths.take(0, Wish::NotIfPossible(0), 1_000), Some(1));
        assert_eq!(Paths::new(&kinds([false]), 6).take(0, Wish::NotIfPossible(0), 0), Some(0));
        assert_eq!(Paths::new(&kinds([false]), 6).take(0, Wish::Not(0), 0), None);
    }

    #[test]
    fn nothing_is_begun_offline_or_while_the_storage_wants_quiet() {
        let mut paths = paths();
        paths.set_online(false);
        assert_eq!(take(&mut paths), None);
        paths.set_online(true);
        paths.pace.slow_down(500, 1_000);
        assert_eq!(take(&mut paths), None);
        assert_eq!(opens(&paths), 1_500);
        assert_eq!(paths.take(0, Wish::Any, 1_500), Some(0));
    }

    #[test]
    fn a_file_travels_by_the_paths_of_its_own_site_and_is_compared_with_those_only() {
        let kind = |site, costly| Kind { site, costly };
        let mut paths = Paths::new(&[kind(0, false), kind(1, false), kind(1, true)], 64);
        paths.pace.measured(200);
        measure(&mut paths, 0, 100);
        measure(&mut paths, 1, 1_000);
        measure(&mut paths, 2, 700);
        let taken: Vec<_> = std::iter::from_fn(|| paths.take(1, Wish::AnyAtLength, 1_000)).collect();
        assert_eq!(taken, [2; 6], "it wins among its own, and the limit is that of one site");
        paths.failed(0, 1_000);
        assert!(paths.is_shut(0, 1_000) && !paths.is_shut(1, 1_000));
    }

    #[test]
    fn while_sites_are_measured_one_connection_of_the_first_path_is_left_to_that() {
        let mut paths = paths();
        paths.measuring = true;
        assert_eq!((0..12).filter_map(|_| take(&mut paths)).filter(|index| *index == 0).count(), 5);
        paths.measuring = false;
        assert_eq!(paths.take(0, Wish::Any, 1_000), Some(0));
    }
}
