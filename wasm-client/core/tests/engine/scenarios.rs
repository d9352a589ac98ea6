//! One fault at a time.

mod ending;
mod hedging;
mod order;
mod pace;
mod paths;
mod queue;
mod repeating;
mod sites;
mod stalls;

use nearput_core::Millis;
use nearput_core::retry::Failure;

fn reply(status: u16, code: &str) -> Failure {
    Failure::Reply { status, code: code.to_owned(), retry_after: None }
}

fn slow_down(retry_after: Option<Millis>) -> Failure {
    Failure::Reply { status: 503, code: "SlowDown".to_owned(), retry_after }
}
