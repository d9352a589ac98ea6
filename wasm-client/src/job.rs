//! What takes time and is asked for once: to open uploads, to read, to sign, to complete, to give up.

mod complete;
mod open;
mod parts;
mod resume;

use std::rc::Rc;

use nearput_api::path;
use nearput_core::retry;

pub(crate) use complete::{Whole, complete};
pub(crate) use open::open;
pub(crate) use parts::{doubt, read_one, sign};
pub(crate) use resume::resume;

use crate::browser::clock::{now, random};
use crate::browser::timer::sleep;
use crate::driver::Driver;
use crate::error::{Cure, Error};
use crate::upload::Upload;
use crate::wire::Json;

/// A longer wait looks so often whether the network has come back.
const LOOK: u64 = 500;

/// Has the signer delete what is stored of an upload. Where this fails for good, the bucket's lifecycle rule deletes it.
pub(crate) async fn abort(driver: Rc<Driver>, upload: Rc<Upload>, ticket: Json) {
    let _ = ask(&driver, &[upload], path::ABORT, Json::object().with("ticket", ticket)).await;
}

/// Makes a call to the signer again and again while its failures are passing ones and the time for giving up has not come. The
/// uploads that it is about tell the page why they wait.
pub(crate) async fn ask(driver: &Driver, about: &[Rc<Upload>], path: &str, body: Json) -> Result<Json, Error> {
    let deadline = now() + driver.options.give_up_after;
    let mut failures = 0;
    loop {
        match driver.signer.call(path, &body).await {
            Err(error) if error.cure == Cure::Time && now() < deadline => {
                failures += 1;
                about.iter().for_each(|upload| driver.troubled(upload, Some(error.clone())));
                wait(driver, retry::delay(failures, random())).await;
            }
            outcome => {
                about.iter().for_each(|upload| driver.troubled(upload, None));
                return outcome;
            }
        }
    }
}

/// Waits, but no longer than until the network comes back.
async fn wait(driver: &Driver, wait: u64) {
    let (revivals, until) = (driver.revivals.get(), now() + wait);
    while now() < until && driver.revivals.get() == revivals {
        sleep((until - now()).min(LOOK)).await;
    }
}

/// Whether an upload for which alone the signer has failed is worth another try; if so, that is waited for.
async fn is_worth_another_try(driver: &Driver, upload: &Rc<Upload>, error: &Error) -> bool {
    let (since, failures) = upload.failing.get().unwrap_or((now(), 0));
    if error.cure != Cure::Time || now() >= since + driver.options.give_up_after {
        return false;
    }
    upload.failing.set(Some((since, failures + 1)));
    driver.troubled(upload, Some(error.clone()));
    wait(driver, retry::delay(failures + 1, random())).await;
    driver.troubled(upload, None);
    true
}
