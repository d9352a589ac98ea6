//! One upload's parts: read, signed, doubted.

use std::rc::Rc;

use nearput_api::path;
use nearput_core::parts::{Checked, Event, Signed};
use nearput_core::retry::Failure;

use super::{PartJob, ask, credentials};
use crate::browser::clock::{now, random};
use crate::driver::Driver;
use crate::error::Error;
use crate::reader::is_readable;
use crate::upload::Upload;
use crate::wire::{self, Json};

pub(super) async fn run(driver: &Rc<Driver>, upload: &Rc<Upload>, job: PartJob) -> Result<(), Error> {
    let opening = upload.opening.get();
    let event = match job {
        PartJob::Read(number) => Event::Read(read(driver, upload, number).await?),
        PartJob::Sign(parts) => {
            let about = std::slice::from_ref(upload);
            let may_sign = driver.site(upload, |site| site.credentials) == Some(true) && upload.leaves_parts_behind();
            let mut signed = None;
            if let Some(sign) = &driver.options.sign
                && may_sign
                && !driver.lacks_credentials.get()
                && upload.sample.borrow().exists()
            {
                match credentials::sign(driver, about, sign, &parts).await {
                    Err(error) if error.code() == "storage_refused" => driver.lacks_credentials.set(true),
                    outcome => signed = Some(outcome?),
                }
            }
            let reply = match signed {
                Some(signed) => signed,
                None => {
                    let body = Json::object().with("ticket", upload.ticket());
                    ask(driver, about, path::SIGN, body.with("parts", wire::parts_to_sign(&parts))).await?
                }
            };
            if upload.opening.get() != opening {
                return Ok(());
            }
            Event::Signed(take_signed(upload, &reply, &reply))
        }
        PartJob::Doubt(request, failure) => {
            if failure == Failure::Network && !is_readable(&upload.file).await {
                return Err(Error::file_unreadable(&upload.options.name));
            }
            Event::Failed { request, failure, random: random() }
        }
    };
    // Nothing that was asked for before an upload was opened anew is about its parts.
    if upload.opening.get() == opening {
        driver.handle(upload.id, event);
    }
    Ok(())
}

/// A part with its checksum, where the site wants one.
pub(super) async fn read(driver: &Driver, upload: &Upload, number: u32) -> Result<Checked, Error> {
    let algorithm = driver.site(upload, |site| site.profile.checksum);
    let Some(Some(algorithm)) = algorithm else { return Ok(Checked { number, checksum: None }) };
    let unreadable = || Error::file_unreadable(&upload.options.name);
    let part = upload.part(number).ok_or_else(unreadable)?;
    let checksum = driver.reader.checksum(&part, algorithm).await.map_err(|_| unreadable())?;
    Ok(Checked { number, checksum: Some(checksum) })
}

/// Keeps the signed requests of a reply, and says when each ends by the page's own steady clock, however wrong its date is.
pub(super) fn take_signed(upload: &Upload, signed: &Json, reply: &Json) -> Vec<Signed> {
    let server_time = reply.number("server_time").unwrap_or_default();
    let mut ends = Vec::new();
    for request in signed.items("parts") {
        let number = request.number("number").unwrap_or_default() as u32;
        let left = request.number("expires_at").unwrap_or_default() - server_time;
        upload.sample.replace(request.clone());
        upload.keep_signed(number, request);
        ends.push(Signed { number, expires: now() + left as u64 });
    }
    ends
}
