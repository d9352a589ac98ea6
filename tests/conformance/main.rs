//! The signer held to servers and cases that are not its own: Garage, which verifies every signature; moto's STS; and the cases by
//! which AWS's own clients are tested.
//!
//! `cargo xtask conformance` installs them and says by environment variables where they are. A test fails where one is missing.

mod attempts;
mod check;
mod endpoints;
mod forms;
mod garage;
mod parts;
mod puts;
mod roles;
mod signer;
