//! Where things are in this repository.

use std::path::{Path, PathBuf};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// What `wasm-pack` builds; not committed.
pub(crate) fn pkg() -> PathBuf {
    web().join("pkg")
}

/// Tools installed for this repository alone.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// Where they are compiled, apart for each run of xtask.
pub(crate) fn tools_build() -> PathBuf {
    tools().join(format!("build-{}", std::process::id()))
}

/// Tools that come from npm, in their `node_modules`.
pub(crate) fn npm_tools() -> PathBuf {
    tools().join("npm")
}

/// The folders that are searched for programs before the machine's own.
pub(crate) fn program_folders() -> [PathBuf; 2] {
    [tools().join("bin"), npm_tools().join("node_modules/.bin")]
}
