//! Which path a request goes by, against a second reading of the rules: nothing is begun where nothing may be, the path that is
//! taken may be used, and where none is taken none may be.

use nearput_core::Millis;
use nearput_core::paths::{MOST_PER_PATH, Paths, WINNING_MARGIN, Wish};
use proptest::prelude::*;

use crate::world;

const PART: u64 = 8 << 20;

/// A measurement is believed for so long.
const BELIEVED: Millis = 60_000;

#[derive(Debug, Clone)]
enum Happening {
    Take(Wish),
    /// The oldest request of a path is stored, or fails.
    Store(usize),
    Fail(usize),
    SlowDown(Millis),
    Online(bool),
    Pass(Millis),
}

/// What is known of a path.
#[derive(Debug, Clone, Default)]
struct Known {
    costly: bool,
    /// How long a part takes on it.
    took: Millis,
    requests: usize,
    stored_at: Option<Millis>,
    /// How often it was left, and until when.
    left: u32,
    left_until: Millis,
}

struct Reference {
    paths: Vec<Known>,
    now: Millis,
    online: bool,
    hold_until: Millis,
}

impl Reference {
    fn is_left(&self, path: usize) -> bool {
        self.now < self.paths[path].left_until
    }

    fn rate(&self, path: usize) -> Option<f64> {
        let at = self.paths[path].stored_at?;
        (self.now < at + BELIEVED).then(|| PART as f64 / self.paths[path].took as f64)
    }

    /// The best rate of the free paths that are not left.
    fn best_free(&self) -> Option<f64> {
        let free = (0..self.paths.len()).filter(|path| !self.paths[*path].costly && !self.is_left(*path));
        free.filter_map(|path| self.rate(path)).max_by(f64::total_cmp)
    }

    fn is_slow(&self, path: usize) -> bool {
        self.rate(path).zip(self.best_free()).is_some_and(|(rate, best)| rate < best * 0.75)
    }

    fn may_be_used(&self, path: usize, wish: Wish) -> bool {
        let indices = 0..self.paths.len();
        let Known { costly, requests, .. } = self.paths[path];
        if requests >= MOST_PER_PATH || wish == Wish::Not(path) {
            return false;
        }
        if self.is_left(path) {
            return indices.clone().all(|path| self.is_left(path));
        }
        if indices.clone().all(|path| self.paths[path].costly || self.is_left(path)) {
            return true;
        }
        match (costly, self.rate(path), self.best_free()) {
            (false, Some(rate), Some(best)) => rate >= best / 4.0,
            (false, _, _) => true,
            (true, _, None) => false,
            (true, Some(rate), Some(best)) => rate >= best * WINNING_MARGIN,
            (true, None, Some(_)) => wish == Wish::AnyAtLength && requests == 0,
        }
    }
}

fn happening() -> impl Strategy<Value = Happening> {
    let path = 0..4usize;
    let wish = prop_oneof![
        3 => Just(Wish::Any),
        3 => Just(Wish::AnyAtLength),
        1 => path.clone().prop_map(Wish::NotIfPossible),
        1 => path.clone().prop_map(Wish::Not),
    ];
    prop_oneof![
        20 => wish.prop_map(Happening::Take),
        10 => path.clone().prop_map(Happening::Store),
        4 => path.prop_map(Happening::Fail),
        1 => (0..3_000u64).prop_map(Happening::SlowDown),
        1 => any::<bool>().prop_map(Happening::Online),
        4 => prop_oneof![0..100u64, 0..40_000u64].prop_map(Happening::Pass),
    ]
}

fn happen(paths: &mut Paths, reference: &mut Reference, happening: Happening) {
    let (now, count) = (reference.now, reference.paths.len());
    match happening {
        Happening::Take(wish) => take(paths, reference, wish),
        Happening::Store(path) | Happening::Fail(path) if path >= count || reference.paths[path].requests == 0 => {}
        Happening::Store(path) => {
            let known = &mut reference.paths[path];
            known.requests -= 1;
            paths.release(path);
            paths.stored(path, PART, known.took, now);
            *known = Known { stored_at: Some(now), left: 0, left_until: 0, ..*known };
        }
        Happening::Fail(path) => {
            paths.release(path);
            paths.failed(path, now);
            reference.paths[path].requests -= 1;
            if !reference.is_left(path) {
                let known = &mut reference.paths[path];
                known.left += 1;
                known.left_until = now + (1_000 << known.left.min(5)).min(30_000);
            }
        }
        Happening::SlowDown(wait) => {
            paths.pace.slow_down(wait, now);
            reference.hold_until = reference.hold_until.max(now + wait);
        }
        Happening::Online(online) => {
            paths.set_online(online);
            reference.online = online;
            if online {
                reference.paths.iter_mut().for_each(|known| known.left_until = 0);
            }
        }
        Happening::Pass(time) => reference.now += time,
    }
}

fn take(paths: &mut Paths, reference: &mut Reference, wish: Wish) {
    let before = paths.requests();
    let may_begin = reference.online && reference.now >= reference.hold_until && before < paths.pace.limit();
    let usable: Vec<_> = (0..reference.paths.len()).filter(|path| reference.may_be_used(*path, wish)).collect();
    let taken = paths.take(0, wish, reference.now);
    assert_eq!(taken.is_some(), may_begin && !usable.is_empty(), "{taken:?} of {usable:?} for {wish:?}");
    let is_free = before == 0 && may_begin && !matches!(wish, Wish::Not(_));
    assert!(!is_free || taken.is_some(), "where nothing is under way there is always a path");
    let Some(path) = taken else { return };
    assert!(usable.contains(&path), "{path} of {usable:?} for {wish:?}");
    assert!(wish != Wish::NotIfPossible(path) || usable.len() == 1, "there is another path");
    let others = usable.iter().filter(|other| wish != Wish::NotIfPossible(**other));
    assert!(
        !reference.is_slow(path) || others.clone().all(|other| reference.is_slow(*other)),
        "there is a faster path"
    );
    let has_won = |path: usize| reference.paths[path].costly && reference.best_free().is_some();
    assert!(has_won(path) || !others.clone().any(|other| has_won(*other)), "what has won goes first");
    reference.paths[path].requests += 1;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_goes_by_a_path_that_may_be_used_wherever_there_is_one(
        kinds in prop::collection::vec((any::<bool>(), 100..20_000u64), 1..5),
        round_trip in 0..200u64,
        happenings in prop::collection::vec(happening(), 1..150),
    ) {
        let costly: Vec<bool> = kinds.iter().map(|(costly, _)| *costly).collect();
        let mut paths = Paths::new(&world::kinds(&costly), 64);
        paths.pace.measured(round_trip);
        let known = |&(costly, took): &(bool, Millis)| Known { costly, took, ..Known::default() };
        let mut reference = Reference { paths: kinds.iter().map(known).collect(), now: 0, online: true, hold_until: 0 };
        for happening in happenings {
            happen(&mut paths, &mut reference, happening);
            prop_assert_eq!(paths.requests(), reference.paths.iter().map(|path| path.requests).sum::<usize>());
        }
    }
}
