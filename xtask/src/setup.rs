//! Set-up: what a machine with rustup, cargo and Node.js lacks is installed, what it has is left alone.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{browser, load, redis, servers, tools};

/// Something that a command needs on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Components,
    WasmTarget,
    RustSource,
    Node,
    WasmBindgen,
    WasmPack,
    WasmOpt,
    Esbuild,
    TypeScript,
    CargoDeny,
    Browser,
    Redis,
    Garage,
    Moto,
    EndpointCases,
    Wrk,
    Companion,
}

/// What building the page's module needs.
pub(crate) const CLIENT: &[Need] =
    &[Need::WasmTarget, Need::RustSource, Need::Node, Need::WasmBindgen, Need::WasmPack, Need::WasmOpt, Need::Esbuild];

/// What checking the types of the page's scripts needs: they name those of the module.
pub(crate) const TYPES: &[Need] =
    &[Need::WasmTarget, Need::Node, Need::WasmBindgen, Need::WasmPack, Need::WasmOpt, Need::Esbuild, Need::TypeScript];

/// What steering a page that uses it needs.
pub(crate) const PAGE: &[Need] = &[
    Need::WasmTarget,
    Need::RustSource,
    Need::Node,
    Need::WasmBindgen,
    Need::WasmPack,
    Need::WasmOpt,
    Need::Esbuild,
    Need::Browser,
];

/// What the signer is held to that is not our own.
pub(crate) const SERVERS: &[Need] = &[Need::Garage, Need::Moto, Need::EndpointCases];

/// What measuring the signer's load needs.
pub(crate) const LOAD: &[Need] = &[Need::Node, Need::Wrk, Need::Companion];

/// What every command together needs.
const ALL: &[Need] = &[
    Need::Components,
    Need::WasmTarget,
    Need::RustSource,
    Need::Node,
    Need::WasmBindgen,
    Need::WasmPack,
    Need::WasmOpt,
    Need::Esbuild,
    Need::TypeScript,
    Need::CargoDeny,
    Need::Browser,
    Need::Redis,
    Need::Garage,
    Need::Moto,
    Need::EndpointCases,
    Need::Wrk,
    Need::Companion,
];

pub(crate) fn run() -> Result<()> {
    require(ALL)
}

/// Meets the needs in turn; an error says of the first that cannot be met what to do.
pub(crate) fn require(needs: &[Need]) -> Result<()> {
    println!("Set-up");
    for need in needs {
        need.ensure()?;
    }
    tools::tidy()
}

/// Meets the needs as far as possible; gives those that could not be met.
pub(crate) fn attempt(needs: &[Need]) -> Result<Vec<(Need, anyhow::Error)>> {
    println!("Set-up");
    let mut unmet = Vec::new();
    for need in needs {
        if let Err(error) = need.ensure() {
            println!("  {:<24} FAILED: {error:#}", need.name());
            unmet.push((*need, error));
        }
    }
    tools::tidy()?;
    Ok(unmet)
}

impl Need {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Components => "rustfmt and clippy",
            Self::WasmTarget => tools::WASM_TARGET,
            Self::RustSource => "rust-src",
            Self::Node => "Node.js",
            Self::WasmBindgen => "wasm-bindgen-cli",
            Self::WasmPack => "wasm-pack",
            Self::WasmOpt => "wasm-opt",
            Self::Esbuild => "esbuild",
            Self::TypeScript => "TypeScript",
            Self::CargoDeny => "cargo-deny",
            Self::Browser => "Chromium and driver",
            Self::Redis => "Redis",
            Self::Garage => "Garage",
            Self::Moto => "moto",
            Self::EndpointCases => "S3's endpoint cases",
            Self::Wrk => "wrk",
            Self::Companion => "Uppy Companion",
        }
    }

    fn ensure(self) -> Result<()> {
        let name = self.name();
        if let Some(found) = self.find()? {
            println!("  {name:<24} {found}");
            return Ok(());
        }
        println!("  {name:<24} missing");
        let started = Instant::now();
        self.install().with_context(|| format!("{name} is missing"))?;
        let Some(found) = self.find()? else {
            bail!("{name} was installed, but is still not found: see its messages above")
        };
        println!("  {name:<24} {found}, installed in {} s", started.elapsed().as_secs());
        Ok(())
    }

    /// What there is, if it will do.
    fn find(self) -> Result<Option<String>> {
        match self {
            Self::Components => Ok(tools::find_components()),
            Self::WasmTarget => tools::find_wasm_target(),
            Self::RustSource => tools::find_rust_source(),
            Self::Node => Ok(tools::find_node()),
            Self::WasmBindgen => tools::wasm_bindgen().map(|tool| tool.find()),
            Self::WasmPack => Ok(tools::wasm_pack().find()),
            Self::WasmOpt => Ok(tools::find_wasm_opt()),
            Self::Esbuild => Ok(tools::find_esbuild()),
            Self::TypeScript => Ok(tools::find_typescript()),
            Self::CargoDeny => Ok(tools::cargo_deny().find()),
            Self::Browser => Ok(browser::find()),
            Self::Redis => Ok(redis::find()),
            Self::Garage => Ok(servers::garage().find()),
            Self::Moto => Ok(servers::find_moto()),
            Self::EndpointCases => Ok(servers::find_cases()),
            Self::Wrk => Ok(load::find_wrk()),
            Self::Companion => Ok(load::find_companion()),
        }
    }

    fn install(self) -> Result<()> {
        match self {
            Self::Components => tools::install_components(),
            Self::WasmTarget => tools::install_wasm_target(),
            Self::RustSource => tools::install_rust_source(),
            Self::Node => {
                bail!(
                    "install Node.js {} or newer, with npm, and put it on PATH (https://nodejs.org)",
                    tools::OLDEST_NODE
                )
            }
            Self::WasmBindgen => tools::wasm_bindgen()?.install(),
            Self::WasmPack => tools::wasm_pack().install(),
            Self::WasmOpt | Self::Esbuild | Self::TypeScript => tools::install_npm_tools(),
            Self::CargoDeny => tools::cargo_deny().install(),
            Self::Browser => browser::install(),
            Self::Redis => redis::install(),
            Self::Garage => servers::install_garage(),
            Self::Moto => servers::install_moto(),
            Self::EndpointCases => servers::install_cases(),
            Self::Wrk => load::install_wrk(),
            Self::Companion => load::install_companion(),
        }
    }
}
