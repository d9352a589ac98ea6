//! What takes time and is asked for once: to open uploads, to read, to sign, to complete, to give up.

mod access_point;
mod complete;
mod credentials;
mod open;
mod parts;
mod resume;

use std::rc::Rc;

use nearput_api::path;
use nearput_core::Millis;
use nearput_core::parts::{Checked, Request};
use nearput_core::queue::UploadId;
use nearput_core::retry::{self, Failure};
use nearput_core::sites::{BUSY_PATIENCE, PATIENCE, SAMPLES, SiteIndex};

use crate::browser::clock::{now, random};
use crate::browser::network::round_trips;
use crate::browser::timer::sleep;
use crate::driver::{Driver, MOST_AT_A_SITE};
use crate::error::{Cure, Error};
use crate::sites::{self, Map};
use crate::upload::Upload;
use crate::wire::Json;

/// A longer wait looks so often whether the network has come back.
const LOOK: Millis = 500;

/// While there are sites to choose from, it is looked so often how the uploads get on.
const LOOK_AT_SITES: Millis = 2_000;

/// The signer may be silent for so many times as long as the storage, since it asks the storage in turn,
const SIGNER_PATIENCE: Millis = 3;

/// and when it completes uploads, for so much longer: the storage may take minutes to put a large object together.
const COMPLETE_PATIENCE: Millis = 300_000;

pub(crate) enum Job {
    /// Have the signer open uploads, by one call.
    Open(Vec<Rc<Upload>>),
    /// Go on with an upload that was interrupted.
    Resume(Rc<Upload>),
    /// Something about the parts of one upload, unless it has been opened anew since this time.
    Part(Rc<Upload>, u32, PartJob),
    /// Have the signer complete uploads, by one call.
    Complete(Vec<Rc<Upload>>),
    /// The same for one upload, after a while.
    CompleteLater(Rc<Upload>, Millis),
    /// Have the signer delete what is stored of the upload of a ticket.
    Abort(Json),
    /// Measure how far away a site is.
    Measure(Rc<Map>, SiteIndex),
    /// While there are uploads, look how they get on at their sites.
    Look,
    /// Tell whoever asked, by this number, how far away the sites are.
    TellSites(UploadId),
}

pub(crate) enum PartJob {
    /// Read a part for its checksum.
    Read(u32),
    /// Have the signer sign parts.
    Sign(Vec<Checked>),
    /// Find out why a part failed: a browser that cannot read the file any more says no more than that the request failed.
    Doubt(Request, Failure),
}

pub(crate) async fn run(driver: Rc<Driver>, job: Job) {
    match job {
        Job::Open(uploads) => {
            if !uploads.is_empty() {
                open::open(&driver, uploads).await;
            }
            driver.open_call_ended();
        }
        Job::Resume(upload) => {
            let outcome = resume::resume(&driver, &upload).await;
            driver.failed_if(&upload, outcome);
        }
        Job::Part(upload, opening, job) => {
            if upload.opening.get() == opening {
                let outcome = parts::run(&driver, &upload, job).await;
                driver.failed_if(&upload, outcome);
            }
        }
        Job::Complete(uploads) => {
            complete::complete(&driver, &uploads).await;
            driver.complete_call_ended();
        }
        Job::CompleteLater(upload, wait) => {
            let opening = upload.opening.get();
            sleep(wait).await;
            if upload.opening.get() == opening {
                driver.whole(&upload);
            }
        }
        // Where this fails for good, the bucket's lifecycle rule deletes it.
        Job::Abort(ticket) => {
            let _ = ask(&driver, &[], path::ABORT, Json::object().with("ticket", ticket)).await;
        }
        Job::Measure(map, site) => {
            // Where there is nothing to choose, it is for the pace only.
            let count = if map.sites.len() > 1 { SAMPLES } else { 1 };
            let took = |took| map.choice.borrow_mut().sample(site, took);
            // Where parts move on all connections, it waits for one of them to end.
            let first = if driver.moves_at(site) { BUSY_PATIENCE } else { PATIENCE };
            round_trips(&map.sites[site].probe_url.0, count, (first, PATIENCE), took).await;
            driver.measured(&map, site);
        }
        Job::Look => loop {
            sleep(LOOK_AT_SITES).await;
            if !driver.look() {
                break;
            }
        },
        Job::TellSites(id) => match sites::measured(&driver, &[]).await {
            Ok(map) => {
                while map.measuring.get() > 0 {
                    sleep(LOOK).await;
                }
                driver.events.sites(id, &map.describe());
            }
            Err(error) => driver.events.failed(id, &error, Json::default(), false),
        },
    }
}

/// Makes a call to the signer again and again while its failures are passing ones and the time for giving up has not come. The
/// uploads that it is about tell the page why they wait.
pub(crate) async fn ask(driver: &Driver, about: &[Rc<Upload>], call: &str, body: Json) -> Result<Json, Error> {
    // One that comes from another site has failed for longer.
    let began = about.first().and_then(|upload| upload.failing.get()).map_or_else(now, |(since, _)| since);
    let deadline = began + driver.options.give_up_after;
    let completing = if call == path::COMPLETE { COMPLETE_PATIENCE } else { 0 };
    let patience = SIGNER_PATIENCE * driver.options.stall_after + completing;
    let opening = about.first().map_or(0, |upload| upload.opening.get());
    let mut failures = 0;
    loop {
        match driver.signer.call(call, &body, patience).await {
            Err(error)
                if failures >= MOST_AT_A_SITE
                    && about.first().is_some_and(|upload| driver.asks_another_signer(upload, &error)) => {}
            // Whoever can go to another site does not wait for this one.
            Err(error)
                if failures >= MOST_AT_A_SITE
                    && about.first().is_some_and(|upload| driver.leaves_site(upload, &error)) =>
            {
                about.iter().for_each(|upload| driver.troubled(upload, None));
                return Err(error);
            }
            Err(error) if error.cure == Cure::Time && now() < deadline => {
                failures += 1;
                about.iter().for_each(|upload| driver.troubled(upload, Some(error.clone())));
                // No longer than until the network comes back.
                let (revivals, until) =
                    (driver.revivals.get(), now() + retry::delay_as_asked(failures, random(), error.wait));
                while now() < until && driver.revivals.get() == revivals {
                    sleep((until - now()).min(LOOK)).await;
                }
            }
            outcome => {
                about.iter().for_each(|upload| driver.troubled(upload, None));
                if let (Ok(reply), Some(upload)) = (&outcome, about.first()) {
                    renew(driver, upload, opening, reply);
                }
                return outcome;
            }
        }
    }
}

/// A call about one upload may be answered with a ticket that lasts longer, unless the upload was opened anew since.
fn renew(driver: &Driver, upload: &Upload, opening: u32, reply: &Json) {
    let renewed = reply.get("renewed");
    if renewed.exists() && upload.opening.get() == opening {
        upload.renew(renewed.get("ticket"));
        driver.events.renewed(upload.id, &renewed);
    }
}
