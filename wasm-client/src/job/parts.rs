//! One upload's parts: read, signed, doubted.

use std::rc::Rc;

use nearput_api::path;
use nearput_core::parts::{Checked, Event, Request, Signed};
use nearput_core::retry::Failure;

use super::ask;
use crate::browser::clock::{now, random};
use crate::driver::Driver;
use crate::error::Error;
use crate::reader::is_readable;
use crate::upload::Upload;
use crate::wire::{self, Json};

/// Reads a part for its checksum.
pub(crate) async fn read_one(driver: &Rc<Driver>, upload: &Rc<Upload>, number: u32) -> Result<(), Error> {
    let part = read(driver, upload, number).await?;
    driver.handle(upload.id, Event::Read(part));
    Ok(())
}

/// Has the signer sign parts.
pub(crate) async fn sign(driver: &Rc<Driver>, upload: &Rc<Upload>, parts: Vec<Checked>) -> Result<(), Error> {
    let ticket = upload.ticket.borrow().clone();
    let body = Json::object().with("ticket", ticket.clone()).with("parts", wire::parts_to_sign(&parts));
    let reply = ask(driver, std::slice::from_ref(upload), path::SIGN, body).await?;
    if upload.is_under(&ticket) {
        driver.handle(upload.id, Event::Signed(take_signed(upload, &reply, &reply)));
    }
    Ok(())
}

/// Finds out why a part failed: a browser that cannot read the file any more says no more than that the request failed.
pub(crate) async fn doubt(
    driver: &Rc<Driver>,
    upload: &Rc<Upload>,
    request: Request,
    failure: Failure,
) -> Result<(), Error> {
    let ticket = upload.ticket.borrow().clone();
    if failure == Failure::Network && !is_readable(&upload.file).await {
        return Err(Error::file_unreadable(&upload.options.name));
    }
    if upload.is_under(&ticket) {
        driver.handle(upload.id, Event::Failed { request, failure, random: random() });
    }
    Ok(())
}

/// A part with its checksum, where the site wants one.
pub(super) async fn read(driver: &Driver, upload: &Upload, number: u32) -> Result<Checked, Error> {
    let algorithm = driver.home().and_then(|home| home.profile.checksum);
    let Some(algorithm) = algorithm else { return Ok(Checked { number, checksum: None }) };
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
        let (number, expires_at) = (request.number("number").unwrap_or_default(), request.number("expires_at"));
        let left = (expires_at.unwrap_or_default() - server_time) as u64;
        upload.keep_signed(number as u32, request);
        ends.push(Signed { number: number as u32, expires: now() + left });
    }
    ends
}
