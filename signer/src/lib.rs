//! The signer: says who may upload what, and never touches the bytes.
//!
//! A call's way through the modules:
//!
//! 1. `server` takes it in, `routes` has a file for it, `auth` establishes the caller and reads the body, and `limits` counts it.
//! 2. `policy` looks at what the caller asks for and makes a grant of it, or refuses.
//! 3. From the grant come a `key`, made from a `key_template` and chosen by no client, `attributes`, and a `ticket`, which the browser carries under seal.
//! 4. `upload` takes a ticket and nothing else, and has its parts signed by `presign`, or its form by `form`, for every host
//!    that `routing` names. Every other word with the storage is the signer's own, through `aws`. What is stored is read by `downloads`.
//!
//! Of what is completed others are told by `webhooks`. `trial` and `sweep` are apart from calls: the first tells what the rules would make of a
//! file, the second clears away what was left open. `check` looks whether all is as it should be. `advise` is apart from all of it: what each
//! topology would cost. `fuzz` is what fuzzing calls.
//!
//! There is no state besides the configuration, so any number of signers can serve one name.

mod advise;
mod app;
mod check;
mod clock;
mod config;
mod crypto;
mod error;
mod health;
mod metrics;
mod readiness;
mod routes;
mod server;
mod sweep;
mod telemetry;

mod auth;
mod limits;
mod policy;
mod trial;

mod attributes;
mod file_name;
mod key;
mod key_template;
mod media_type;
mod metadata;
mod tags;
mod template;

mod checksum;
mod plan;
mod sealer;
mod ticket;
mod upload;

mod aws;
mod downloads;
mod form;
mod partition;
mod presign;
mod replication;
mod routing;
mod site;
mod webhooks;

#[cfg(any(test, fuzzing))]
pub mod fuzz;

pub use advise::{Advice, Answers, Date, Prices, PricesError, RoundTrips, RoundTripsError, WishError, Wishes, advise};
pub use app::BuildError;
pub use check::{CheckError, CheckOptions, Finding, Report, Severity, check};
pub use config::{Config, ConfigError, NotADuration, Secrets, SiteCredentials, TicketKey, parse_duration};
pub use downloads::DownloadsKeyError;
pub use health::{Unhealthy, health};
pub use server::{Function, Reload, ReloadError, Server, TlsError, build, build_function};
pub use sweep::{Stale, SweepError, SweepOptions, sweep};
pub use telemetry::{Telemetry, TracesError, start as start_telemetry};
pub use trial::{Trial, TrialError, Verdict};
