//! What Nearput's upload engine decides, without a clock, a socket or a browser.
//!
//! The machines here are fed events and asked for actions: `handle(event, now)`, `poll(now)`, `wake_at()`. Times are
//! [`Duration`](std::time::Duration)s since a moment that the caller chose; randomness comes in with the events. So the
//! same code runs in a page and, under virtual time, in the tests.
//!
//! In reading order: a file is cut by a [`plan`]; the [`queue`] says which file's turn it is; [`parts`] carries one file's parts
//! through reading, signing and sending; a [`reply`] is read for what the storage says; [`retry`] says what a failure means;
//! [`checksum`] proves that the storage got what the file holds; [`progress`] tells the user. Where the page holds temporary
//! credentials it signs by itself, with [`sigv4`].

pub mod checksum;
pub mod parts;
pub mod plan;
pub mod progress;
pub mod queue;
pub mod reply;
pub mod retry;
pub mod sigv4;
