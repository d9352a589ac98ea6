//! How far an upload is, for the person who waits: never backwards, with a steady rate.

use crate::Millis;

/// How quickly the rate follows a change of the line.
const SMOOTHING: Millis = 3_000;

/// Shorter spans say more about buffers than about the line.
const SHORTEST_SAMPLE: Millis = 200;

/// How far one upload is.
#[derive(Debug)]
pub struct Progress {
    total: u64,
    loaded: u64,
    /// Bytes per second; none until there is a sample.
    rate: Option<f64>,
    best_rate: f64,
    sampled: Option<(Millis, u64)>,
}

impl Progress {
    /// Nothing yet of `total` bytes.
    pub fn new(total: u64) -> Self {
        Self { total, loaded: 0, rate: None, best_rate: 0.0, sampled: None }
    }

    /// Takes note that `loaded` bytes are there or under way. Less than before, after a request was lost, changes nothing. Says
    /// whether there is anything new to show.
    pub fn update(&mut self, loaded: u64, now: Millis) -> bool {
        let had = self.loaded;
        self.loaded = self.loaded.max(loaded).min(self.total);
        let Some((then, before)) = self.sampled else {
            self.sampled = Some((now, self.loaded));
            return self.loaded > had;
        };
        let span = now.saturating_sub(then);
        if span < SHORTEST_SAMPLE {
            return self.loaded > had;
        }
        let sample = (self.loaded - before) as f64 * 1000.0 / span as f64;
        let weight = span as f64 / (span + SMOOTHING) as f64;
        let rate = self.rate.map_or(sample, |rate| rate + weight * (sample - rate));
        // The first sample is of buffers that were empty.
        if self.rate.is_some() {
            self.best_rate = self.best_rate.max(rate);
        }
        self.rate = Some(rate);
        self.sampled = Some((now, self.loaded));
        true
    }

    /// Forgets the rate, since the upload stands still on purpose.
    pub fn rest(&mut self) {
        self.rate = None;
        self.sampled = None;
    }

    /// Bytes that are stored or under way.
    pub fn loaded(&self) -> u64 {
        self.loaded
    }

    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes per second; 0 while unknown.
    pub fn rate(&self) -> f64 {
        self.rate.unwrap_or(0.0)
    }

    /// The highest rate so far.
    pub fn best_rate(&self) -> f64 {
        self.best_rate
    }

    /// Seconds until the end at this rate; none while unknown.
    pub fn left(&self) -> Option<f64> {
        self.rate.filter(|rate| *rate >= 1.0).map(|rate| (self.total - self.loaded) as f64 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_bytes_do_not_turn_it_back() {
        let mut progress = Progress::new(100);
        progress.update(60, 1_000);
        progress.update(20, 2_000);
        assert_eq!(progress.loaded(), 60);
        progress.update(900, 3_000);
        assert_eq!(progress.loaded(), 100);
    }

    #[test]
    fn a_steady_line_has_its_own_rate_and_the_rest_of_the_time() {
        let mut progress = Progress::new(1_000_000);
        for tenth in 0..=50u64 {
            progress.update(tenth * 10_000, tenth * 100);
        }
        assert!((progress.rate() - 100_000.0).abs() < 1.0, "{}", progress.rate());
        assert!((progress.left().expect("a rate") - 5.0).abs() < 0.01);
    }

    #[test]
    fn the_highest_rate_is_remembered_after_the_line_has_become_slow() {
        let mut progress = Progress::new(1_000_000);
        (0..=50u64).for_each(|tenth| _ = progress.update(tenth * 10_000, tenth * 100));
        (51..=150u64).for_each(|tenth| _ = progress.update(500_000 + tenth, tenth * 100));
        assert!((progress.best_rate() - 100_000.0).abs() < 1.0, "{}", progress.best_rate());
        assert!(progress.rate() < 10_000.0, "{}", progress.rate());
    }

    #[test]
    fn nothing_is_claimed_before_there_is_a_sample_or_after_a_rest() {
        let mut progress = Progress::new(10);
        progress.update(1, 0);
        assert_eq!((progress.rate(), progress.left()), (0.0, None));
        progress.update(5, 1_000);
        assert!(progress.left().is_some());
        progress.rest();
        assert_eq!((progress.rate(), progress.left()), (0.0, None));
    }
}
