//! What takes time and is asked for once: to open uploads, to read, to sign, to complete, to give up.

mod complete;
mod credentials;
mod open;
mod parts;
mod resume;

use std::rc::Rc;

use nearput_api::path;
use nearput_core::Millis;
use nearput_core::parts::{Checked, Request};
use nearput_core::retry::{self, Failure};

use crate::browser::clock::{now, random};
use crate::browser::network::round_trip;
use crate::browser::timer::sleep;
use crate::driver::Driver;
use crate::error::{Cure, Error};
use crate::upload::Upload;
use crate::wire::Json;

/// A longer wait looks so often whether the network has come back.
const LOOK: Millis = 500;

/// The signer may be silent for so many times as long as the storage, since it asks the storage in turn,
const SIGNER_PATIENCE: Millis = 3;

/// and when it completes uploads, for so much longer: the storage may take minutes to put a large object together.
const COMPLETE_PATIENCE: Millis = 300_000;

pub(crate) enum Job {
    /// Have the signer open uploads, by one call.
    Open(Vec<Rc<Upload>>),
    /// Go on with an upload that was interrupted.
    Resume(Rc<Upload>),
    /// Something about the parts of one upload.
    Part(Rc<Upload>, PartJob),
    /// Have the signer complete uploads, by one call.
    Complete(Vec<Rc<Upload>>),
    /// The same for one upload, after a while.
    CompleteLater(Rc<Upload>, Millis),
    /// Have the signer delete what is stored of an upload under a ticket.
    Abort(Rc<Upload>, Json),
    /// Measure how far away an address is.
    Measure(Json),
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
        Job::Part(upload, job) => {
            let outcome = parts::run(&driver, &upload, job).await;
            driver.failed_if(&upload, outcome);
        }
        Job::Complete(uploads) => {
            complete::complete(&driver, &uploads).await;
            driver.complete_call_ended();
        }
        Job::CompleteLater(upload, wait) => {
            sleep(wait).await;
            driver.whole(&upload);
        }
        // Where this fails for good, the bucket's lifecycle rule deletes it.
        Job::Abort(upload, ticket) => {
            let _ = ask(&driver, &[upload], path::ABORT, Json::object().with("ticket", ticket)).await;
        }
        Job::Measure(url) => {
            if let Some(round_trip) = round_trip(&url.0).await {
                driver.measured(round_trip);
            }
        }
    }
}

/// Makes a call to the signer again and again while its failures are passing ones and the time for giving up has not come. The
/// uploads that it is about tell the page why they wait.
pub(crate) async fn ask(driver: &Driver, about: &[Rc<Upload>], call: &str, body: Json) -> Result<Json, Error> {
    let deadline = now() + driver.options.give_up_after;
    let completing = if call == path::COMPLETE { COMPLETE_PATIENCE } else { 0 };
    let patience = SIGNER_PATIENCE * driver.options.stall_after + completing;
    let opening = about.first().map_or(0, |upload| upload.opening.get());
    let mut failures = 0;
    loop {
        match driver.signer.call(call, &body, patience).await {
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
