//! Which site a file goes to: the nearest as measured, among those that work.
//!
//! All sites are measured at once, in rounds of a few tiny requests to each. The shortest counts: whatever comes between only makes
//! a request longer. The order of the sites is remembered, and changes only where one is nearer than another by a margin, so that
//! files do not wander to and fro between two that are equally far.
//!
//! Kept here, and tested by a model in `tests/engine`: a file goes to no site that it may not go to; to one that was found not to
//! work only where there is no other; where all are silent, it is the network that is gone, and nothing changes.

use nearput_api::Routing;

use crate::Millis;

/// One of the sites, by its place in the signer's list.
pub type SiteIndex = usize;

/// Requests of a round that count. The one before them makes the connection. More make the choice hardly better, and take longer.
pub const SAMPLES: u32 = 3;

/// The first file waits no longer than this for the sites to be measured.
pub const LONGEST_WAIT: Millis = 300;

/// What has not answered a tiny request for so long does not answer.
pub const PATIENCE: Millis = 4_000;

/// Where parts move on every connection, a tiny request waits for one to end: so long, at most.
pub const BUSY_PATIENCE: Millis = 30_000;

/// How long a measurement is good for. Pages are not told of every change of the network: behind the same address translation a
/// virtual network may come or go, and a phone may go from one mast to the next.
const REMEMBERED: Millis = 300_000;

/// Another site must be nearer by this share,
const NEARER: f64 = 0.05;

/// and by this much, to go before one.
const NEARER_BY: Millis = 3;

/// A round trip that is so much longer than before is another one; else it is the same, of which each round knows a little more.
const CHANGED: f64 = 1.5;

/// How much a round counts that found nearly the same.
const WEIGHT: f64 = 0.1;

/// Rounds because something fails have at least this between them.
const FAILING_AGAIN: Millis = 2_000;

/// Rounds because something is slow have at least this between them, and twice as much each time nothing came of it.
const SLOW_AGAIN: Millis = 5_000;

/// A site that does not work is left for so long, and for longer each time; never so long that its return would go unnoticed.
const LEFT: Millis = 30_000;

/// Without proof that the line bears more, a nearer site is not taken for more than so many times as fast.
const UNPROVEN: f64 = 1.5;

/// An upload begins anew at a nearer site only if that should take so much less time than what is left of it takes here: the bytes
/// that were sent are sent anew, and paid for.
const WORTH: f64 = 1.4;

/// What a site holds of an upload is sent again at so many bytes per millisecond, it is assumed,
const SENT_AGAIN: u64 = 2_000;

/// and its site is not waited for any longer than this.
const LONGEST_FOR_HELD: Millis = 900_000;

/// How long a site that fails is worth waiting for, where it holds so many bytes of an upload: for as long as they took elsewhere.
pub fn worth_waiting(held: u64) -> Millis {
    (held / SENT_AGAIN).min(LONGEST_FOR_HELD)
}

/// What is known of the sites.
#[derive(Debug)]
pub struct Sites {
    routing: Routing,
    sites: Vec<Site>,
    /// From the first choice to the last.
    order: Vec<SiteIndex>,
    /// A round is under way.
    measuring: bool,
    /// When the last round ended.
    measured: Option<Millis>,
    /// How long after it another one may follow because something is slow.
    calm: Millis,
}

#[derive(Debug, Clone, Default)]
struct Site {
    /// The round trip, once it is known.
    latency: Option<Millis>,
    /// The shortest of the round under way,
    fresh: Option<Millis>,
    /// which is over for this site.
    is_over: bool,
    failures: u32,
    left_until: Millis,
}

/// How an upload gets on that might begin anew elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    /// In bytes.
    pub size: u64,
    pub left: u64,
    /// In bytes per second.
    pub rate: f64,
    /// The highest so far: so much the line has borne.
    pub best_rate: f64,
}

impl Sites {
    /// `count` sites, of which nothing is known but which one the signer prefers.
    pub fn new(routing: Routing, home: SiteIndex, count: usize) -> Self {
        let others = (0..count).filter(|site| *site != home);
        Self {
            routing,
            sites: vec![Site::default(); count],
            order: std::iter::once(home).chain(others).collect(),
            measuring: false,
            measured: None,
            calm: SLOW_AGAIN,
        }
    }

    /// The site for a file, among those to which it may go. None if it may go to none.
    pub fn choose(&self, may: impl Fn(SiteIndex) -> bool, now: Millis) -> Option<SiteIndex> {
        let mut allowed = self.order.iter().copied().filter(|site| may(*site));
        let first = allowed.clone().next();
        let is_fixed = self.routing == Routing::Fixed;
        allowed.find(|site| is_fixed || !self.is_left(*site, now)).or(first)
    }

    /// Whether a round must come before the choice of a site: it would be made by measurement, and there is none.
    pub fn is_unmeasured(&self, now: Millis) -> bool {
        self.chooses() && self.measured.is_none_or(|then| now >= then + REMEMBERED)
    }

    /// A round begins, unless there is one. Gives the sites that are to be measured.
    pub fn begin(&mut self) -> Vec<SiteIndex> {
        if std::mem::replace(&mut self.measuring, true) {
            return Vec::new();
        }
        for site in &mut self.sites {
            site.fresh = None;
            site.is_over = false;
        }
        self.order.iter().copied().filter(|site| self.is_offered(*site)).collect()
    }

