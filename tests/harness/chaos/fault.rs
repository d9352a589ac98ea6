//! What can go wrong with a request.

use std::time::Duration;

use super::{Answer, Call};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is cut when the request's head has come.
    CutBefore,
    /// The connection is cut when half of the body has gone through.
    CutInBody,
    /// The server does what it is asked to do; then the connection is cut instead of the reply.
    LoseReply,
    /// The same, but the connection stays open, and silent, for as long as the client stays, or for a few seconds where that would be
    /// too long for a test.
    SwallowReply,
    /// The same, for as long as the client stays.
    SwallowReplyForEver,
    /// The connection is cut in the middle of the reply's body.
    CutInReply,
    /// Half of the body is taken, and then no more of it; the connection stays open.
    Stall,
    /// The reply takes its time.
    Delay(Duration),
    /// The body takes so long, evenly.
    Throttle(Duration),
    /// A byte of the file is another one when it arrives.
    Corrupt,
    /// The server never hears of it: this is answered instead.
    Answer(Answer),
}

/// Long enough for a file to be cut or changed in its middle.
const SOME_BYTES: u64 = 4096;

impl Fault {
    /// What can happen to such a request with a body of `length` bytes.
    ///
    /// Between page and signer, TLS lets no wrong byte through, as it does between signer and S3. The same is true of parts; but there
    /// the memory of a phone or a virus scanner can do it.
    pub fn menu(call: Call, length: u64) -> Vec<Self> {
        let delay = Self::Delay(Duration::from_millis(700));
        let throttle = Self::Throttle(Duration::from_millis(1500));
        let unavailable = [Self::Answer(Answer::InternalError), Self::Answer(Answer::SlowDown)];
        let mut menu = vec![Self::CutBefore, delay];
        match call {
            Call::Preflight => menu.extend([Self::LoseReply, Self::Answer(Answer::Opaque)]),
            Call::Part(_) | Call::Put | Call::Form => {
                menu.extend(unavailable);
                menu.extend([Self::LoseReply, Self::SwallowReply]);
                menu.extend([Answer::Expired, Answer::Opaque].map(Self::Answer));
                if length > SOME_BYTES {
                    menu.extend([Self::CutInBody, Self::Stall, throttle, Self::Corrupt]);
                }
            }
            // An upload whose id is lost on the way is known to nobody: only the bucket's lifecycle rule finds it.
            Call::Create => menu.extend(unavailable),
            Call::Complete => {
                menu.extend(unavailable);
                menu.extend([Self::LoseReply, Self::SwallowReply, Self::Answer(Answer::OkWithError)]);
            }
            Call::Abort | Call::ListParts | Call::Head | Call::Get | Call::Probe => {
                menu.extend(unavailable);
                menu.push(Self::LoseReply);
            }
            Call::Signer(_) => {
                menu.extend([Self::LoseReply, Self::SwallowReply, Self::CutInReply]);
                menu.extend([Answer::BadGateway, Answer::Opaque].map(Self::Answer));
            }
            Call::Other => {}
        }
        menu
    }

    /// How long a connection stays open and silent, if the client stays.
    pub(super) fn silence(call: Call) -> Duration {
        match call {
            Call::Preflight | Call::Part(_) | Call::Put | Call::Form | Call::Get => Duration::from_mins(2),
            // The signer waits for S3, and the page for the signer, much longer than any test can.
            Call::Create
            | Call::Complete
            | Call::Abort
            | Call::ListParts
            | Call::Head
            | Call::Probe
            | Call::Signer(_)
            | Call::Other => Duration::from_secs(3),
        }
    }
}
