//! Nearput on one machine, for the demo, for tests and for trying things out.
//!
//! - [`EmbeddedS3`]: an S3 server that keeps its buckets as folders, verifies signatures and checksums, and answers CORS.
//!
//! Every server has a runtime of its own, so that stopping one is as sudden as the end of its process.

mod running;
mod s3;

pub use s3::{EmbeddedS3, EmbeddedS3Options};
