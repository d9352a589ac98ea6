//! A line to the storage, on which requests take their time.

use nearput_core::Millis;
use nearput_core::retry::Failure;

use crate::world::{Sent, World};

/// The line is looked at so often.
const TICK: Millis = 100;

/// What a request has come to since the last look.
pub(crate) enum Fate {
    /// So many more bytes are under way. Once all are, the part is stored.
    Moves(u64),
    Fails(Failure),
}

impl World {
    /// Lets time pass while `line` says what becomes of each request. The signer answers at once. Ends early once the page is done.
    pub(crate) fn run(&mut self, time: Millis, mut line: impl FnMut(&Sent, &World) -> Fate) {
        let end = self.now + time;
        while self.now < end {
            let tick = self.now + TICK;
            while let Some(at) = self.queue.wake_at(self.now).filter(|at| *at < tick) {
                self.now = at;
                self.pump();
            }
            self.now = tick;
            self.pump();
            self.settle();
            for sent in self.sending.clone() {
                // It may have been stopped since.
                let Some(sent) = self.sending.iter().find(|other| other.is_same(&sent)).copied() else { continue };
                match line(&sent, self) {
                    Fate::Moves(bytes) if sent.bytes + bytes >= self.uploads[&sent.id].part_size(sent.number) => {
                        self.store(sent);
                    }
                    Fate::Moves(0) => {}
                    Fate::Moves(bytes) => self.moved(sent, sent.bytes + bytes),
                    Fate::Fails(failure) => self.fail(sent, failure),
                }
                self.settle();
            }
            if self.uploads.values().all(|upload| upload.ending.is_some()) {
                return;
            }
        }
    }

    fn settle(&mut self) {
        self.prepare();
        while let Some(id) = self.completing.first().copied() {
            self.complete(id);
            self.prepare();
        }
    }
}

/// A line of so many bytes a second for each request.
pub(crate) fn steady(bytes_per_second: u64) -> impl FnMut(&Sent, &World) -> Fate {
    move |_, _| Fate::Moves(bytes_per_second / (1_000 / TICK))
}

/// A line on which the requests of each path move by a rate of their own, in bytes per second.
pub(crate) fn by_path<const PATHS: usize>(rates: [u64; PATHS]) -> impl FnMut(&Sent, &World) -> Fate {
    move |sent, _| Fate::Moves(rates[sent.path] / (1_000 / TICK))
}
