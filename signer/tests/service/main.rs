//! The signer as a browser meets it: in this process, on a real port, in front of a real S3 server.

mod answers;
mod attacks;
mod callers;
mod chain;
mod client;
mod connections;
mod cors;
mod credentials;
mod errors;
mod forms;
mod lambda;
mod limits;
mod mrap;
mod observed;
mod program;
mod raw;
mod redis;
mod reload;
mod scripted;
mod shared_limits;
mod storage;
mod tickets;
mod tls;
mod uploads;
mod webhooks;
mod world;
