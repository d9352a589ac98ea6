//! Which site is chosen in thousands of noisy worlds, drawn from a seed: how good the choice is, and how often it changes.

use nearput_api::Routing;
use nearput_core::Millis;
use nearput_core::sites::{SAMPLES, SiteIndex, Sites};

const WORLDS: u64 = 10_000;

/// What comes between makes a request longer by up to this share.
const JITTER: f64 = 0.3;

/// So many requests take many times as long.
const OUTLIERS: f64 = 0.02;

/// The home site is taken where another one is nearer by less, in milliseconds.
const EQUALLY_FAR: f64 = 3.0;

const HOUR: Millis = 3_600_000;

/// Rounds on a page that is never idle: as often as suspicion lets them be, at the worst.
const ROUND_EVERY: Millis = 10_000;

/// A page somewhere, with sites at some distances.
struct World {
    distances: Vec<f64>,
    seed: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self { distances: vec![], seed };
        let count = 2 + (world.draw() * 5.0) as usize;
        // From 5 ms to 300 ms, each doubling as likely as the next.
        world.distances = (0..count).map(|_| 5.0 * 60_f64.powf(world.draw())).collect();
        world
    }

    /// From 0 up to 1: <https://prng.di.unimi.it/splitmix64.c>.
    fn draw(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) as f64 / u64::MAX as f64
    }

    fn request(&mut self, site: SiteIndex) -> Millis {
        let distance = self.distances[site] * (1.0 + JITTER * self.draw());
        let outlier = if self.draw() < OUTLIERS { 2.0 / (0.05 + self.draw()) } else { 1.0 };
        (distance * outlier) as Millis
    }

    /// What is taken for a site's distance is left to the sites, or is the median.
    fn round(&mut self, sites: &mut Sites, samples: u32, by_median: bool, now: Millis) {
        for site in sites.begin() {
            let mut took: Vec<Millis> = (0..samples).map(|_| self.request(site)).collect();
            took.sort_unstable();
            let counted = if by_median { &took[took.len() / 2..][..1] } else { &took[..] };
            counted.iter().rev().for_each(|took| sites.sample(site, *took));
        }
        sites.end(now);
    }

    /// Whether it is the best within a tenth, or within what counts as equally far.
    fn is_good(&self, site: SiteIndex) -> bool {
        let best = self.distances.iter().copied().fold(f64::MAX, f64::min);
        self.distances[site] <= (best * 1.1).max(best + EQUALLY_FAR)
    }
}

/// The share of worlds in which a good site is chosen after one round.
fn quality(samples: u32, by_median: bool) -> f64 {
    let good = (0..WORLDS).filter(|seed| {
        let mut world = World::new(*seed);
        let mut sites = Sites::new(Routing::Measured, 0, world.distances.len());
        world.round(&mut sites, samples, by_median, 0);
        world.is_good(sites.choose(|_| true, 0).expect("all may be chosen"))
    });
    good.count() as f64 / WORLDS as f64
}

#[test]
fn a_site_within_a_tenth_of_the_best_or_equally_far_is_chosen_through_jitter_and_outliers() {
    for samples in [1, 2, 3, 4, 5] {
        let (by_shortest, by_median) = (quality(samples, false), quality(samples, true));
        println!(
            "{samples} samples: {:.2} % by the shortest, {:.2} % by the median",
            100.0 * by_shortest,
            100.0 * by_median
        );
    }
    assert!(quality(SAMPLES, false) >= 0.99);
}

#[test]
fn the_choice_does_not_flap_in_an_hour_of_rounds() {
    let worlds = 1_000;
    let (mut switches, mut most, mut bad, mut rounds) = (0, 0, 0, 0);
    for seed in 0..worlds {
        let mut world = World::new(seed);
        let mut sites = Sites::new(Routing::Measured, 0, world.distances.len());
        world.round(&mut sites, SAMPLES, false, 0);
        let mut chosen = sites.choose(|_| true, 0);
        let mut switched = 0;
        for now in (ROUND_EVERY..HOUR).step_by(ROUND_EVERY as usize) {
            world.round(&mut sites, SAMPLES, false, now);
            let next = sites.choose(|_| true, now);
            switched += u32::from(next != chosen);
            chosen = next;
            rounds += 1;
            bad += u32::from(!world.is_good(chosen.expect("all may be chosen")));
        }
        switches += switched;
        most = most.max(switched);
    }
    let per_hour = f64::from(switches) / worlds as f64;
    let good = 100.0 - 100.0 * f64::from(bad) / f64::from(rounds);
    println!(
        "switches in an hour: {per_hour:.3} on average, {most} at most; a good site is chosen {good:.2} % of the time"
    );
    assert!(per_hour < 0.2 && most <= 3 && good >= 99.0);
}
