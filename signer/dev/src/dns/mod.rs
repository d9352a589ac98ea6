//! A name server that answers as [latency records of Route 53][latency] do: one name, a record for each region, and each resolver is told
//! the nearest one whose signer is well.
//!
//! Where a resolver is follows from its address, or from that of its client where it passes it on ([RFC 7871]).
//!
//! [latency]: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
//! [RFC 7871]: https://www.rfc-editor.org/rfc/rfc7871

mod health;
mod zone;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::UdpSocket;

use crate::running::Running;
use health::Health;
pub use health::{HealthChecks, Round};
use zone::nearest;
pub use zone::{LatencyRecord, ResolverPlace};

/// How a name server is set up.
#[derive(Debug, Clone)]
pub struct NameServerOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The name that it knows, such as `sign.example.com`.
    pub name: String,
    /// One for each region.
    pub records: Vec<LatencyRecord>,
    /// Where resolvers may be. One that is nowhere is told the first record that is well.
    pub places: Vec<ResolverPlace>,
    /// How long an answer may be remembered, in seconds. Route 53 answers 60 for aliases.
    pub ttl: u32,
    pub health_checks: HealthChecks,
}

/// A name server on this machine.
pub struct NameServer {
    address: SocketAddr,
    health: Arc<Health>,
    _running: Running,
}

impl NameServer {
    /// Starts to answer, and to check whether the signers are well. All of them are taken to be until they were checked.
    pub async fn start(options: NameServerOptions) -> Result<Self> {
        let name: Name = format!("{}.", options.name).parse().context("this is not a name")?;
        let running = Running::new()?;
        let socket = running.run(UdpSocket::bind(options.listen)).await.context("the name server cannot listen")?;
        let address = socket.local_addr()?;
        let health = Arc::new(Health::new(options.records.len()));
        for (index, record) in options.records.iter().enumerate() {
            running.handle().spawn(health.clone().watch(index, record.signer, options.health_checks));
        }
        let mut server = Server::new(Zone { name, options, health: health.clone() });
        running.handle().spawn(async move {
            server.register_socket(socket);
            server.block_until_done().await
        });
        Ok(Self { address, health, _running: running })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Every check of a record's signer so far, the first one first.
    pub fn rounds(&self, record: usize) -> Vec<Round> {
        self.health.rounds(record)
    }
}

/// The name, and all that is known of it.
struct Zone {
    name: Name,
    options: NameServerOptions,
    health: Arc<Health>,
}

#[async_trait::async_trait]
impl RequestHandler for Zone {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut response: R) -> ResponseInfo {
        let (code, answers) = self.answer(request);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        (metadata.authoritative, metadata.response_code) = (true, code);
        let answer = MessageResponseBuilder::from_message_request(request).build(metadata, &answers, [], [], []);
        // Whoever hears nothing asks again.
        let unsent = ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() });
        response.send_response(answer).await.unwrap_or(unsent)
    }
}

impl Zone {
    fn answer(&self, request: &Request) -> (ResponseCode, Vec<Record>) {
        let Some(query) = request.queries.queries().first().filter(|query| *query.name() == (&self.name).into()) else {
            return (ResponseCode::NXDomain, Vec::new());
        };
        let NameServerOptions { records, places, ttl, .. } = &self.options;
        let told = nearest(records, places, place_of(request), &self.health.of_all());
        let told = told.filter(|_| query.query_type() == RecordType::A);
        let record = |told: &LatencyRecord| Record::from_rdata(self.name.clone(), *ttl, RData::from(told.signer.ip()));
        (ResponseCode::NoError, told.map(record).into_iter().collect())
    }
}

/// Where the one is who asks.
fn place_of(request: &Request) -> IpAddr {
    match request.edns.as_ref().and_then(|edns| edns.option(EdnsCode::Subnet)) {
        Some(EdnsOption::Subnet(subnet)) => subnet.addr(),
        Some(_) | None => request.src().ip(),
    }
}
