//! Chromium and its driver, which the tests steer.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::apt;
use crate::process::find_program;

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
    apt::install(
        &["chromium", "chromium-driver"],
        "put Chromium or Chrome, and chromedriver, on PATH. On Debian: `apt-get install chromium chromium-driver` as root; \
         elsewhere: https://googlechromelabs.github.io/chrome-for-testing",
    )
}
