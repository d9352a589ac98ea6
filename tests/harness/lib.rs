//! What the end-to-end tests and the benchmarks are made of: a [`Browser`], the demo [`Page`] or a bare [`Tab`] in it, [`files`] to
//! upload, [`chaos`] between all of them, and instruments, which are tested themselves: a [`DistanceProxy`] and a [`Sink`].

mod browser;
pub mod chaos;
mod distance;
pub mod files;
mod memory;
mod page;
mod sink;
mod tab;

pub use browser::Browser;
pub use distance::{DistanceProxy, Line};
pub use page::{Page, Row, same_bytes, start, start_with};
pub use sink::{Sink, StoredObject};
pub use tab::{Tab, Upload};
