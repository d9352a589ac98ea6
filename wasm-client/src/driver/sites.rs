//! How uploads get on at their sites: the sites are measured, and uploads move on from those that do not work.

use std::rc::Rc;

use js_sys::JSON;
use nearput_core::Millis;
use nearput_core::parts::Parts;
use nearput_core::sites::{PATIENCE, Running, SiteIndex};

use super::Driver;
use crate::browser::clock::now;
use crate::error::Error;
use crate::job::Job;
use crate::sites::Map;
use crate::upload::{Stage, Upload};

/// One that was opened anew so often since its site failed waits where it is.
const MOST_MOVES: usize = 10;

/// A site whose storage was said to be away for so often is left, unless it only has to put an upload together.
pub(crate) const MOST_AT_A_SITE: u32 = 2;

const STORAGE_UNAVAILABLE: &str = "storage_unavailable";

/// Where nothing moves for so long, it is found out whether the site still answers.
const STANDS_STILL: Millis = 10_000;

/// A site that answers, and takes nothing for so long, does not work.
const TAKES_NOTHING: Millis = 40_000;

/// Where the rate falls below this share of what it was, it is found out whether the site is still the nearest.
const SLOWER: f64 = 0.4;

impl Driver {
    /// Measures these sites, if there are any.
    pub(crate) fn measure(self: &Rc<Self>, map: &Rc<Map>, sites: Vec<SiteIndex>) {
        if sites.is_empty() {
            return;
        }
        map.measuring.set(sites.len());
        map.began.set(now());
        self.queue.borrow_mut().paths.measuring = map.sites.len() > 1;
        sites.into_iter().for_each(|site| self.start(Job::Measure(map.clone(), site)));
    }

    /// A site has been measured, or has not answered.
    pub(crate) fn measured(self: &Rc<Self>, map: &Map, site: SiteIndex) {
        map.choice.borrow_mut().over(site, |site| self.moves_at(site), now());
        map.measuring.set(map.measuring.get() - 1);
        if map.measuring.get() == 0 {
            self.queue.borrow_mut().paths.measuring = false;
            map.choice.borrow_mut().end(now());
            self.rank(map);
        }
        let uploads = self.uploads.borrow().clone();
        uploads.iter().for_each(|upload| self.judge(map, upload));
        self.pump();
    }

    /// Whether bytes move to a site.
    pub(crate) fn moves_at(&self, site: SiteIndex) -> bool {
        let (queue, now) = (self.queue.borrow(), now());
        let moves = |parts: &Parts| parts.requests() > 0 && !parts.stands_still(PATIENCE, now);
        let uploads = self.uploads.borrow();
        uploads.iter().any(|upload| upload.site.get() == site && queue.parts(upload.id).is_some_and(moves))
    }

    /// Has the sites ordered by what is known so far, the pace set to the distance of the first, and the page told.
    pub(crate) fn rank(self: &Rc<Self>, map: &Map) {
        map.choice.borrow_mut().rank();
        self.set_pace(map);
        self.tell_sites(map);
        self.pump();
    }

    /// Sets the pace to the distance of the first site, if that is another one than before.
    fn set_pace(&self, map: &Map) {
        let chosen = map.chosen();
        if let Some(latency) = chosen.and_then(|site| map.choice.borrow().latency(site))
            && map.paced.replace(chosen) != chosen
        {
            self.queue.borrow_mut().paths.pace.measured(latency);
        }
    }

    /// Whether an upload whose site does not work has another one to go to, which then is its choice.
    pub(crate) fn leaves_site(&self, upload: &Upload, error: &Error) -> bool {
        // What is stored there only waits to be put together, or is worth waiting for.
        if upload.stage.get() == Stage::Completing || now() < upload.holds_until.get() {
            return false;
        }
        let Some(map) = self.map().filter(|_| error.code() == STORAGE_UNAVAILABLE) else { return false };
        let site = upload.site.get();
        map.choice.borrow_mut().failed(site, now());
        self.set_pace(&map);
        self.tell_sites(&map);
        // However many sites there are, it is given up when the time has come.
        let (since, failures) = upload.failing.get().unwrap_or((now(), 0));
        upload.failing.set(Some((since, failures)));
        let is_in_time = now() < since + self.options.give_up_after;
        let is_better = |other| other != site && !map.choice.borrow().is_left(other, now());
        is_in_time && upload.moves.get() < MOST_MOVES && map.choose(upload).is_some_and(is_better)
    }

