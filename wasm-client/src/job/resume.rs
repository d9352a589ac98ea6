//! Goes on with an upload that was interrupted, if the file is provably the same.

use std::rc::Rc;

use nearput_api::{Plan, path};
use nearput_core::sites::worth_waiting;

use super::ask;
use super::open::start;
use super::parts::read;
use crate::browser::clock::now;
use crate::driver::Driver;
use crate::error::Error;
use crate::sites;
use crate::upload::Upload;
use crate::wire::{self, Json};

pub(super) async fn resume(driver: &Rc<Driver>, upload: &Rc<Upload>) -> Result<(), Error> {
    let record = upload.interrupted.take();
    let changed = || Error::file_changed(&upload.options.name);
    let map = sites::find(driver, std::slice::from_ref(upload)).await?;
    let part_size = record.number("partSize").unwrap_or_default() as u64;
    upload.plan.set(Plan::Multipart { part_size });
    upload.open(record.get("ticket"));
    let site = record.get("site");
    upload.site.set(map.find(&site).ok_or_else(Error::lost)?);
    driver.events.site(upload.id, &site);
    let known = wire::known_parts(&record);
    upload.holds_until.set(now() + worth_waiting(known.len() as u64 * part_size));
    let body = Json::object().with("ticket", upload.ticket());
    let reply = ask(driver, std::slice::from_ref(upload), path::PARTS, body).await?;

    let mut held = Vec::new();
    for (part, size) in wire::stored_parts(&reply) {
        if !driver.knows(upload) {
            return Ok(());
        }
        let recorded = || known.iter().find(|known| known.number == part.number)?.checksum;
        let expected = part.checksum.or_else(recorded).ok_or_else(changed)?;
        let range = upload.plan.get().part_range(upload.size(), part.number).ok_or_else(changed)?;
        // A part that was cut off is sent again.
        if size == range.end - range.start {
            let part = read(driver, upload, part.number).await?;
            if part.checksum != Some(expected) {
                return Err(changed());
            }
            held.push(part);
        }
    }
    let mut parts = start(driver, upload);
    parts.hold(&held);
    driver.opened(upload, parts);
    Ok(())
}
