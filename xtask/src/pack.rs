//! The npm tarball: `web/` with its scripts bundled, the built module and the licence, as `npm pack` makes it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process::{capture, command, run as run_command};
use crate::{client, setup, workspace};

/// What a page cannot do without, and what the law and a reader want.
const REQUIRED: [&str; 17] = [
    "LICENSE",
    "README.md",
    "package.json",
    "nearput.js",
    "nearput.d.ts",
    "worker.js",
    "resume.js",
    "drop-in.js",
    "credentials.js",
    "replicated.js",
    "access-point.js",
    "pkg/nearput_client.js",
    "pkg/nearput_client.d.ts",
    "pkg/nearput_client_bg.wasm",
    "pkg/nearput_client_bg.wasm.d.ts",
    "pkg/nearput_sigv4.js",
    "pkg/nearput_sigv4_bg.wasm",
];

/// The scripts that a page or a worker loads by name.
const ENTRIES: [&str; 7] =
    ["nearput.js", "worker.js", "resume.js", "drop-in.js", "credentials.js", "replicated.js", "access-point.js"];

pub(crate) fn run() -> Result<PathBuf> {
    setup::require(setup::CLIENT)?;
    tarball()
}

/// Makes `target/npm/nearput-<version>.tgz`.
pub(crate) fn tarball() -> Result<PathBuf> {
    let staged = stage()?;
    let out = workspace::root().join("target/npm");
    let mut pack = command("npm pack --json --loglevel=error");
    let report = capture(pack.arg("--pack-destination").arg(&out).current_dir(&staged))?;
    let report: Value = serde_json::from_str(&report).context("`npm pack --json` printed no JSON")?;
    let packed = Packed::parse(&report).context("`npm pack --json` did not print what was packed")?;
    packed.check(env!("CARGO_PKG_VERSION"))?;

    for file in &packed.files {
        println!("  {file}");
    }
    let tarball = out.join(&packed.tarball);
    println!("{} ({} bytes, {} files)", tarball.display(), fs::metadata(&tarball)?.len(), packed.files.len());
    Ok(tarball)
}

/// Puts together what goes into the tarball, and gives the folder.
pub(crate) fn stage() -> Result<PathBuf> {
    client::build()?;
    let staged = workspace::root().join("target/npm/package");
    if staged.exists() {
        fs::remove_dir_all(&staged)?;
    }
    copy_folder(&workspace::web(), &staged)?;
    fs::copy(workspace::root().join("LICENSE"), staged.join("LICENSE"))?;
    bundle(&staged)?;
    Ok(staged)
}

/// Makes one minified script of each entry and what it imports, except for other entries and the module.
fn bundle(staged: &Path) -> Result<()> {
    for entry in ENTRIES {
        let mut bundle = command("esbuild --bundle --minify --format=esm --target=es2022 --log-level=warning");
        bundle.args(["--external:./pkg/*", "--allow-overwrite"]);
        bundle.args(ENTRIES.iter().filter(|other| **other != entry).map(|other| format!("--external:./{other}")));
        run_command(bundle.arg(staged.join(entry)).arg(format!("--outfile={}", staged.join(entry).display())))?;
    }
    for file in fs::read_dir(staged)? {
        let path = file?.path();
        let is_entry = path.file_name().is_some_and(|name| ENTRIES.iter().any(|entry| name == *entry));
        if path.extension().is_some_and(|extension| extension == "js") && !is_entry {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Packed {
    tarball: String,
    version: String,
    files: Vec<String>,
}

impl Packed {
    /// Reads the report of `npm pack --json`: a list of one package, or one package under its name.
    fn parse(report: &Value) -> Option<Self> {
        let package = match report {
            Value::Array(packages) => packages.first()?,
            Value::Object(packages) => packages.values().next()?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        let text = |name: &str| package.get(name)?.as_str().map(str::to_owned);
        let files = package.get("files")?.as_array()?.iter();
        let files = files.map(|file| file.get("path")?.as_str().map(str::to_owned)).collect::<Option<_>>()?;
        Some(Self { tarball: text("filename")?, version: text("version")?, files })
    }

    fn check(&self, version: &str) -> Result<()> {
        ensure!(self.version == version, "web/package.json says {}, Cargo.toml says {version}", self.version);
        let missing = REQUIRED.into_iter().filter(|required| !self.files.iter().any(|file| file == required));
        let missing = missing.collect::<Vec<_>>().join(", ");
        if !missing.is_empty() {
            bail!("the tarball lacks {missing}: see \"files\" in web/package.json");
        }
        Ok(())
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if !entry.file_type()?.is_dir() {
            fs::copy(entry.path(), to.join(name))?;
        } else if name != "node_modules" {
            copy_folder(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Packed, REQUIRED};

    fn packed(files: &[&str]) -> Packed {
        let files: Vec<_> = files.iter().map(|path| json!({ "path": path, "size": 1 })).collect();
        let report = json!([{ "filename": "nearput-0.1.0.tgz", "version": "0.1.0", "files": files }]);
        Packed::parse(&report).expect("the report is npm's")
    }

    #[test]
    fn a_tarball_with_every_required_file_passes() {
        packed(&REQUIRED).check("0.1.0").expect("nothing is missing");
    }

    #[test]
    fn a_tarball_without_the_module_fails_and_names_it() {
        let files: Vec<_> = REQUIRED.into_iter().filter(|file| !file.ends_with(".wasm")).collect();
        let error = packed(&files).check("0.1.0").expect_err("the module is missing");
        assert!(error.to_string().contains("pkg/nearput_client_bg.wasm"), "{error}");
    }

    #[test]
    fn a_version_other_than_the_workspace_has_fails() {
        packed(&REQUIRED).check("0.2.0").expect_err("the versions differ");
    }
}
