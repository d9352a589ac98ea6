//! What an operator has and wants.

use super::places::Group;
use super::size::Size;

/// Answers that make sense.
#[derive(Debug, Clone)]
pub struct Wishes {
    pub(super) volume_gb: f64,
    /// Sizes in rising order, and the share of the files that have them, of 1.
    pub(super) files: Vec<(Size, f64)>,
    /// Of 1.
    pub(super) users: Vec<(Group, f64)>,
    pub(super) round_trip_ms: Option<f64>,
    pub(super) upload_seconds: Option<f64>,
    /// The regions where data may be.
    pub(super) allowed: Vec<String>,
    pub(super) has_residency: bool,
    pub(super) budget_usd: Option<f64>,
    pub(super) kept_months: f64,
    pub(super) downloads_gb: f64,
    pub(super) line_bytes_per_second: f64,
    pub(super) replication_time_control: bool,
}

impl Wishes {
    /// How many files are uploaded in a month.
    pub(super) fn file_count(&self) -> f64 {
        let mean: f64 = self.files.iter().map(|(size, share)| size.bytes * share).sum();
        self.volume_gb * 1e9 / mean
    }

    /// Half of the files are no larger.
    pub(super) fn typical(&self) -> Size {
        let mut sum = 0.0;
        for (size, share) in &self.files {
            sum += share;
            if sum >= 0.5 - 1e-9 {
                return *size;
            }
        }
        self.files[0].0
    }

    /// The mean of something over the files.
    pub(super) fn mean(&self, of: impl Fn(Size) -> f64) -> f64 {
        self.files.iter().map(|(size, share)| of(*size) * share).sum()
    }
}
