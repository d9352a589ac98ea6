//! The page's WebAssembly modules: `wasm-client`'s crates by `wasm-pack` into `web/pkg`, and then made smaller.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};

use crate::process::{command, run as run_command};
use crate::shrink::shrink;
use crate::{setup, workspace};

/// The crates that become modules, and their folders: the engine, and what signs in the page where there are credentials.
const MODULES: [(&str, &str); 2] = [("nearput_client", "wasm-client"), ("nearput_sigv4", "wasm-client/sigv4")];

/// What the modules are made from.
const INPUTS: [&str; 8] = [
    "wasm-client",
    "signer/api",
    "xtask/src/client.rs",
    "xtask/src/shrink.rs",
    "xtask/src/shrink",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
];

pub(crate) fn run() -> Result<()> {
    setup::require(setup::CLIENT)?;
    build()
}

/// Builds unless nothing has changed since the last build.
pub(crate) fn build() -> Result<()> {
    if up_to_date()? {
        println!("web/pkg is up to date");
        return Ok(());
    }
    println!("Building the client into web/pkg");
    let started = Instant::now();
    // Made before the build, so that what is saved while it runs counts as newer.
    let begun = stamp().with_extension(std::process::id().to_string());
    File::create(&begun).with_context(|| format!("{} could not be written", begun.display()))?;
    // Made elsewhere, so that nobody sees it half-made.
    let made = workspace::root().join(format!("target/pkg-{}", std::process::id()));
    fs::create_dir_all(&made)?;
    for (module, folder) in MODULES {
        // wasm-pack optimises every module that it finds in its folder.
        let own = made.join(module);
        let mut build = command("wasm-pack --quiet build --mode no-install --target web --no-pack --no-gitignore");
        build.args(["--profile", "wasm", "--out-dir"]).arg(&own).arg(folder);
        run_command(for_size(&mut build))?;
        shrink(&own, module)?;
        for file in fs::read_dir(&own)? {
            let file = file?;
            fs::rename(file.path(), made.join(file.file_name()))?;
        }
        fs::remove_dir(&own)?;
    }
    replace(&made, &workspace::pkg())?;
    fs::rename(&begun, stamp())?;
    println!("Built the client in {} s", started.elapsed().as_secs());
    Ok(())
}

/// Has the standard library compiled along with the client, so that both can be told two things. A panic is an `unreachable`
/// instruction without a message, and no code is left that would put one together; the page hears of it as of any other breakdown.
/// JavaScript's values are numbers to the module, which its script keeps a list of: calls that pass the values themselves are longer.
/// Together they save a fifth of the download.
///
/// Rust calls most of these switches unstable, which means that another version may name them differently. `rust-toolchain.toml`
/// names one version; nothing but this module is built by them, and the end-to-end tests run it as it is shipped.
fn for_size(wasm_pack: &mut Command) -> &mut Command {
    const FLAGS: &str =
        "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Ctarget-feature=-reference-types";
    wasm_pack.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", FLAGS).args(["--", "-Zbuild-std=std,panic_abort"])
}

fn replace(new: &Path, old: &Path) -> Result<()> {
    if old.exists() {
        fs::remove_dir_all(old).with_context(|| format!("{} could not be removed", old.display()))?;
    }
    fs::rename(new, old).with_context(|| format!("{} could not be written", old.display()))
}

fn up_to_date() -> Result<bool> {
    let is_built = |(module, _): (&str, &str)| workspace::pkg().join(format!("{module}_bg.wasm")).is_file();
    let Ok(built) = fs::metadata(stamp()).and_then(|stamp| stamp.modified()) else { return Ok(false) };
    let mut newest = SystemTime::UNIX_EPOCH;
    for input in INPUTS {
        let path = workspace::root().join(input);
        newest = newest.max(last_change(&path).with_context(|| format!("{} could not be read", path.display()))?);
    }
    Ok(MODULES.into_iter().all(is_built) && newest < built)
}

/// When a file, or anything in a folder, was last written, added or removed.
fn last_change(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    let mut newest = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            newest = newest.max(last_change(&entry?.path())?);
        }
    }
    Ok(newest)
}

/// Its time is that at which the last finished build began.
fn stamp() -> PathBuf {
    workspace::root().join("target/client.stamp")
}
