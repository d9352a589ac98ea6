//! A long line: a TCP proxy that delays what it carries, and bounds how much of it is under way.
//!
//! It sees bytes only. TLS and HTTP are spoken through it, and take the round trips that they take on a real line of this length.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

/// The most that is read at once, in bytes.
const CHUNK: usize = 64 << 10;

/// What is sent into a line waits at its beginning, in the proxy's receive buffer, where the sender takes it as sent. So that is
/// kept small; much smaller ones make loopback, whose packets have 64 KiB, stutter.
const RECEIVE_BUFFER: u32 = 256 << 10;

/// Timers have a grain of a millisecond: what is due within half of it is taken as due.
const GRAIN: Duration = Duration::from_micros(500);

/// How long a line is, and how wide.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub round_trip: Duration,
    /// The most bytes of a connection that are under way or not yet acknowledged, in each direction.
    pub window: usize,
}

/// A port from which a line leads to a server. It ends with the value, and all its connections with it.
pub struct DistanceProxy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl DistanceProxy {
    pub async fn start(server: SocketAddr, line: Line) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // Accepted connections have it from their listener.
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(1024).context("the proxy has no port")?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(carry(near, server, line));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, accepting })
    }

    /// Where the near end is.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DistanceProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Carries a connection until either side breaks it off, or both have ended.
async fn carry(near: TcpStream, server: SocketAddr, line: Line) -> io::Result<()> {
    near.set_nodelay(true)?;
    // The client was answered by loopback at once. Over a line it would wait a round trip before its first byte leaves.
    sleep(line.round_trip).await;
    let far = TcpStream::connect(server).await?;
    far.set_nodelay(true)?;
    let (near, far) = (near.into_split(), far.into_split());
    tokio::try_join!(Way::new(line).carry(near.0, far.1), Way::new(line).carry(far.0, near.1))?;
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Delivered {
    Bytes,
    End,
}

/// One direction of a connection.
struct Way {
    delay: Duration,
    /// Bytes that may still be sent.
    room: usize,
    /// What is under way, with the time of its arrival. The end of the stream is a packet without bytes.
    packets: VecDeque<(Instant, Vec<u8>)>,
    /// How much has arrived, with the time at which the sender hears of it.
    acknowledgements: VecDeque<(Instant, usize)>,
}

impl Way {
    fn new(line: Line) -> Self {
        Self {
            delay: line.round_trip / 2,
            room: line.window,
            packets: VecDeque::new(),
            acknowledgements: VecDeque::new(),
        }
    }

    async fn carry(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        let mut is_open = true;
        loop {
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
                    self.packets.push_back((Instant::now() + self.delay, chunk[..length].to_vec()));
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
            self.acknowledgements.push_back((Instant::now() + self.delay, bytes.len()));
        }
        Ok(Delivered::Bytes)
    }

    fn next_due(&self) -> Option<Instant> {
        let packet = self.packets.front().map(|(arrives, _)| *arrives);
        let acknowledgement = self.acknowledgements.front().map(|(heard, _)| *heard);
        packet.into_iter().chain(acknowledgement).min()
    }
}
