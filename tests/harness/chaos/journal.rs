//! What came to the proxy, and what it did to it.

use std::collections::BTreeMap;
use std::fmt;

use super::{Call, Fault};

/// One request.
#[derive(Debug, Clone)]
pub struct Entry {
    pub call: Call,
    /// The multipart upload that it is about.
    pub upload_id: Option<String>,
    /// How much of its body was taken, in bytes.
    pub taken: u64,
    pub fault: Option<Fault>,
    /// What the client was answered; none where it was answered nothing.
    pub status: Option<u16>,
}

/// All requests, in the order in which they came.
#[derive(Debug, Clone)]
pub struct Journal {
    pub entries: Vec<Entry>,
}

impl Journal {
    pub(super) fn of(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// How often this was asked for.
    pub fn count(&self, call: Call) -> usize {
        self.of_call(call).count()
    }

    /// The requests of this call.
    pub fn of_call(&self, call: Call) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.call == call)
    }

    /// The numbers of the parts that were sent, in the order in which they came.
    pub fn parts(&self) -> Vec<u32> {
        let number = |entry: &Entry| if let Call::Part(number) = entry.call { Some(number) } else { None };
        self.entries.iter().filter_map(number).collect()
    }

    /// Bytes of files that were taken from pages.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.call.has_bytes()).map(|entry| entry.taken).sum()
    }
}

impl fmt::Display for Journal {
    /// How many requests there were, and how often each fault was done.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = BTreeMap::<String, usize>::new();
        for fault in self.entries.iter().filter_map(|entry| entry.fault) {
            let name = format!("{fault:?}");
            let name = name.split(['(', ')']).filter(|word| !word.is_empty() && *word != "Answer").take(1);
            *counts.entry(name.collect()).or_default() += 1;
        }
        write!(f, "{} requests", self.entries.len())?;
        counts.iter().try_for_each(|(name, count)| write!(f, ", {count} {name}"))
    }
}
