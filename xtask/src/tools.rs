//! The tools of the build: which versions, how to see that they are there, how to get them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::lockfile;
use crate::process::{capture, command, find_program, run};
use crate::workspace;

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";
pub(crate) const OLDEST_NODE: u32 = 20;
const BINARYEN: &str = "132.0.0";
const ESBUILD: &str = "0.28.2";
const TYPESCRIPT: &str = "7.0.2";

/// A tool that `cargo install` builds.
pub(crate) struct CargoTool {
    pub(crate) package: &'static str,
    pub(crate) program: &'static str,
    /// Any of these will do; the first is tried first.
    pub(crate) versions: Vec<String>,
    /// Of `cargo install`, besides those of every tool.
    pub(crate) options: &'static [&'static str],
}

/// Its version is that of the `wasm-bindgen` in `Cargo.lock`, as it requires.
pub(crate) fn wasm_bindgen() -> Result<CargoTool> {
    let locked = lockfile::locked_version("wasm-bindgen")?;
    Ok(CargoTool { package: "wasm-bindgen-cli", program: "wasm-bindgen", versions: vec![locked], options: &[] })
}

// Some mirrors of the registry lag behind by days: the version before the newest is named as well.
pub(crate) fn wasm_pack() -> CargoTool {
    let versions = vec!["0.15.1".into(), "0.15.0".into()];
    CargoTool { package: "wasm-pack", program: "wasm-pack", versions, options: &[] }
}

pub(crate) fn cargo_deny() -> CargoTool {
    let versions = vec!["0.20.2".into(), "0.20.1".into()];
    CargoTool { package: "cargo-deny", program: "cargo-deny", versions, options: &[] }
}

impl CargoTool {
    /// The version found, if it is one of those wanted.
    pub(crate) fn find(&self) -> Option<String> {
        let printed = printed_version(self.program, 1)?;
        // Garage says where it comes from as well.
        let version = printed.trim_start_matches("cargo:");
        self.versions.iter().find(|wanted| *wanted == version).cloned()
    }

    pub(crate) fn install(&self) -> Result<()> {
        let mut last = Ok(());
        for version in &self.versions {
            last = self.install_version(version);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    // Not `--locked`: its exact versions may not be on the mirror yet.
    fn install_version(&self, version: &str) -> Result<()> {
        let mut install = command("cargo install --force");
        install.args([self.package, "--version", version]).args(self.options).arg("--root").arg(workspace::tools());
        install.arg("--target-dir").arg(workspace::tools_build());
        // Minutes of optimising would buy tenths of a second.
        install.envs([
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ]);
        run(&mut install)
    }
}

/// Removes the gigabyte of intermediate files that tools leave when they are built: each is built once.
pub(crate) fn tidy() -> Result<()> {
    let build = workspace::tools_build();
    match fs::remove_dir_all(&build) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} could not be removed", build.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// `wasm-pack` fetches a `wasm-opt` from a place that not every machine reaches, and of no fixed version.
pub(crate) fn find_wasm_opt() -> Option<String> {
    let version = printed_version("wasm-opt", 2)?;
    (BINARYEN.split('.').next() == Some(&version)).then_some(version)
}

pub(crate) fn find_esbuild() -> Option<String> {
    printed_version("esbuild", 0).filter(|version| version == ESBUILD)
}

pub(crate) fn find_typescript() -> Option<String> {
    printed_version("tsc", 1).filter(|version| version == TYPESCRIPT)
}

/// All of them at once: npm removes what it is not asked for.
pub(crate) fn install_npm_tools() -> Result<()> {
    let mut install = command("npm install --no-save --no-audit --no-fund --loglevel=error");
    install.arg("--prefix").arg(workspace::npm_tools());
    install.args([format!("binaryen@{BINARYEN}"), format!("esbuild@{ESBUILD}"), format!("typescript@{TYPESCRIPT}")]);
    run(&mut install)
}

pub(crate) fn find_node() -> Option<String> {
    let node = printed_version("node", 0)?;
    let major: u32 = node.strip_prefix('v')?.split('.').next()?.parse().ok()?;
    let npm = printed_version("npm", 0)?;
    (major >= OLDEST_NODE).then(|| format!("{node}, npm {npm}"))
}

pub(crate) fn find_wasm_target() -> Result<Option<String>> {
    let printed = capture(command("rustc --print target-libdir --target").arg(WASM_TARGET))?;
    Ok(Path::new(printed.trim()).exists().then(|| "found".to_owned()))
}

pub(crate) fn install_wasm_target() -> Result<()> {
    run(rustup()?.args(["target", "add", WASM_TARGET]))
}

/// The standard library's source, which the page's module is built with.
pub(crate) fn find_rust_source() -> Result<Option<String>> {
    let sysroot = capture(&mut command("rustc --print sysroot"))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std");
    Ok(library.exists().then(|| "found".to_owned()))
}

pub(crate) fn install_rust_source() -> Result<()> {
    run(rustup()?.args(["component", "add", "rust-src"]))
}

pub(crate) fn find_components() -> Option<String> {
    printed_version("cargo-fmt", 1).and(printed_version("cargo-clippy", 1))
}

pub(crate) fn install_components() -> Result<()> {
    run(rustup()?.args(["component", "add", "rustfmt", "clippy"]))
}

fn rustup() -> Result<std::process::Command> {
    match find_program("rustup") {
        Some(_) => Ok(command("rustup")),
        None => bail!("rustup, which would install it, is not on PATH (https://rustup.rs)"),
    }
}

/// The n-th word that `program --version` prints.
fn printed_version(program: &str, word: usize) -> Option<String> {
    let printed = capture(command(program).arg("--version")).ok()?;
    printed.split_whitespace().nth(word).map(str::to_owned)
}
