//! What became of an upload, for whoever is asked for help.

use crate::Millis;
use crate::paths::PathIndex;
use crate::retry::Failure;

/// How one upload went, so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// By the path's place in the list of all sites' paths.
    pub paths: Vec<PathReport>,
    /// How often something was repeated, by the code of its reason.
    pub retries: Vec<(String, u32)>,
    /// Why the upload was opened anew, each time.
    pub restarts: Vec<String>,
    /// Bytes that were on their way when a request ended for nothing, or arrived twice.
    pub wasted: u64,
}

/// What one path did for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PathReport {
    /// Stored by this path.
    pub bytes: u64,
    /// Of its requests, added up.
    pub busy: Millis,
    pub parts: u32,
    pub failures: u32,
}

impl Report {
    pub(crate) fn stored(&mut self, path: PathIndex, bytes: u64, took: Millis) {
        let path = self.path(path);
        path.bytes += bytes;
        path.busy += took;
        path.parts += 1;
    }

    pub(crate) fn failed(&mut self, path: PathIndex, failure: &Failure, wasted: u64) {
        self.path(path).failures += 1;
        self.wasted += wasted;
        self.repeated(code(failure));
    }

    /// Something had to be done again.
    pub fn repeated(&mut self, code: &str) {
        match self.retries.iter_mut().find(|(known, _)| known == code) {
            Some((_, count)) => *count += 1,
            None => self.retries.push((code.to_owned(), 1)),
        }
    }

    fn path(&mut self, index: PathIndex) -> &mut PathReport {
        while self.paths.len() <= index {
            self.paths.push(PathReport::default());
        }
        &mut self.paths[index]
    }
}

/// One word for a failure.
fn code(failure: &Failure) -> &str {
    match failure {
        Failure::Network => "network",
        Failure::Stalled => "stalled",
        Failure::Reply { code, .. } if code.is_empty() => "http_error",
        Failure::Reply { code, .. } => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_by_path_and_by_reason() {
        let mut report = Report::default();
        report.stored(1, 100, 50);
        report.stored(1, 20, 10);
        report.failed(0, &Failure::Stalled, 7);
        report.failed(0, &Failure::Stalled, 0);
        assert_eq!(report.paths[1], PathReport { bytes: 120, busy: 60, parts: 2, failures: 0 });
        assert_eq!(report.paths[0].failures, 2);
        assert_eq!(report.retries, [("stalled".to_owned(), 2)]);
        assert_eq!(report.wasted, 7);
    }
}
