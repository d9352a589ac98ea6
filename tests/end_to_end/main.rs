//! The whole of Nearput: a page in a real browser, the signer, and S3.

mod cancel;
mod faults;
mod names;
mod nearest;
mod outages;
mod package;
mod resume;
mod retries;
mod sizes;
mod storm;
