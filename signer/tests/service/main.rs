//! The signer as a browser meets it: in this process, on a real port, in front of a real S3 server.

mod answers;
mod client;
mod cors;
mod errors;
mod forms;
mod mrap;
mod observed;
mod program;
mod scripted;
mod storage;
mod tickets;
mod uploads;
mod world;
