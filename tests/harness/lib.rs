//! What the end-to-end tests are made of: a [`Browser`], the demo [`Page`] or a bare [`Tab`] in it, [`files`] to upload, and [`chaos`]
//! between all of them.

mod browser;
pub mod chaos;
pub mod files;
mod page;
mod tab;

pub use browser::Browser;
pub use page::{Page, Row, same_bytes, start, start_with};
pub use tab::{Tab, Upload};
