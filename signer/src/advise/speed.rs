//! How far users are, and how long an upload takes.
//!
//! The model, which is a plain one: a typical file takes
//!
//! - round trips: one each to open and complete it at the signer, two to connect to the storage (TCP and TLS), and for each part that
//!   one connection sends one for its reply, and one for its CORS preflight where it has one;
//! - its size, over the user's line or what all connections carry, whichever is less. A connection carries one window in the round trip to
//!   where it ends: the region, or the edge location of Transfer Acceleration, an access point or CloudFront.
//!
//! A bucket at AWS has four host names, and browsers open six connections to each.

use serde::Serialize;

use super::legs::{Leg, by_group};
use super::places::Group;
use super::round_trips::Model;
use super::size::Size;
use super::topology::{Kind, Topology};
use super::wishes::Wishes;

const DIRECT_CONNECTIONS: f64 = 24.0;
const EDGE_CONNECTIONS: f64 = 6.0;

/// What the users of a group have of a topology.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Speed {
    pub(super) group: Group,
    /// To the bucket's region.
    pub(super) round_trip_ms: f64,
    /// To where the connection ends, if that is nearer.
    pub(super) edge_ms: Option<f64>,
    /// Of a typical file.
    pub(super) upload_seconds: f64,
}

/// Connections by which a file goes.
struct Connections {
    direct: f64,
    edge: f64,
}

/// The speed of each group; none where it is not known where things are.
pub(super) fn of(topology: &Topology, wishes: &Wishes, model: &Model) -> Vec<Speed> {
    let connections = match topology.kind {
        Kind::Direct | Kind::MultiRegion | Kind::Service(_) => Connections { direct: DIRECT_CONNECTIONS, edge: 0.0 },
        Kind::Accelerated | Kind::Hybrid | Kind::Mrap => {
            Connections { direct: DIRECT_CONNECTIONS, edge: EDGE_CONNECTIONS }
        }
        // It speaks HTTP/2, for which browsers open one.
        Kind::CloudFrontUpload => Connections { direct: 0.0, edge: 1.0 },
    };
    speeds(&topology.legs, &connections, wishes, model)
}

/// The speed over the regions' own host names.
pub(super) fn direct(legs: &[Leg], wishes: &Wishes, model: &Model) -> Vec<Speed> {
    speeds(legs, &Connections { direct: DIRECT_CONNECTIONS, edge: 0.0 }, wishes, model)
}

fn speeds(legs: &[Leg], connections: &Connections, wishes: &Wishes, model: &Model) -> Vec<Speed> {
    let typical = wishes.typical();
    let round_trips = by_group(legs, |leg| leg.round_trip_ms);
    let seconds = by_group(legs, |leg| connections.seconds(typical, leg.round_trip_ms, wishes, model));
    let edge = (connections.edge > 0.0).then_some(model.edge_ms);
    let speed = |((group, round_trip_ms), (_, upload_seconds))| Speed {
        group,
        round_trip_ms,
        edge_ms: edge.filter(|ms| *ms < round_trip_ms),
        upload_seconds,
    };
    round_trips.into_iter().zip(seconds).map(speed).collect()
}

impl Connections {
    fn seconds(&self, size: Size, round_trip_ms: f64, wishes: &Wishes, model: &Model) -> f64 {
        let rate = |ms: f64| model.window_bytes / (ms / 1e3).max(1e-3);
        let (near, far) = (rate(model.edge_ms), rate(round_trip_ms));
        let used = size.parts().min(self.direct + self.edge);
        // The faster ones first.
        let by_edge = if near > far { used.min(self.edge) } else { used - used.min(self.direct) };
        let carried = by_edge * near + (used - by_edge) * far;
        let turns = (size.parts() / used).ceil();
        let round_trips = 4.0 + turns * if size.has_preflight() { 2.0 } else { 1.0 };
        round_trips * round_trip_ms / 1e3 + size.bytes / carried.min(wishes.line_bytes_per_second)
    }
}