    /// The same, since something fails, or is slow. Too many rounds would be a burden.
    pub fn suspect(&mut self, fails: bool, now: Millis) -> Vec<SiteIndex> {
        let calm = if fails { FAILING_AGAIN } else { self.calm };
        let calm = self.measured.is_some_and(|then| now < then + calm);
        let has_others = self.sites.len() > 1 && self.routing != Routing::Fixed;
        if has_others && !calm { self.begin() } else { Vec::new() }
    }

    /// A request of the round took so long.
    pub fn sample(&mut self, site: SiteIndex, took: Millis) {
        let fresh = &mut self.sites[site].fresh;
        *fresh = Some(fresh.map_or(took, |fresh| fresh.min(took)));
    }

    /// The round is over for a site. One that has not answered does not work if another one has: else it is the network. `moves` says
    /// whether bytes move to a site, whose connections then are only too busy to answer.
    pub fn over(&mut self, site: SiteIndex, moves: impl Fn(SiteIndex) -> bool, now: Millis) {
        self.sites[site].is_over = true;
        if self.sites.iter().all(|site| site.fresh.is_none()) {
            return;
        }
        for index in 0..self.sites.len() {
            let site = &mut self.sites[index];
            if site.is_over && site.fresh.is_none() && !moves(index) {
                site.latency = None;
                self.failed(index, now);
            }
        }
    }

    /// Whether the round is over for a site that has answered.
    pub fn knows_one(&self) -> bool {
        self.sites.iter().any(|site| site.is_over && site.fresh.is_some())
    }

    /// Orders the sites by what is known so far.
    pub fn rank(&mut self) {
        for site in &mut self.sites {
            site.latency = match (site.latency, site.fresh) {
                (Some(known), Some(fresh)) if fresh > known && (fresh as f64) < known as f64 * CHANGED => {
                    Some(known + ((fresh - known) as f64 * WEIGHT) as Millis)
                }
                (_, Some(fresh)) => Some(fresh),
                (known, None) => known,
            };
        }
        if self.chooses() {
            for place in 0..self.order.len() {
                let rest = self.order[place..].iter().enumerate();
                let nearest = rest.min_by_key(|(_, site)| self.distance(**site)).map_or(0, |(offset, _)| offset);
                let (here, there) = (self.order[place], self.order[place + nearest]);
                if is_nearer(self.distance(there), self.distance(here)) {
                    self.order.remove(place + nearest);
                    self.order.insert(place, there);
                }
            }
        }
    }

    /// The round is over for all sites.
    pub fn end(&mut self, now: Millis) {
        let before = self.order.clone();
        self.rank();
        self.measuring = false;
        self.measured = Some(now);
        self.calm = if self.order == before { (2 * self.calm).min(REMEMBERED) } else { SLOW_AGAIN };
    }

    /// A site does not work: it is left for a while.
    pub fn failed(&mut self, site: SiteIndex, now: Millis) {
        if !self.is_left(site, now) {
            let site = &mut self.sites[site];
            site.failures += 1;
            site.left_until = now + (LEFT << site.failures.min(4).saturating_sub(1)).min(REMEMBERED);
        }
    }

    /// A site has taken something.
    pub fn works(&mut self, site: SiteIndex) {
        self.sites[site].failures = 0;
        self.sites[site].left_until = 0;
    }

    /// The network is another one: nothing that was measured holds any longer.
    pub fn forget(&mut self) {
        self.measured = None;
        self.calm = SLOW_AGAIN;
        self.sites.iter_mut().for_each(|site| *site = Site::default());
    }

    /// Whether an upload should begin anew at another site, which is nearer: by what its rate would be there, if it were as much higher
    /// as the site is nearer.
    pub fn is_worth_beginning_anew(&self, from: SiteIndex, to: SiteIndex, upload: &Running) -> bool {
        let (Some(here), Some(there)) = (self.latency(from), self.latency(to)) else { return false };
        let nearer = here.max(1) as f64 / there.max(1) as f64;
        let rate = upload.rate.max(1.0);
        let rate_there = (rate * nearer).min(upload.best_rate.max(rate * UNPROVEN));
        upload.size as f64 / rate_there * WORTH < upload.left as f64 / rate
    }

    /// The round trip, where it is known.
    pub fn latency(&self, site: SiteIndex) -> Option<Millis> {
        self.sites[site].latency
    }

    /// Whether a site has answered in the latest round.
    pub fn answers(&self, site: SiteIndex) -> bool {
        self.sites[site].fresh.is_some()
    }

    /// Whether a site was found not to work, and is left.
    pub fn is_left(&self, site: SiteIndex, now: Millis) -> bool {
        self.sites[site].left_until > now
    }

    /// Whether a choice is made by measurement.
    fn chooses(&self) -> bool {
        self.routing == Routing::Measured && self.sites.len() > 1
    }

    fn is_offered(&self, site: SiteIndex) -> bool {
        self.routing != Routing::Fixed || self.order[0] == site
    }

    fn distance(&self, site: SiteIndex) -> Millis {
        self.sites[site].latency.unwrap_or(Millis::MAX)
    }
}

fn is_nearer(there: Millis, here: Millis) -> bool {
    there.saturating_add(NEARER_BY) < here && there as f64 * (1.0 + NEARER) < here as f64
}
