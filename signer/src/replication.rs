//! Which sites have copies of an object: `(what its own site says, what another one shows) → how far that copy is`.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html>.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nearput_api::ReplicaState;

/// What an object knows of its copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replication {
    /// Not every destination has it.
    Pending,
    /// Every destination has it.
    Completed,
    /// One destination at least will not have it.
    Failed,
    /// It is a copy itself.
    Replica,
}

/// What another site shows of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Same,
    /// None, or another one.
    Absent,
    /// It could not be asked.
    Unknown,
}

/// How far the copy at another site is; none where there is to be none.
pub(crate) fn state(source: Replication, seen: Seen) -> Option<ReplicaState> {
    match (source, seen) {
        // Whatever the source says: it is told of a copy later than the copy is there.
        (_, Seen::Same) | (Replication::Completed, Seen::Unknown) => Some(ReplicaState::Completed),
        // No destination of this object.
        (Replication::Completed, Seen::Absent) => None,
        (Replication::Failed, Seen::Absent) => Some(ReplicaState::Failed),
        (Replication::Pending | Replication::Replica, Seen::Absent | Seen::Unknown)
        | (Replication::Failed, Seen::Unknown) => Some(ReplicaState::Pending),
    }
}

/// More copies are not watched at a time.
const MOST: usize = 10_000;

/// Remembers of copies how far they were, so that each is counted once, however often it is asked for.
#[derive(Default)]
pub(crate) struct Watch(Mutex<HashMap<Copy, ReplicaState>>);

/// One object at one site.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Copy {
    pub(crate) site: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

/// What has become of a copy since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Arrived,
    Failed,
}

impl Watch {
    /// A copy that was there when it was first looked at has not arrived since: nobody knows when it did.
    pub(crate) fn note(&self, copy: Copy, state: ReplicaState) -> Option<Turn> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state == ReplicaState::Completed {
            return known.remove(&copy).map(|_| Turn::Arrived);
        }
        if known.len() >= MOST {
            known.clear();
        }
        let is_news = known.insert(copy, state) != Some(state);
        (is_news && state == ReplicaState::Failed).then_some(Turn::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReplicaState::{Completed, Failed, Pending};

    #[test]
    fn a_copy_is_where_it_is_seen_or_where_the_source_says_that_all_have_it() {
        for (source, same, absent, unknown) in [
            (Replication::Pending, Some(Completed), Some(Pending), Some(Pending)),
            (Replication::Completed, Some(Completed), None, Some(Completed)),
            (Replication::Failed, Some(Completed), Some(Failed), Some(Pending)),
            (Replication::Replica, Some(Completed), Some(Pending), Some(Pending)),
        ] {
            let states = [Seen::Same, Seen::Absent, Seen::Unknown].map(|seen| state(source, seen));
            assert_eq!(states, [same, absent, unknown], "{source:?}");
        }
    }

    #[test]
    fn a_copy_arrives_once_and_fails_once() {
        let watch = Watch::default();
        let note =
            |site: &str, state| watch.note(Copy { site: site.to_owned(), key: "k".to_owned(), version: None }, state);
        assert_eq!(
            [Pending, Pending, Completed, Completed].map(|state| note("a", state)),
            [None, None, Some(Turn::Arrived), None]
        );
        assert_eq!(
            [Failed, Failed, Completed].map(|state| note("b", state)),
            [Some(Turn::Failed), None, Some(Turn::Arrived)]
        );
        assert_eq!(note("c", Completed), None);
    }
}
