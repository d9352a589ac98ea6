//! The site that files go to, and the host names by which it is reached.

use std::rc::Rc;

use nearput_api::{Profile, path};
use nearput_core::paths::Paths;

use crate::driver::Driver;
use crate::error::Error;
use crate::job::{Job, ask};
use crate::upload::Upload;
use crate::wire::{self, Json};

/// Each byte by these kinds of path costs extra.
const COSTLY: [&str; 2] = ["accelerate", "mrap"];

/// Where files go.
pub(crate) struct Home {
    /// The id of the site.
    pub(crate) site: Json,
    pub(crate) profile: Profile,
    /// Whether the page may sign parts by itself.
    pub(crate) credentials: bool,
    /// In the order of [`Paths`].
    pub(crate) paths: Vec<Json>,
}

/// The home site. The signer is asked for it once.
pub(crate) async fn find(driver: &Rc<Driver>, uploads: &[Rc<Upload>]) -> Result<Rc<Home>, Error> {
    if let Some(home) = driver.home() {
        return Ok(home);
    }
    let sites = ask(driver, uploads, path::SITES, Json::object()).await?;
    // Another upload may have asked at the same time, and was told the same.
    if driver.home().is_none() {
        let home = read(&sites).ok_or_else(|| driver.signer.misunderstood())?;
        let costly = home.paths.iter().map(|path| path.string("kind").is_some_and(|kind| COSTLY.contains(&&*kind)));
        let paths = Paths::new(&costly.collect::<Vec<_>>(), driver.options.concurrency);
        let first = home.paths.first().map(|path| path.get("probe_url"));
        driver.settle(home, paths);
        // Nobody waits for it: until it is known how long the line is, it counts as short.
        if let Some(url) = first {
            driver.start(Job::Measure(url));
        }
    }
    driver.home().ok_or_else(|| driver.signer.misunderstood())
}

fn read(sites: &Json) -> Option<Home> {
    let id = sites.get("home");
    let site = sites.items("sites").find(|site| site.get("id") == id)?;
    let profile = wire::profile(&site)?;
    let credentials = site.get("credentials").0.is_truthy();
    Some(Home { site: id, profile, credentials, paths: site.items("paths").collect() })
}
