//! What the end-to-end tests and the benchmarks are made of: a [`Browser`], the [`Page`] in it, [`files`] to upload, and
//! instruments, which are tested themselves: a [`DistanceProxy`] and a [`Sink`].

mod browser;
mod distance;
pub mod files;
mod memory;
mod page;
mod sink;

pub use browser::Browser;
pub use distance::{DistanceProxy, Line};
pub use page::{Page, Row, same_bytes, start, start_with};
pub use sink::{Sink, StoredObject};
