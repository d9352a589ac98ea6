//! One fault at a time.

mod ending;
mod order;
mod queue;
mod repeating;

use nearput_core::Millis;
use nearput_core::retry::Failure;

fn reply(status: u16, code: &str) -> Failure {
    Failure::Reply { status, code: code.to_owned(), retry_after: None }
}

fn slow_down(retry_after: Option<Millis>) -> Failure {
    Failure::Reply { status: 503, code: "SlowDown".to_owned(), retry_after }
}
