//! What `Cargo.lock` says.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace;

/// The locked version of a package, of which there must be only one.
pub(crate) fn locked_version(package: &str) -> Result<String> {
    let path = workspace::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("{} could not be read", path.display()))?;
    version_in(&lock, package)
        .with_context(|| format!("Cargo.lock names no `{package}`: run `cargo update -p {package}`"))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    const LOCK: &str = r#"
[[package]]
name = "wasm-bindgen-macro"
version = "0.2.7"
source = "registry"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry"
"#;

    #[test]
    fn a_version_is_that_of_the_package_with_exactly_this_name() {
        assert_eq!(version_in(LOCK, "wasm-bindgen").as_deref(), Some("0.2.130"));
    }

    #[test]
    fn an_unknown_package_has_no_version() {
        assert_eq!(version_in(LOCK, "wasm"), None);
    }
}
