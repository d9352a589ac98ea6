//! Every check of this repository, in the order in which `cargo xtask test` runs them.

use std::process::Command;

use anyhow::Result;

use crate::process::{command, run, watch};
use crate::setup::{self, Need};
use crate::suite::{self, Program};
use crate::tally::Tally;
use crate::tools::WASM_TARGET;
use crate::{browser, client, guard, pack, terraform, workspace};

pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [Need],
    /// Checks whose failure would only be seen again in this one.
    pub(crate) after: &'static [&'static str],
    /// What this machine lacks that nothing here installs: then the check is skipped.
    pub(crate) absent: fn() -> Option<String>,
    pub(crate) run: fn(&mut Tally) -> Result<()>,
}

pub(crate) const CHECKS: &[Check] = &[
    Check {
        name: "fmt",
        about: "the Rust code is formatted",
        needs: &[Need::Components],
        after: &[],
        absent: nothing,
        run: |_| run(&mut command("cargo fmt --all --check")),
    },
    Check {
        name: "clippy",
        about: "clippy over the native crates and their tests",
        needs: &[Need::Components],
        after: &[],
        absent: nothing,
        run: |_| {
            let mut clippy = command("cargo clippy --workspace --exclude nearput-client --exclude nearput-sigv4");
            run(clippy.args(["--all-targets", "--", "--deny", "warnings"]))
        },
    },
    Check {
        name: "clippy-client",
        about: "clippy over the client and its tests, for the browser",
        needs: &[Need::Components, Need::WasmTarget],
        after: &[],
        absent: nothing,
        run: |_| {
            let mut clippy =
                command("cargo clippy --package nearput-client --package nearput-sigv4 --all-targets --target");
            run(clippy.args([WASM_TARGET, "--", "--deny", "warnings"]))
        },
    },
    Check {
        name: "arrows",
        about: "each crate uses only what it may (xtask/src/guard/arrows.rs)",
        needs: &[],
        after: &[],
        absent: nothing,
        run: |_| guard::arrows::check(),
    },
    Check {
        name: "deny",
        about: "licences, banned crates and sources (deny.toml)",
        needs: &[Need::CargoDeny],
        after: &[],
        absent: nothing,
        run: |_| run(&mut command("cargo deny --log-level error check licenses bans sources")),
    },
    Check {
        name: "native",
        about: "the tests of every crate that runs without a browser",
        needs: &[Need::Redis],
        after: &[],
        absent: nothing,
        run: |tally| {
            let is_plain =
                |program: &Program| !program.is_end_to_end() && !program.is_conformance() && !program.is_terraform();
            let programs = suite::build()?.into_iter().filter(is_plain).collect::<Vec<_>>();
            let ran = suite::run(&programs, tally);
            suite::run_examples(tally)?;
            ran.and(tally.require_all())
        },
    },
    Check {
        name: "conformance",
        about: "the signer before Garage and moto, and AWS's own cases of where a bucket is",
        needs: setup::SERVERS,
        after: &[],
        absent: nothing,
        run: |tally| {
            let programs = suite::build()?.into_iter().filter(Program::is_conformance).collect::<Vec<_>>();
            suite::run(&programs, tally).and_then(|()| tally.require_all())
        },
    },
    Check {
        name: "terraform",
        about: "the Terraform module: each example applied, read back and destroyed before moto",
        needs: &[Need::Moto],
        after: &[],
        absent: terraform::absent,
        run: |tally| {
            let programs = suite::build()?.into_iter().filter(Program::is_terraform).collect::<Vec<_>>();
            suite::run(&programs, tally).and_then(|()| tally.require_all())
        },
    },
    Check {
        name: "web",
        about: "the tests of web/ that run in Node.js",
        needs: setup::CLIENT,
        after: &["client"],
        absent: nothing,
        run: |tally| {
            client::build()?;
            run_tests(command("node --test --test-reporter=spec").current_dir(workspace::web()), tally)
        },
    },
    Check {
        name: "client",
        about: "the client builds into web/pkg",
        needs: setup::CLIENT,
        after: &[],
        absent: nothing,
        run: |_| client::build(),
    },
    Check {
        name: "types",
        about: "the scripts of web/ agree with their types, and those with the client's",
        needs: setup::TYPES,
        after: &["client"],
        absent: nothing,
        run: |_| {
            client::build()?;
            run(command("tsc --project").arg(workspace::web()))
        },
    },
    Check {
        name: "size",
        about: "the upload path is small enough in brotli",
        needs: setup::CLIENT,
        after: &["client"],
        absent: nothing,
        run: |_| guard::size::check(),
    },
    Check {
        name: "browser",
        about: "the client's tests in headless Chromium",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::Browser],
        after: &[],
        absent: nothing,
        run: |tally| {
            let mut tests = command("cargo test --no-fail-fast --package nearput-client --target");
            tests.arg(WASM_TARGET).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
            run_tests(tests.env("CHROMEDRIVER", browser::driver()?), tally)
        },
    },
    Check {
        name: "pack",
        about: "the npm tarball holds what it must",
        needs: setup::CLIENT,
        after: &["client"],
        absent: nothing,
        run: |_| pack::tarball().map(drop),
    },
    Check {
        name: "e2e",
        about: "real browsers, real servers: page, package and faults, end to end",
        needs: setup::PAGE,
        after: &["client", "pack"],
        absent: nothing,
        run: |tally| {
            pack::tarball()?;
            let programs = suite::build()?.into_iter().filter(Program::is_end_to_end).collect::<Vec<_>>();
            suite::run(&programs, tally).and_then(|()| tally.require_all())
        },
    },
];

/// Most checks have all they need installed.
fn nothing() -> Option<String> {
    None
}

fn run_tests(command: &mut Command, tally: &mut Tally) -> Result<()> {
    watch(command, |line| tally.read(line))?;
    tally.require_all()
}
