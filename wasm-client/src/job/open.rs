//! Opens uploads, many by one call.
//!
//! The checksums of each file's first parts travel with the call, so that they can be sent as soon as it is answered. While it is
//! under way, more is read.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::join;
use nearput_api::{Plan, path};
use nearput_core::parts::{Parts, Start};
use nearput_core::plan::plan;

use super::parts::{read, take_signed};
use super::{access_point, ask};
use crate::browser::clock::now;
use crate::driver::Driver;
use crate::error::Error;
use crate::sites::{self, Site};
use crate::upload::Upload;
use crate::wire::{self, Json};

pub(super) async fn open(driver: &Rc<Driver>, uploads: Vec<Rc<Upload>>) {
    let map = match sites::measured(driver, &uploads).await {
        Ok(map) => map,
        Err(error) => return driver.fail_all(&uploads, &error),
    };
    let mut by_site = vec![Vec::new(); map.sites.len()];
    for upload in uploads {
        match map.choose(&upload) {
            Some(site) => {
                upload.site.set(site);
                driver.events.site(upload.id, &map.sites[site].id);
                by_site[site].push(upload);
            }
            None => driver.fail(&upload, &Error::no_site()),
        }
    }
    for (site, uploads) in map.sites.iter().zip(by_site) {
        open_at(driver, site, uploads).await;
    }
}

/// Opens uploads that go to the same site.
async fn open_at(driver: &Rc<Driver>, site: &Site, mut uploads: Vec<Rc<Upload>>) {
    for upload in &uploads {
        match plan(upload.size(), driver.options.part_size, driver.limit(), &site.profile) {
            Ok(plan) => upload.plan.set(plan),
            Err(too_large) => driver.fail(upload, &too_large.into()),
        }
        if let Err(error) = read_to(driver, upload, first(driver, upload), None).await {
            driver.fail(upload, &error);
        }
    }
    uploads.retain(|upload| driver.knows(upload));
    if let Some(create) = driver.options.create.as_ref().filter(|_| site.access_point) {
        let mut others = Vec::new();
        for upload in uploads {
            if !(upload.leaves_parts_behind() && access_point::open(driver, site, &upload, create).await) {
                others.push(upload);
            }
        }
        uploads = others;
    }
    if uploads.is_empty() {
        return;
    }
    let files = Json::list(uploads.iter().map(|upload| describe(upload)));
    let body = Json::object().with("site", site.id.clone()).with("files", files);

    let answered = Cell::new(false);
    let call = async {
        let reply = ask(driver, &uploads, path::OPEN, body).await;
        answered.set(true);
        reply
    };
    let read_on = async {
        for upload in &uploads {
            // What cannot be read is found out again by whoever needs it.
            let _ = read_to(driver, upload, 2 * driver.limit() as u32, Some(&answered)).await;
        }
    };
    let reply = match join(call, read_on).await {
        (Ok(reply), ()) => reply,
        (Err(error), ()) => return uploads.iter().for_each(|upload| driver.reopen_elsewhere(upload, &error)),
    };
    let outcomes = reply.outcomes("uploads");
    for (upload, outcome) in uploads.iter().zip(outcomes) {
        match begin(driver, upload, &outcome, &reply).await {
            Ok(parts) => driver.opened(upload, parts),
            Err(error) => driver.reopen_if_passing(upload, &error),
        }
    }
}

/// How many parts the call is to tell of.
fn first(driver: &Driver, upload: &Upload) -> u32 {
    match upload.plan.get() {
        // Its checksum is asked for only when it is stored.
        Plan::Form => 0,
        Plan::Put => 1,
        Plan::Multipart { .. } => (driver.limit() as u32 / 3).max(1),
    }
}

/// Reads an upload's parts up to a number, or until the signer has answered.
async fn read_to(driver: &Driver, upload: &Upload, last: u32, answered: Option<&Cell<bool>>) -> Result<(), Error> {
    let last = u64::from(last).min(upload.plan.get().part_count(upload.size())) as u32;
    while !answered.is_some_and(Cell::get) {
        let next = upload.read.borrow().len() as u32 + 1;
        if next > last {
            break;
        }
        let part = read(driver, upload, next).await?;
        upload.read.borrow_mut().push(part);
    }
    Ok(())
}

pub(super) fn describe(upload: &Upload) -> Json {
    let options = &upload.options;
    Json::object()
        .with("name", options.name.clone())
        .with("size", upload.file.size())
        .with("type", options.content_type.clone())
        .with("access", options.access.clone())
        .with("metadata", options.metadata.clone())
        .with("plan", wire::plan(upload.plan.get()))
        .with("parts", wire::parts_to_sign(&upload.read.borrow()))
}

/// An upload is open, unless the outcome is an error.
pub(super) async fn begin(driver: &Driver, upload: &Upload, outcome: &Json, reply: &Json) -> Result<Parts, Error> {
    if let Some(error) = Error::read(outcome) {
        return Err(error);
    }
    if !outcome.get("key").exists() {
        return Err(driver.signer.misunderstood());
    }
    if let Some(site) = driver.map().and_then(|map| map.find(&outcome.get("site")))
        && upload.site.replace(site) != site
    {
        driver.events.site(upload.id, &outcome.get("site"));
    }
    upload.open(outcome.get("ticket"));
    read_to(driver, upload, 1, None).await?;
    driver.events.opened(upload.id, outcome, upload.plan.get());
    let mut parts = start(driver, upload);
    parts.take_over(&upload.read.take(), &take_signed(upload, outcome, reply));
    Ok(parts)
}

/// The machine for an upload that is open.
pub(super) fn start(driver: &Driver, upload: &Upload) -> Parts {
    let start = Start {
        site: upload.site.get(),
        plan: upload.plan.get(),
        size: upload.size(),
        give_up_after: driver.options.give_up_after,
        stall_after: driver.options.stall_after,
        second_copies: driver.site(upload, |site| site.profile.second_copies) == Some(true),
    };
    Parts::new(start, upload.report.take(), now())
}
