//! What Nearput's upload engine decides, without a clock, a socket or a browser.
//!
//! The machines here are fed events and asked for actions: `handle(event, now)`, `poll(now)`, `wake_at()`. Times are
//! [`Millis`]; randomness comes in with the events. So the same code runs in a page and, under virtual time, in the tests.
//!
//! In reading order: a file goes to one of the [`sites`], and is cut by a [`plan`]; the [`queue`] says which file's turn it is;
//! [`parts`] carries one file's parts through reading, signing and sending, over the [`paths`] of the site and at the [`pace`] that
//! the line bears; a [`reply`] is read for what the storage says; [`retry`] says what a failure means; [`checksum`] proves that the
//! storage got what the file holds; [`progress`] tells the user, and a [`report`] whoever is asked for help. Where the page holds
//! temporary credentials it signs by itself, with [`sigv4`].

pub mod address;
pub mod checksum;
pub mod pace;
pub mod parts;
pub mod paths;
pub mod plan;
pub mod progress;
pub mod queue;
pub mod reply;
pub mod report;
pub mod retry;
pub mod sigv4;
pub mod sites;

/// Milliseconds: a span, or a time since a moment that the caller chose. Whole numbers cost the module less than `Duration`s.
pub type Millis = u64;

/// When something is to be done even though nothing happens: the soonest of several times that are yet to come.
#[derive(Debug)]
pub struct Alarm {
    now: Millis,
    at: Option<Millis>,
}

impl Alarm {
    pub(crate) fn new(now: Millis) -> Self {
        Self { now, at: None }
    }

    pub(crate) fn set(&mut self, at: Millis) {
        if at > self.now && self.at.is_none_or(|soonest| at < soonest) {
            self.at = Some(at);
        }
    }
}
