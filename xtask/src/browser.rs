//! Chromium and its driver, which the tests steer.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::{capture, command, find_program, run};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What was found, if both the browser and its driver are there.
pub(crate) fn find() -> Option<String> {
    let browser = BROWSERS.into_iter().find(|name| find_program(name).is_some())?;
    driver().ok()?;
    Some(format!("{browser}, chromedriver"))
}

/// The WebDriver server: `CHROMEDRIVER` if set, else the one on PATH.
pub(crate) fn driver() -> Result<PathBuf> {
    let named = env::var_os("CHROMEDRIVER").map(PathBuf::from).filter(|path| path.is_file());
    named.or_else(|| find_program("chromedriver")).context("chromedriver is not on PATH")
}

pub(crate) fn install() -> Result<()> {
    let Some(apt) = apt_get() else {
        bail!(
            "put Chromium or Chrome, and chromedriver, on PATH. On Debian: `apt-get install chromium chromium-driver` as root; \
             elsewhere: https://googlechromelabs.github.io/chrome-for-testing"
        );
    };
    run(command(apt).arg("update"))?;
    run(command(apt).args(["install", "--yes", "--no-install-recommends", "chromium", "chromium-driver"]))
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
