//! The sites that files may go to, and the host names by which they are reached.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::JsString;
use nearput_api::{Profile, Routing, path};
use nearput_core::Millis;
use nearput_core::paths::{Kind, Paths};
use nearput_core::sites::{LONGEST_WAIT, SiteIndex, Sites};

use crate::browser::clock::now;
use crate::browser::timer::sleep;
use crate::driver::Driver;
use crate::error::Error;
use crate::job::ask;
use crate::upload::Upload;
use crate::wire::{self, Json};

/// Each byte by these kinds of path costs extra.
const COSTLY: [&str; 2] = ["accelerate", "mrap"];

/// Whoever waits for the sites to be measured looks so often.
const LOOK: Millis = 10;

/// All sites of the signer.
pub(crate) struct Map {
    pub(crate) sites: Vec<Site>,
    /// Of all sites, in the order of [`Paths`], each with its site.
    pub(crate) paths: Vec<(SiteIndex, Json)>,
    pub(crate) choice: RefCell<Sites>,
    /// Which sites the files of each access level may go to.
    levels: Json,
    home: SiteIndex,
    /// The sites of which the round under way is not over, and when it began.
    pub(crate) measuring: Cell<usize>,
    pub(crate) began: Cell<Millis>,
    /// The site to whose distance the pace was set.
    pub(crate) paced: Cell<Option<SiteIndex>>,
    /// What the page was last told.
    pub(crate) told: RefCell<JsString>,
}

/// Where files may go.
pub(crate) struct Site {
    pub(crate) id: Json,
    pub(crate) profile: Profile,
    /// Whether the page may sign parts by itself.
    pub(crate) credentials: bool,
    /// Whether its access point may choose the bucket of an upload.
    pub(crate) access_point: bool,
    /// Measures the distance.
    pub(crate) probe_url: Json,
    region: Json,
}

/// The signer's sites. It is asked for them once.
pub(crate) async fn find(driver: &Rc<Driver>, uploads: &[Rc<Upload>]) -> Result<Rc<Map>, Error> {
    if let Some(map) = driver.map() {
        return Ok(map);
    }
    let reply = ask(driver, uploads, path::SITES, Json::object()).await?;
    // Another upload may have asked at the same time, and was told the same.
    if driver.map().is_none() {
        driver.signer.learn(&reply);
        let map = read(&reply).ok_or_else(|| driver.signer.misunderstood())?;
        let kind = |(site, path): &(SiteIndex, Json)| Kind {
            site: *site,
            costly: path.string("kind").is_some_and(|kind| COSTLY.contains(&&*kind)),
        };
        let paths = Paths::new(&map.paths.iter().map(kind).collect::<Vec<_>>(), driver.options.concurrency);
        driver.settle(map, paths);
    }
    driver.map().ok_or_else(|| driver.signer.misunderstood())
}

/// The same, measured, where the choice is made by that. Whoever has not answered when the time is over is not waited for.
pub(crate) async fn measured(driver: &Rc<Driver>, uploads: &[Rc<Upload>]) -> Result<Rc<Map>, Error> {
    let map = find(driver, uploads).await?;
    let is_unmeasured = map.choice.borrow().is_unmeasured(now());
    if is_unmeasured {
        let sites = map.choice.borrow_mut().begin();
        driver.measure(&map, sites);
        let mut until = map.began.get() + LONGEST_WAIT;
        while map.measuring.get() > 0 && now() < until {
            sleep(LOOK).await;
            // Whoever needs so much longer than the first for as many requests is farther away.
            if map.choice.borrow().knows_one() {
                until = until.min(now() + (now() - map.began.get()) / 2);
            }
        }
        driver.rank(&map);
    }
    Ok(map)
}

fn read(reply: &Json) -> Option<Map> {
    let mut sites = Vec::new();
    let mut paths = Vec::new();
    let mut home = 0;
    for site in reply.items("sites") {
        // One that is more than this client knows of is none to it.
        let (Some(profile), Some(first)) = (wire::profile(&site), site.items("paths").next()) else { continue };
        let id = site.get("id");
        if id == reply.get("home") {
            home = sites.len();
        }
        paths.extend(site.items("paths").map(|path| (sites.len(), path)));
        sites.push(Site {
            id,
            profile,
            credentials: site.get("credentials").0.is_truthy(),
            access_point: site.get("access_point").0.is_truthy(),
            probe_url: first.get("probe_url"),
            region: site.get("region"),
        });
    }
    let routing = match reply.string("routing").as_deref() {
        Some("home") => Routing::Home,
        Some("fixed") => Routing::Fixed,
        Some(_) | None => Routing::Measured,
    };
    (!sites.is_empty()).then(|| Map {
        choice: RefCell::new(Sites::new(routing, home, sites.len())),
        sites,
        paths,
        levels: reply.get("levels"),
        home,
        measuring: Cell::default(),
        began: Cell::default(),
        paced: Cell::default(),
        told: RefCell::new(JsString::from("")),
    })
}

impl Map {
    /// The site for a file, among those of its access level; the first level is the default.
    pub(crate) fn choose(&self, upload: &Upload) -> Option<SiteIndex> {
        let access = &upload.options.access;
        let level = self.levels.all().find(|level| !access.exists() || level.get("access") == *access);
        self.choose_among(&level.unwrap_or_default().get("sites"))
    }

    /// Where a site's files go that may go to all of them.
    pub(crate) fn chosen(&self) -> Option<SiteIndex> {
        self.choose_among(&Json::default())
    }

    /// The choice among the sites of these ids; among all where they are undefined.
    fn choose_among(&self, offered: &Json) -> Option<SiteIndex> {
        let may = |site: SiteIndex| !offered.exists() || offered.all().any(|id| id == self.sites[site].id);
        self.choice.borrow().choose(may, now())
    }

    pub(crate) fn find(&self, id: &Json) -> Option<SiteIndex> {
        self.sites.iter().position(|site| site.id == *id)
    }

    /// As the page sees them.
    pub(crate) fn describe(&self) -> Json {
        let (choice, chosen) = (self.choice.borrow(), self.chosen());
        Json::list(self.sites.iter().enumerate().map(|(index, site)| {
            let latency = choice.latency(index).map_or(wasm_bindgen::JsValue::NULL, |latency| (latency as f64).into());
            Json::object()
                .with("id", site.id.clone())
                .with("region", site.region.clone())
                .with("latency", latency)
                .with("home", index == self.home)
                .with("chosen", Some(index) == chosen)
                .with("alive", !choice.is_left(index, now()))
        }))
    }
}
