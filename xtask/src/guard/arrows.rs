//! Which crates may use which: client → core → api, signer → api, dev → signer, tests → dev. Everything that is not allowed here is
//! refused.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{capture, command};
use crate::tools::WASM_TARGET;

/// For each crate of ours, those of ours that it may use itself, in its code, its build or its tests.
const OURS: [(&str, &[&str]); 8] = [
    ("nearput-api", &[]),
    ("nearput-core", &["nearput-api"]),
    ("nearput-client", &["nearput-core", "nearput-api"]),
    ("nearput-sigv4", &["nearput-core"]),
    ("nearput-signer", &["nearput-api"]),
    ("nearput-dev", &["nearput-signer", "nearput-api"]),
    ("nearput-tests", &["nearput-dev", "nearput-signer", "nearput-api"]),
    ("xtask", &[]),
];

/// Everything that `nearput-api` may be compiled with: it is in the page and in the signer.
const API: &[&str] = &["serde", "serde_core"];

/// What `nearput-core` may be compiled with besides: no clock, no randomness, no socket, no browser. Beyond the words there is
/// SHA-256, with what it is made of, for SigV4: what a module does not call is not in its download.
const CORE: &[&str] =
    &["nearput-api", "block-buffer", "cfg-if", "crypto-common", "digest", "generic-array", "sha2", "typenum"];

/// What the page's modules may be compiled with besides: each of these may be downloaded by every page.
const CLIENT: &[&str] = &[
    "nearput-core",
    "allocator-api2",
    "bytes",
    "futures-core",
    "futures-task",
    "futures-util",
    "gloo-net",
    "gloo-utils",
    "http",
    "itoa",
    "js-sys",
    "lock_api",
    "pin-project-lite",
    "scopeguard",
    "slab",
    "talc",
    "thiserror",
    "unicode-ident",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "wasm-bindgen-shared",
    "web-sys",
];

/// A dependency that no rule allows.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    package: String,
    uses: String,
    rule: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must not use {}: see {} in xtask/src/guard/arrows.rs", self.package, self.uses, self.rule)
    }
}

pub(crate) fn check() -> Result<()> {
    let metadata = capture(&mut command("cargo metadata --format-version 1 --no-deps"))?;
    let declared = declared(&serde_json::from_str(&metadata)?).context("`cargo metadata` printed no packages")?;
    let mut violations = ours(&declared);
    violations.extend(outside("nearput-api", &tree("nearput-api")?, &[API], "API"));
    violations.extend(outside("nearput-core", &tree("nearput-core")?, &[API, CORE], "CORE"));
    for module in ["nearput-client", "nearput-sigv4"] {
        violations.extend(outside(module, &tree(module)?, &[API, CORE, CLIENT], "CLIENT"));
    }
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} dependencies against the arrows", violations.len());
    }
    println!("{} crates keep to the arrows", declared.len());
    Ok(())
}

/// A crate, and the crates that its `Cargo.toml` names.
type Declared = (String, Vec<String>);

fn declared(metadata: &Value) -> Option<Vec<Declared>> {
    let name = |value: &Value| value.get("name")?.as_str().map(str::to_owned);
    let package = |package: &Value| {
        let dependencies = package.get("dependencies")?.as_array()?.iter().map(name).collect::<Option<_>>()?;
        Some((name(package)?, dependencies))
    };
    metadata.get("packages")?.as_array()?.iter().map(package).collect()
}

fn ours(declared: &[Declared]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (package, dependencies) in declared {
        let allowed = OURS.iter().find(|(name, _)| name == package).map_or(&[][..], |(_, allowed)| allowed);
        for uses in dependencies {
            let is_ours = declared.iter().any(|(name, _)| name == uses);
            if is_ours && !allowed.contains(&uses.as_str()) {
                violations.push(Violation { package: package.clone(), uses: uses.clone(), rule: "OURS" });
            }
        }
    }
    violations
}

/// All that a crate's code is compiled with for the browser; macros run at build time and are left out.
fn tree(package: &str) -> Result<BTreeSet<String>> {
    let mut tree = command("cargo tree --edges normal,no-proc-macro --prefix none --format {p} --target");
    let printed = capture(tree.args([WASM_TARGET, "--package", package]))?;
    let names = printed.lines().filter_map(|line| line.split(' ').next());
    Ok(names.filter(|name| !name.is_empty() && *name != package).map(str::to_owned).collect())
}

fn outside(package: &str, tree: &BTreeSet<String>, allowed: &[&[&str]], rule: &'static str) -> Vec<Violation> {
    let refused = tree.iter().filter(|name| !allowed.iter().any(|list| list.contains(&name.as_str())));
    refused.map(|name| Violation { package: package.to_owned(), uses: name.clone(), rule }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{API, CORE, Declared, declared, ours, outside};

    fn uses(package: &str, dependencies: &[&str]) -> Declared {
        (package.to_owned(), dependencies.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn the_arrows_of_the_design_pass() {
        let crates = [uses("nearput-api", &["serde"]), uses("nearput-core", &["nearput-api"])];
        assert_eq!(ours(&crates), []);
    }

    #[test]
    fn a_signer_that_uses_core_is_refused_and_named() {
        let crates = [uses("nearput-core", &[]), uses("nearput-signer", &["axum", "nearput-core"])];
        let violations: Vec<_> = ours(&crates).iter().map(ToString::to_string).collect();
        assert_eq!(violations, ["nearput-signer must not use nearput-core: see OURS in xtask/src/guard/arrows.rs"]);
    }

    #[test]
    fn a_crate_that_no_rule_names_may_use_none_of_ours() {
        let crates = [uses("nearput-api", &[]), uses("nearput-new", &["nearput-api"])];
        assert_eq!(ours(&crates).len(), 1);
    }

    #[test]
    fn a_clock_deep_in_cores_tree_is_refused() {
        let tree = ["nearput-api", "serde", "web-time"].map(str::to_owned).into();
        let violations = outside("nearput-core", &tree, &[API, CORE], "CORE");
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].uses, "web-time");
    }

    #[test]
    fn dependencies_of_every_kind_are_read() {
        let metadata = json!({ "packages": [{ "name": "a", "dependencies": [
            { "name": "b", "kind": null }, { "name": "c", "kind": "dev" }, { "name": "d", "kind": "build" },
        ]}]});
        assert_eq!(declared(&metadata), Some(vec![uses("a", &["b", "c", "d"])]));
    }
}
