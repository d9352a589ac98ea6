//! Signers behind a latency-routed name, and what becomes of whoever looks the name up when the nearest one dies.
//!
//! Sixty seconds are one here: only the times that are printed depend on it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use nearput_dev::{
    HealthChecks, LatencyRecord, NameServer, NameServerOptions, ResolverPlace, SignerOptions, SignerServer, SignerSite,
    StorageNames,
};

const NAME: &str = "sign.nearput.test";
const SCALE: u32 = 60;
const THRESHOLD: usize = 3;
/// Of Route 53, in seconds.
const TTL: u32 = 60;
/// Nobody waits longer for anything here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Each a place, an address there, and how far it is to each region.
const REGIONS: [(&str, Ipv4Addr, [u64; 3]); 3] = [
    ("ap-northeast-1", Ipv4Addr::new(127, 0, 1, 1), [15, 180, 250]),
    ("us-east-1", Ipv4Addr::new(127, 0, 1, 2), [180, 15, 80]),
    ("eu-west-1", Ipv4Addr::new(127, 0, 1, 3), [250, 80, 15]),
];

struct World {
    signers: Vec<SignerServer>,
    names: NameServer,
}

impl World {
    async fn start(interval: u64) -> Self {
        let mut signers = Vec::new();
        for index in 1..=REGIONS.len() {
            signers.push(signer(u8::try_from(index).expect("few")).await);
        }
        let record = |((region, ..), signer): (&(&str, Ipv4Addr, _), &SignerServer)| LatencyRecord {
            region: (*region).to_owned(),
            signer: signer.addr(),
        };
        let place = |(_, address, latencies): &(&str, Ipv4Addr, [u64; 3])| ResolverPlace {
            address: (*address).into(),
            latencies: latencies.map(Duration::from_millis).to_vec(),
        };
        let names = NameServer::start(NameServerOptions {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            name: NAME.to_owned(),
            records: REGIONS.iter().zip(&signers).map(record).collect(),
            places: REGIONS.iter().map(place).collect(),
            ttl: TTL / SCALE,
            health_checks: HealthChecks {
                interval: Duration::from_secs(interval) / SCALE,
                threshold: THRESHOLD,
                patience: Duration::from_secs(6) / SCALE,
            },
        });
        Self { signers, names: names.await.expect("a name server") }
    }

    fn address(&self, region: usize) -> IpAddr {
        self.signers[region].addr().ip()
    }

    /// Asks for the name from a place, and remembers no answer.
    async fn told(&self, place: usize) -> IpAddr {
        look_up(&resolver(self.names.addr(), place)).await
    }

    /// Waits until a region's signer counts as well, or as ill.
    async fn wait_until(&self, region: usize, is_well: bool) {
        let wait = async {
            while self.names.rounds(region).last().is_none_or(|round| round.is_well != is_well) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("its health changes");
    }
}

/// Each has an address of its own, as names lead to no port.
async fn signer(number: u8) -> SignerServer {
    let site = SignerSite {
        id: "site".to_owned(),
        region: "us-east-1".to_owned(),
        bucket: "uploads".to_owned(),
        storage: StorageNames::At(vec!["http://127.0.0.1:9".to_owned()]),
        internal_storage: "http://127.0.0.1:9".to_owned(),
        config: String::new(),
    };
    let options = SignerOptions {
        listen: SocketAddr::from(([127, 0, 2, number], 0)),
        allowed_origins: Vec::new(),
        sites: vec![site],
        home: "site".to_owned(),
        signers: Vec::new(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
        token: Some("token".to_owned()),
        ticket_key: vec![7; 32],
        further_config: String::new(),
    };
    SignerServer::start(options).await.expect("a signer")
}

/// One that is at a place, and remembers answers as long as it may.
fn resolver(names: SocketAddr, place: usize) -> TokioResolver {
    let mut by_udp = ConnectionConfig::udp();
    by_udp.port = names.port();
    by_udp.bind_addr = Some(SocketAddr::from((REGIONS[place].1, 0)));
    let servers = vec![NameServerConfig::new(names.ip(), true, vec![by_udp])];
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().expect("a resolver")
}

async fn look_up(resolver: &TokioResolver) -> IpAddr {
    let found = resolver.lookup_ip(format!("{NAME}.")).await.expect("an answer");
    found.iter().next().expect("an address")
}

#[tokio::test]
async fn everybody_is_told_the_nearest_signer() {
    let world = World::start(30).await;
    for (place, (region, ..)) in REGIONS.iter().enumerate() {
        assert_eq!(world.told(place).await, world.address(place), "{region}");
    }
    let unknown = resolver(world.names.addr(), 0).lookup_ip("other.nearput.test.").await;
    assert!(unknown.is_err());
}

#[tokio::test]
async fn a_dead_signer_is_left_out_after_as_many_checks_as_the_threshold_and_told_of_for_no_longer_than_a_ttl_beyond() {
    for (kind, interval) in [("standard", 30), ("fast", 10)] {
        let mut world = World::start(interval).await;
        world.wait_until(0, true).await;
        let (nearest, next) = (world.address(0), world.address(1));
        let remembers = resolver(world.names.addr(), 0);
        let lookups = async {
            while look_up(&remembers).await == nearest {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Instant::now()
        };
        assert_eq!(look_up(&remembers).await, nearest);
        world.signers[0].stop().await;
        let died = Instant::now();
        let moved = tokio::time::timeout(PATIENCE, lookups).await.expect("it moves on");
        assert_eq!(look_up(&remembers).await, next);

        let after: Vec<_> = world.names.rounds(0).into_iter().filter(|round| round.ended > died).collect();
        let failed: Vec<_> = after.iter().filter(|round| !round.answered).collect();
        let ill = failed.iter().position(|round| !round.is_well).expect("it was left out");
        assert_eq!(ill + 1, THRESHOLD, "{kind}: it is left out by the check that reaches the threshold");
        assert!(moved > failed[ill].ended, "{kind}: nobody moves on before that");
        let seconds = |from: Instant, to: Instant| (to - from).as_secs_f64() * f64::from(SCALE);
        println!(
            "{kind} health checks, {interval} s x {THRESHOLD}, TTL {TTL} s: left out after {:.0} s, and lookups moved on after {:.0} s",
            seconds(died, failed[ill].ended),
            seconds(died, moved),
        );

        world.signers[0].restart().await.expect("it starts again");
        world.wait_until(0, true).await;
        assert_eq!(world.told(0).await, nearest, "{kind}: it is told of again");
    }
}

#[tokio::test]
async fn where_no_signer_is_well_all_are_told_of_as_if_they_were() {
    let mut world = World::start(10).await;
    for signer in &mut world.signers {
        signer.stop().await;
    }
    for region in 0..REGIONS.len() {
        world.wait_until(region, false).await;
    }
    for (place, (region, ..)) in REGIONS.iter().enumerate() {
        assert_eq!(world.told(place).await, world.address(place), "{region}");
    }
}
