//! `signer/terraform` held to what it says: each example is applied, read back by AWS's own calls, planned again and destroyed, before
//! moto instead of AWS.
//!
//! `cargo xtask test terraform` installs moto and finds Terraform and its provider, and says by environment variables where they are:
//! a test fails where one is missing.

mod aws;
mod bucket;
mod leftovers;
mod one_region;
mod planned;
mod refusals;
mod roles;
mod several_regions;
mod signers;
mod world;