    /// Whether another signer is to be asked, once, before a site is left: it may be the signer that does not reach the storage.
    pub(crate) fn asks_another_signer(&self, upload: &Upload, error: &Error) -> bool {
        upload.stage.get() != Stage::Completing
            && error.code() == STORAGE_UNAVAILABLE
            && !upload.asked_another.get()
            && self.signer.pass_on()
            && !upload.asked_another.replace(true)
    }

    /// Has it looked, while there are uploads, how they get on at their sites.
    pub(super) fn look_later(self: &Rc<Self>) {
        if self.map().is_some_and(|map| map.sites.len() > 1) && !self.looking.replace(true) {
            self.start(Job::Look);
        }
    }

    /// Measures anew if there is anything wrong. Says whether there is anything to look at.
    pub(crate) fn look(self: &Rc<Self>) -> bool {
        let now = now();
        let (mut fails, mut is_slow) = (false, false);
        for upload in &*self.uploads.borrow() {
            let (queue, progress) = (self.queue.borrow(), upload.progress.borrow());
            if let Some(parts) = queue.parts(upload.id) {
                fails |= parts.trouble(now).is_some() || parts.stands_still(STANDS_STILL, now);
                is_slow |= parts.requests() > 0 && progress.rate() < progress.best_rate() * SLOWER;
            }
        }
        if (fails || is_slow) && self.queue.borrow().paths.online {
            self.suspect(fails);
        }
        let goes_on = !self.uploads.borrow().is_empty();
        self.looking.set(goes_on);
        goes_on
    }

    pub(super) fn suspect(self: &Rc<Self>, fails: bool) {
        if let Some(map) = self.map() {
            let sites = map.choice.borrow_mut().suspect(fails, now());
            self.measure(&map, sites);
        }
    }

    /// Has an upload begin anew at another site, if its own does not work, or is so slow that this pays.
    fn judge(self: &Rc<Self>, map: &Map, upload: &Rc<Upload>) {
        let (now, site) = (now(), upload.site.get());
        let takes_nothing =
            self.queue.borrow().parts(upload.id).is_some_and(|parts| parts.stands_still(TAKES_NOTHING, now));
        let others_answer = (0..map.sites.len()).any(|other| other != site && map.choice.borrow().answers(other));
        if takes_nothing && others_answer {
            map.choice.borrow_mut().failed(site, now);
        }
        let Some(other) = map.choose(upload).filter(|other| *other != site) else { return };
        let reason = {
            let (queue, choice) = (self.queue.borrow(), map.choice.borrow());
            let Some(parts) = queue.parts(upload.id) else { return };
            let does_not_answer = || parts.trouble(now).is_some() || parts.stands_still(PATIENCE, now);
            let progress = upload.progress.borrow();
            let running = Running {
                size: upload.size(),
                left: progress.total() - progress.loaded(),
                rate: progress.rate(),
                best_rate: progress.best_rate(),
            };
            if choice.is_left(other, now) || !choice.answers(other) {
                return;
            } else if choice.is_left(site, now) && does_not_answer() {
                Error::site_failed()
            } else if parts.requests() > 0 && choice.is_worth_beginning_anew(site, other, &running) {
                Error::site_slow()
            } else {
                return;
            }
        };
        self.set_pace(map);
        self.move_on(upload, &reason);
    }

    /// An upload begins anew, at another site.
    pub(super) fn move_on(self: &Rc<Self>, upload: &Rc<Upload>, reason: &Error) {
        if upload.moves.get() < MOST_MOVES {
            upload.moves.set(upload.moves.get() + 1);
            self.restart(upload, reason);
        }
    }

    /// What was measured on another network is worth nothing.
    pub(super) fn network_changed(self: &Rc<Self>) {
        if let Some(map) = self.map() {
            map.choice.borrow_mut().forget();
            map.paced.take();
        }
    }

    /// The page is told of the sites where that is news.
    fn tell_sites(&self, map: &Map) {
        let sites = map.describe();
        let text = JSON::stringify(&sites.0).unwrap_or_default();
        if map.told.replace(text.clone()) != text {
            self.events.sites(0, &sites);
        }
    }
}
