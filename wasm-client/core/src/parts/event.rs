//! What the machine is told, and what it asks for.

use nearput_api::Plan;

use crate::Millis;
use crate::checksum::Checksum;
use crate::paths::{PathIndex, Paths};
use crate::retry::Failure;
use crate::sites::SiteIndex;

/// A part that has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub number: u32,
    /// None where the site knows no algorithm.
    pub checksum: Option<Checksum>,
}

/// A part that can be sent by any path until its signature ends, by the machine's clock. The requests stay with the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    pub number: u32,
    pub expires: Millis,
}

/// A part that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub number: u32,
    pub checksum: Option<Checksum>,
    pub etag: Option<String>,
    /// Whether more than one request was begun for it: a storage may then hold other bytes than it says.
    pub doubtful: bool,
}

/// One request: a part, by a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    pub number: u32,
    pub path: PathIndex,
}

/// What happens to an upload's parts.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A part has been read.
    Read(Checked),
    /// The signer has signed some parts.
    Signed(Vec<Signed>),
    /// More of a part is under way: `sent` bytes in all.
    Moved { request: Request, sent: u64 },
    /// The storage has taken a part. Where CORS shows it, with its ETag.
    Stored { request: Request, etag: Option<String> },
    /// The request for a part has failed. `random` is from 0 up to 1.
    Failed { request: Request, failure: Failure, random: f64 },
    /// The storage could not complete the upload. What it says it holds; nothing for a form or a put.
    Doubted { held: Vec<Checked> },
    /// The network is there again.
    Online,
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
    Send(Request),
    /// End a request; nothing more is heard of it.
    Stop(Request),
    /// Every part is stored, and the whole has this checksum. The last action, unless [`Event::Doubted`] is the answer.
    Complete(Option<Checksum>),
    /// A part cannot be stored. The last action.
    GiveUp(Failure),
}

/// What the page can spare for an upload at a moment.
#[derive(Debug)]
pub struct Means<'a> {
    /// Which paths there are, and who uses them.
    pub paths: &'a mut Paths,
    /// Whether another part may be read.
    pub reader: bool,
    /// How many parts of the upload may be read, signed or under way at once.
    pub window: usize,
}

/// What an upload starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Where it goes.
    pub site: SiteIndex,
    pub plan: Plan,
    /// In bytes.
    pub size: u64,
    /// Failures are repeated until no byte has moved for this long.
    pub give_up_after: Millis,
    /// A request of which no byte has moved for so long stands still.
    pub stall_after: Millis,
    /// Whether a second copy of a part does no harm.
    pub second_copies: bool,
}
