//! A long line: a TCP proxy that delays what it carries, and bounds how much of it is under way.
//!
//! It sees bytes only. TLS and HTTP are spoken through it, and take the round trips that they take on a real line of this length.

mod way;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Serialize, Serializer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::running::local;
use way::Way;

/// What is sent into a line waits at its beginning, in the proxy's receive buffer, where the sender takes it as sent. So that is
/// kept small; much smaller ones make loopback, whose packets have 64 KiB, stutter.
const RECEIVE_BUFFER: u32 = 256 << 10;

/// How long a line is, and how wide.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub round_trip: Duration,
    /// The most bytes of a connection that are under way or not yet acknowledged, in each direction.
    pub window: usize,
}

/// The near end of a line that leads nowhere yet: connections are refused.
pub struct LinePort {
    socket: TcpSocket,
    address: SocketAddr,
}

/// A port from which a line leads to a server. It ends with the value, and all its connections with it.
pub struct DistanceProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Handle,
    end: NearEnd,
}

enum NearEnd {
    Open(JoinHandle<()>),
    /// Bound, so that nobody else takes the port, and not listening.
    Closed(LinePort),
    /// Between the two.
    Moving,
}

/// What the proxy and its connections know of each other.
struct Shared {
    server: SocketAddr,
    line: Mutex<Line>,
    frozen: watch::Sender<bool>,
    sent: Meter,
}

/// How many bytes have been sent into a line at its near end, with the heads of requests, and whether or not they arrived.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn count(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Serialize for Meter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.bytes())
    }
}

impl LinePort {
    /// Takes the port; 0 takes a free one.
    pub fn open(listen: SocketAddr) -> Result<Self> {
        let bind = || {
            let socket = TcpSocket::new_v4()?;
            // Connections of before may linger.
            socket.set_reuseaddr(true)?;
            // Accepted connections have it from their listener.
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
            socket.bind(listen)?;
            Ok::<_, io::Error>(Self { address: socket.local_addr()?, socket })
        };
        bind().with_context(|| format!("a line cannot begin at {listen}"))
    }

    /// Where the near end is.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Opens the line. Its work is done by the runtime of the caller.
    pub fn lead_to(self, server: SocketAddr, line: Line) -> Result<DistanceProxy> {
        let (line, frozen) = (Mutex::new(line), watch::Sender::new(false));
        let shared = Shared { server, line, frozen, sent: Meter::default() };
        let runtime = Handle::current();
        let mut proxy =
            DistanceProxy { address: self.address, shared: Arc::new(shared), runtime, end: NearEnd::Closed(self) };
        proxy.restart()?;
        Ok(proxy)
    }
}

impl DistanceProxy {
    /// A line from a free port.
    pub fn start(server: SocketAddr, line: Line) -> Result<Self> {
        LinePort::open(local(0))?.lead_to(server, line)
    }

    /// Where the near end is, also while the line is stopped.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it is, for browsers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has been sent into it so far, and will be.
    pub fn meter(&self) -> Meter {
        self.shared.sent.clone()
    }

    /// Makes it longer or shorter, for what is sent from now on.
    pub fn set_round_trip(&self, round_trip: Duration) {
        self.shared.line.lock().unwrap_or_else(PoisonError::into_inner).round_trip = round_trip;
    }

    /// Everything stands still, and connections are taken and never answered: as when a line is dead and nobody has noticed.
    pub fn freeze(&self) {
        self.shared.frozen.send_replace(true);
    }

    /// What stood still goes on.
    pub fn thaw(&self) {
        self.shared.frozen.send_replace(false);
    }

    /// Cuts every connection and refuses new ones.
    pub async fn stop(&mut self) -> Result<()> {
        if let NearEnd::Open(accepting) = &mut self.end {
            accepting.abort();
            // Then the port is free, unless it has panicked, and then too.
            let _ = accepting.await;
            self.end = NearEnd::Closed(LinePort::open(self.address)?);
        }
        Ok(())
    }

    /// Takes connections again, after a stop.
    pub fn restart(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.end, NearEnd::Moving) {
            NearEnd::Closed(port) => {
                let _runtime = self.runtime.enter();
                let listener = port.socket.listen(1024).context("a line's port cannot be listened at")?;
                let accepting = self.runtime.spawn(accept(listener, Arc::clone(&self.shared)));
                self.end = NearEnd::Open(accepting);
            }
            same @ (NearEnd::Open(_) | NearEnd::Moving) => self.end = same,
        }
        Ok(())
    }
}

impl Drop for DistanceProxy {
    fn drop(&mut self) {
        if let NearEnd::Open(accepting) = &self.end {
            accepting.abort();
        }
    }
}

impl Shared {
    fn line(&self) -> Line {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the line is dead.
    async fn until_thawed(&self) {
        let mut frozen = self.frozen.subscribe();
        // The sender lives as long as this does.
        let _ = frozen.wait_for(|frozen| !frozen).await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        connections.spawn(carry(near, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Carries a connection until either side breaks it off, or both have ended.
async fn carry(near: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    near.set_nodelay(true)?;
    // The client was answered by loopback at once. Over a line it would wait a round trip before its first byte leaves.
    sleep(shared.line().round_trip).await;
    shared.until_thawed().await;
    let far = TcpStream::connect(shared.server).await?;
    far.set_nodelay(true)?;
    let (near, far) = (near.into_split(), far.into_split());
    let there = Way::new(&shared, Some(&shared.sent)).carry(near.0, far.1);
    let back = Way::new(&shared, None).carry(far.0, near.1);
    tokio::try_join!(there, back)?;
    Ok(())
}
