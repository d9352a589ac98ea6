//! What the signer is held to that is not our own: Garage, moto, and the cases by which AWS's clients are tested. None of it is
//! linked or committed; Garage, which is licensed under the AGPL, only ever runs as a process of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process::{capture, command, program, run};
use crate::tools::CargoTool;
use crate::{apt, workspace};

// Some mirrors of the registries lag behind by days: the versions before the newest are named as well.
const MOTO: [&str; 2] = ["5.2.5", "5.2.4"];
const BOTOCORE: [&str; 2] = ["1.44.8", "1.44.7"];

/// The cases' place in botocore's source distribution.
const CASES: &str = "tests/functional/endpoint-rules/s3/endpoint-tests-1.json";

/// Where the tests find each of them, and the signer's own program, by environment variable.
pub(crate) fn places() -> [(&'static str, PathBuf); 4] {
    [
        ("NEARPUT_SIGNER", workspace::root().join("target/debug/signer")),
        ("NEARPUT_GARAGE", workspace::tools().join("bin/garage")),
        ("NEARPUT_MOTO_SERVER", python().join("bin/moto_server")),
        ("NEARPUT_ENDPOINT_CASES", BOTOCORE.map(cases).into_iter().find(|cases| cases.is_file()).unwrap_or_default()),
    ]
}

/// With the libraries of the system: it would build its own for minutes. What else it can do is not looked at.
pub(crate) fn garage() -> CargoTool {
    CargoTool {
        package: "garage",
        program: "garage",
        versions: vec!["2.5.0".into(), "2.4.1".into()],
        options: &["--no-default-features", "--features", "lmdb,system-libs"],
    }
}

pub(crate) fn install_garage() -> Result<()> {
    if capture(&mut command("pkg-config --exists libsodium libzstd")).is_err() {
        let otherwise = "install pkg-config and the headers of libsodium and zstd. On Debian: `apt-get install pkg-config \
                         libsodium-dev libzstd-dev` as root";
        apt::install(&["pkg-config", "libsodium-dev", "libzstd-dev"], otherwise)?;
    }
    garage().install()
}

/// A server of AWS's calls besides those of S3: <https://docs.getmoto.org>.
pub(crate) fn find_moto() -> Option<String> {
    // It is there whole if it has what its API Gateway needs.
    let version = "import importlib.metadata, openapi_spec_validator; print(importlib.metadata.version('moto'))";
    let found = capture(program(python().join("bin/python")).args(["-c", version])).ok()?;
    MOTO.contains(&found.trim()).then(|| found.trim().to_owned())
}

pub(crate) fn install_moto() -> Result<()> {
    // A server needs no more than these; `moto[server]` would bring twice as much, for calls that nobody makes here.
    let others = ["flask", "flask-cors", "openapi-spec-validator"];
    first_of(&MOTO, |version| run(pip()?.arg("install").arg(format!("moto=={version}")).args(others)))
}

/// See <https://github.com/boto/botocore>.
pub(crate) fn find_cases() -> Option<String> {
    BOTOCORE.into_iter().find(|version| cases(version).is_file()).map(|version| format!("of botocore {version}"))
}

pub(crate) fn install_cases() -> Result<()> {
    first_of(&BOTOCORE, |version| {
        let folder = workspace::tools_build();
        let mut download = pip()?;
        download.args(["download", "--no-deps", "--no-binary", "botocore", &format!("botocore=={version}"), "--dest"]);
        run(download.arg(&folder))?;
        let inside = format!("botocore-{version}/{CASES}");
        let mut unpack = command("tar --extract --gzip --file");
        unpack.arg(folder.join(format!("botocore-{version}.tar.gz"))).arg("--directory").arg(&folder);
        run(unpack.arg(&inside))?;
        let cases = cases(version);
        fs::create_dir_all(cases.parent().context("it is in a folder")?)?;
        fs::copy(folder.join(inside), &cases).with_context(|| format!("{} could not be written", cases.display()))?;
        Ok(())
    })
}

fn cases(version: &str) -> PathBuf {
    workspace::tools().join(format!("botocore-{version}")).join("endpoint-tests-1.json")
}

fn python() -> PathBuf {
    workspace::tools().join("python")
}

/// The pip of an environment that is ours alone.
fn pip() -> Result<std::process::Command> {
    if !python().join("bin/pip").is_file() {
        let mut create = command("python3 -m venv");
        create.arg(python());
        if capture(&mut create).is_err() {
            let otherwise =
                "install Python 3 with venv and put it on PATH. On Debian: `apt-get install python3-venv` as root";
            apt::install(&["python3-venv"], otherwise)?;
            run(&mut create)?;
        }
    }
    let mut pip = program(python().join("bin/pip"));
    pip.args(["--quiet", "--disable-pip-version-check"]);
    Ok(pip)
}

fn first_of(versions: &[&str], install: impl Fn(&str) -> Result<()>) -> Result<()> {
    let mut last = Ok(());
    for version in versions {
        last = install(version);
        if last.is_ok() {
            break;
        }
    }
    last
}
