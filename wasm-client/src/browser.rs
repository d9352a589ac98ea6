//! What the engine needs of a browser, in a page or in a worker.

pub(crate) mod blob;
pub(crate) mod clock;
pub(crate) mod network;
pub(crate) mod shredder;
pub(crate) mod timer;
pub(crate) mod xhr;
