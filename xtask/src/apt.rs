//! Debian's packages, where there is `apt-get` and the right to call it.

use anyhow::{Result, bail};

use crate::process::{capture, command, find_program, run};

/// Installs packages, or says what to do where apt-get cannot.
pub(crate) fn install(packages: &[&str], otherwise: &str) -> Result<()> {
    let Some(apt) = apt_get() else { bail!("{otherwise}") };
    run(command(apt).arg("update"))?;
    run(command(apt).args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// How to call apt-get with the rights it needs, if there is a way without a question.
fn apt_get() -> Option<&'static str> {
    find_program("apt-get")?;
    let user = capture(&mut command("id -u")).ok()?;
    if user.trim() == "0" {
        return Some("env DEBIAN_FRONTEND=noninteractive apt-get -qq");
    }
    capture(&mut command("sudo -n true")).ok()?;
    Some("sudo -n DEBIAN_FRONTEND=noninteractive apt-get -qq")
}
