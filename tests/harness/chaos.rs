//! A proxy that does to requests what networks, browsers and S3 do to them on a bad day.
//!
//! It stands in front of S3 or of a signer, and passes on what it is sent, with the same `Host`, so that signatures stay good. A
//! connection carries one request: a browser sends a request again by itself when a connection breaks that it had used before,
//! and the page would never hear of the fault.
//!
//! - [`ChaosProxy::plant`] does one [`Fault`] to the next such [`Call`].
//! - [`ChaosProxy::disturb`] does one to every n-th request, drawn from a seed.
//! - [`ChaosProxy::stop`] refuses connections, [`ChaosProxy::freeze`] falls silent.
//! - [`ChaosProxy::entries`] tells what came and what was done to it.

mod answer;
mod call;
mod exchange;
mod fault;
mod head;
mod journal;
mod weather;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

pub use answer::Answer;
pub use call::Call;
pub use fault::Fault;
pub use journal::{Entry, Journal};
use weather::Weather;
pub use world::ChaosWorld;

/// How long a stop waits for what is being done at that moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// A proxy before one server.
pub struct ChaosProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

/// What the proxy and its connections know of each other.
struct Shared {
    server: SocketAddr,
    weather: Mutex<Weather>,
    journal: Mutex<Vec<Entry>>,
    frozen: watch::Sender<bool>,
}

impl ChaosProxy {
    /// Starts to pass requests on to `server`, on a free port.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let shared =
            Shared { server, weather: Mutex::default(), journal: Mutex::default(), frozen: watch::Sender::new(false) };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut proxy = Self { address, shared: Arc::new(shared), runtime: None };
        proxy.restart().await?;
        Ok(proxy)
    }

    /// Where it listens, also while it is stopped.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens, also while it is stopped.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Does this to the next such call. What is planted first is done first.
    pub fn plant(&self, call: Call, fault: Fault) {
        self.weather().plant(call, fault);
    }

    /// From now on one request of `every` gets a fault; `seed` decides which one, and which fault.
    pub fn disturb(&self, seed: u64, every: u64) {
        self.weather().disturb(seed, every);
    }

    /// From now on nothing is disturbed, planted faults included.
    pub fn calm(&self) {
        *self.weather() = Weather::default();
    }

    /// Every connection falls silent, and so does every new one: as when the line is dead and nobody has noticed.
    pub fn freeze(&self) {
        self.shared.frozen.send_replace(true);
    }

    /// Connections that were silent go on.
    pub fn thaw(&self) {
        self.shared.frozen.send_replace(false);
    }

    /// Cuts every connection and refuses new ones.
    pub async fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let stopped = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await;
            stopped.expect("shutting a runtime down does not panic");
        }
    }

    /// Listens again at the same address, after a stop.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (address, shared) = (self.address, self.shared.clone());
        let listener = runtime.spawn(TcpListener::bind(address)).await?;
        let listener = listener.with_context(|| format!("the chaos proxy cannot listen on {address}"))?;
        self.address = listener.local_addr()?;
        runtime.spawn(accept(listener, shared));
        self.runtime = Some(runtime);
        Ok(())
    }

    /// What has come so far, in the order in which it came.
    pub fn journal(&self) -> Journal {
        Journal::of(self.shared.journal().clone())
    }

    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.shared.weather()
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().expect("nothing panics that holds it")
    }

    fn journal(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.journal.lock().expect("nothing panics that holds it")
    }

    /// Waits while the line is dead.
    async fn until_thawed(&self) {
        let mut frozen = self.frozen.subscribe();
        // The sender lives as long as this does.
        let _ = frozen.wait_for(|frozen| !frozen).await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(serve(client, shared.clone()));
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    // A client that goes away, or a server that does, ends the connection as it would without a proxy.
    let _ = exchange::carry_out(client, &shared).await;
}
