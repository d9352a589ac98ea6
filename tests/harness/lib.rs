//! What the end-to-end tests and the benchmarks are made of: a [`Browser`], the demo [`Page`] or a bare [`Tab`] in it, [`files`] to
//! upload, [`chaos`] between all of them, and a [`Sink`] that takes whatever is sent. The instruments are tested themselves. For tests
//! with servers by others: how such a [`program`] is run, [`moto`], and a plain HTTP [`client`].

mod browser;
pub mod chaos;
pub mod client;
pub mod files;
mod memory;
pub mod moto;
mod page;
pub mod program;
mod sink;
mod tab;

pub use browser::Browser;
pub use page::{Page, Row, WEB, same_bytes, start, start_with};
pub use sink::{Sink, StoredObject};
pub use tab::{Entrance, Tab, Upload};
