//! `cargo xtask`: each chore of this repository is one command, and each command does its own set-up.
//!
//! - [`setup`] brings what a machine with rustup, cargo and Node.js lacks ([`tools`], [`browser`]),
//! - [`client`] builds the page's WebAssembly module, [`demo`] shows it at work, [`pack`] makes the npm tarball,
//! - `conformance` holds the signer to what is not our own ([`servers`]),
//! - [`bench`] measures what is promised about speed and memory,
//! - [`test`] runs every check of [`checks`], among them the guards of [`guard`].

mod apt;
mod bench;
mod browser;
mod checks;
mod client;
mod demo;
mod guard;
mod load;
mod lockfile;
mod pack;
mod process;
mod redis;
mod servers;
mod setup;
mod shrink;
mod suite;
mod summary;
mod tally;
mod terraform;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  demo [options]   Build everything and serve the demo page (options go to nearput-dev, e.g. --port 5000)
  test [name ...]  Run every check, or only those named; `test --list` lists them
  conformance      Run the check of that name: the signer before other servers and AWS's own cases
  bench [name ...] Measure speed and memory against their goals; `bench --list` lists the benchmarks
  pack             Make the npm tarball, in target/npm
  client           Build the WebAssembly module into web/pkg
  setup            Only install what the commands above need
  help             Show this
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments.as_slice()),
    };
    let outcome = match (command, rest) {
        ("demo", options) => demo::run(options).map(|()| true),
        ("test", names) => test::run(names),
        ("conformance", []) => test::run(&["conformance".to_owned()]),
        ("bench", names) => bench::run(names).map(|()| true),
        ("pack", []) => pack::run().map(|_| true),
        ("client", []) => client::run().map(|()| true),
        ("setup", []) => setup::run().map(|()| true),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(true)
        }
        _ => {
            eprint!("error: there is no command `{}`\n\n{HELP}", arguments.join(" "));
            Ok(false)
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
