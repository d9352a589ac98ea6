//! What the machine is told, and what it asks for.

use std::time::Duration;

use nearput_api::Plan;

use crate::checksum::Checksum;
use crate::retry::Failure;

/// A part that has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub number: u32,
    /// None where the site knows no algorithm.
    pub checksum: Option<Checksum>,
}

/// A part that can be sent until its signature ends, by the machine's clock. The request itself stays with the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    pub number: u32,
    pub expires: Duration,
}

/// A part that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub number: u32,
    pub checksum: Option<Checksum>,
    pub etag: Option<String>,
}

/// What happens to an upload's parts.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A part has been read.
    Read(Checked),
    /// The signer has signed some parts.
    Signed(Vec<Signed>),
    /// More of a part is under way: `sent` bytes in all.
    Moved { number: u32, sent: u64 },
    /// The storage has taken a part. Where CORS shows it, with its ETag.
    Stored { number: u32, etag: Option<String> },
    /// The request for a part has failed. `random` is from 0 up to 1.
    Failed { number: u32, failure: Failure, random: f64 },
    /// The user wants it to stand still.
    Pause,
    /// The user wants it to go on.
    Resume,
}

/// What is to be done about an upload's parts.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Read a part and answer [`Event::Read`].
    Read(u32),
    /// Have parts signed and answer [`Event::Signed`]. There is one such call at a time.
    Sign(Vec<Checked>),
    /// Send a part and answer [`Event::Moved`], then [`Event::Stored`] or [`Event::Failed`].
    Send(u32),
    /// End the request for a part; nothing more is heard of it.
    Stop(u32),
    /// Every part is stored. The last action.
    Complete { parts: Vec<Stored>, checksum: Option<Checksum> },
    /// A part cannot be stored. The last action.
    GiveUp(Failure),
}

/// What the page has to spare at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spare {
    /// A connection to send by.
    pub connection: bool,
    /// The attention to read by.
    pub reader: bool,
}

/// What an upload starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    pub plan: Plan,
    /// In bytes.
    pub size: u64,
    /// How many parts may be read, signed or under way at once.
    pub window: usize,
    /// Failures are repeated until no byte has moved for this long.
    pub give_up_after: Duration,
}
