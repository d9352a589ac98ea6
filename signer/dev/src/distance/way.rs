//! One direction of a connection over a long line.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep_until};

use super::{Meter, Shared};

/// The most that is read at once, in bytes.
const CHUNK: usize = 64 << 10;

/// Timers have a grain of a millisecond: what is due within half of it is taken as due.
const GRAIN: Duration = Duration::from_micros(500);

pub(super) struct Way<'a> {
    shared: &'a Shared,
    /// Counts what is sent into this direction.
    sent: Option<&'a Meter>,
    /// Bytes that may still be sent.
    room: usize,
    /// What is under way, with the time of its arrival. The end of the stream is a packet without bytes.
    packets: VecDeque<(Instant, Vec<u8>)>,
    /// How much has arrived, with the time at which the sender hears of it.
    acknowledgements: VecDeque<(Instant, usize)>,
}

#[derive(PartialEq, Eq)]
enum Delivered {
    Bytes,
    End,
}

impl<'a> Way<'a> {
    pub(super) fn new(shared: &'a Shared, sent: Option<&'a Meter>) -> Self {
        let room = shared.line().window;
        Self { shared, sent, room, packets: VecDeque::new(), acknowledgements: VecDeque::new() }
    }

    pub(super) async fn carry(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        let mut is_open = true;
        loop {
            self.shared.until_thawed().await;
            if self.deliver(&mut to).await? == Delivered::End {
                return to.shutdown().await;
            }
            let most = self.room.min(CHUNK);
            let due = self.next_due();
            tokio::select! {
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                read = from.read(&mut chunk[..most]), if most > 0 && is_open => {
                    let length = read?;
                    is_open = length > 0;
                    self.room -= length;
                    if let Some(sent) = self.sent {
                        sent.count(length);
                    }
                    self.packets.push_back((Instant::now() + self.delay(), chunk[..length].to_vec()));
                }
            }
        }
    }

    /// Hands over what has arrived by now, and takes note of what has been acknowledged.
    async fn deliver(&mut self, to: &mut OwnedWriteHalf) -> io::Result<Delivered> {
        let now = Instant::now() + GRAIN;
        while let Some((_, length)) = self.acknowledgements.pop_front_if(|(heard, _)| *heard <= now) {
            self.room += length;
        }
        while let Some((_, bytes)) = self.packets.pop_front_if(|(arrives, _)| *arrives <= now) {
            if bytes.is_empty() {
                return Ok(Delivered::End);
            }
            to.write_all(&bytes).await?;
            self.acknowledgements.push_back((Instant::now() + self.delay(), bytes.len()));
        }
        Ok(Delivered::Bytes)
    }

    fn next_due(&self) -> Option<Instant> {
        let packet = self.packets.front().map(|(arrives, _)| *arrives);
        let acknowledgement = self.acknowledgements.front().map(|(heard, _)| *heard);
        packet.into_iter().chain(acknowledgement).min()
    }

    fn delay(&self) -> Duration {
        self.shared.line().round_trip / 2
    }
}
