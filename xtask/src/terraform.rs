//! Terraform and its provider for AWS, which are found and not installed: together they are a gigabyte.
//!
//! The provider is in a folder as `terraform providers mirror` makes one: <https://developer.hashicorp.com/terraform/cli/commands/providers/mirror>.

use std::env;
use std::path::{Path, PathBuf};

use crate::process::{capture, command};

/// Says where the folder is, if in none of the usual places.
const PROVIDERS: &str = "NEARPUT_TERRAFORM_PROVIDERS";
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// Why the module cannot be tested on this machine.
pub(crate) fn absent() -> Option<String> {
    if capture(&mut command("terraform version")).is_err() {
        return Some("there is no `terraform` on PATH: https://developer.hashicorp.com/terraform/install".to_owned());
    }
    match providers() {
        Some(_) => None,
        None => Some(format!(
            "no folder has Terraform's provider for AWS: make one by `terraform providers mirror FOLDER` in \
             signer/terraform, and set {PROVIDERS} to it"
        )),
    }
}

/// Where the tests find both, by environment variable.
pub(crate) fn places() -> [(&'static str, PathBuf); 2] {
    [("NEARPUT_TERRAFORM", on_path("terraform").unwrap_or_default()), (PROVIDERS, providers().unwrap_or_default())]
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|place| place.is_file())
}

/// The folder that the variable names, or the first one of those where Terraform itself looks, and where system packages are put.
fn providers() -> Option<PathBuf> {
    let named = env::var_os(PROVIDERS).map(PathBuf::from);
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let of_user = [".terraform.d/plugins", ".local/share/terraform/plugins"].map(|folder| home.join(folder));
    let of_system = [
        "/usr/local/share/terraform/plugins",
        "/usr/share/terraform/plugins",
        "/opt/terraform/plugins",
        "/opt/tf-plugins",
    ];
    let places = named.into_iter().chain(of_user).chain(of_system.map(PathBuf::from));
    places.into_iter().find(|place| has_provider(place))
}

fn has_provider(folder: &Path) -> bool {
    folder.join(PROVIDER).is_dir()
}
