//! What the end-to-end tests are made of: a [`Browser`], the [`Page`] in it, and [`files`] to upload.

mod browser;
pub mod files;
mod page;

pub use browser::Browser;
pub use page::{Page, Row, same_bytes, start, start_with};
