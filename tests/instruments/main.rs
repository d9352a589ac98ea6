//! The instruments of the tests and benchmarks do what they are trusted with.

mod chaos;
mod distance;
mod route53;
mod sink;
