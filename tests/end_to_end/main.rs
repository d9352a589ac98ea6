//! The whole of Nearput: a page in a real browser, the signer, and S3.

mod faults;
mod names;
mod package;
mod sizes;
