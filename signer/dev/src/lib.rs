//! Nearput on one machine, for the demo, for tests and for trying things out.
//!
//! - [`World`] starts everything and lets each server be stopped and restarted: one [`Site`], or several with a visitor at some
//!   [`Place`].
//! - [`EmbeddedS3`] keeps its buckets as folders, verifies signatures and checksums, and answers CORS.
//! - [`SignerServer`] is the signer as its binary runs it.
//! - [`TestIssuer`] is an OpenID Connect provider, whose tokens the signer takes if it is told so.
//! - [`NameServer`] is Route 53, as far as latency records and health checks go.
//! - [`PageServer`] serves the demo page, tells it where its signer is, and lets it change the world.
//! - [`DistanceProxy`] is a long line, which can become longer, break or fall silent.
//!
//! Every server has a runtime of its own, so that stopping one is as sudden as the end of its process.

mod distance;
mod dns;
mod issuer;
mod page;
mod place;
mod running;
mod s3;
mod signer;
mod site;
mod tls;
mod world;

pub use distance::{DistanceProxy, Line, LinePort, Meter};
pub use dns::{HealthChecks, LatencyRecord, NameServer, NameServerOptions, ResolverPlace, Round};
pub use issuer::{AUDIENCE, Answers, IssuerKey, TestIssuer};
pub use page::{Asked, Command, Demo, PageOptions, PagePort, PageServer, ShownPath, ShownSite, Surroundings};
pub use place::Place;
pub use s3::{Destination, EmbeddedS3, EmbeddedS3Options, Session, Sessions};
pub use signer::{SignerOptions, SignerServer, SignerSite, StorageNames};
pub use site::{BUCKET, Lines, Site, SiteOptions, Visitor};
pub use world::{Ports, World, WorldOptions};
