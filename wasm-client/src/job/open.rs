//! Opens uploads, many by one call.
//!
//! The checksums of each file's first parts travel with the call, so that they can be sent as soon as it is answered. While it is
//! under way, more is read.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::join;
use nearput_api::{Plan, path};
use nearput_core::parts::{Checked, Parts, Start};
use nearput_core::plan::plan;
use wasm_bindgen_futures::spawn_local;

use super::parts::{read, take_signed};
use super::{ask, is_worth_another_try};
use crate::browser::clock::now;
use crate::driver::Driver;
use crate::error::Error;
use crate::home::{self, Home};
use crate::upload::{Stage, Upload};
use crate::wire::{self, Json};

/// A file that is about to be opened, with the parts of it that have been read.
struct Prepared {
    upload: Rc<Upload>,
    read: Vec<Checked>,
}

pub(crate) async fn open(driver: &Rc<Driver>, uploads: Vec<Rc<Upload>>) {
    let home = match home::find(driver, &uploads).await {
        Ok(home) => home,
        Err(error) => return uploads.iter().for_each(|upload| driver.fail(upload, &error)),
    };
    let mut files = Vec::new();
    for upload in uploads {
        match prepare(driver, &home, &upload).await {
            Ok(read) => files.push(Prepared { upload, read }),
            Err(error) => driver.fail(&upload, &error),
        }
    }
    files.retain(|file| driver.knows(&file.upload));
    if files.is_empty() {
        return;
    }
    let about: Vec<_> = files.iter().map(|file| file.upload.clone()).collect();
    let body = Json::object().with("site", home.site.clone()).with("files", Json::list(files.iter().map(describe)));

    let answered = Cell::new(false);
    let call = async {
        let reply = ask(driver, &about, path::OPEN, body).await;
        answered.set(true);
        reply
    };
    let (reply, ()) = join(call, read_on(driver, &mut files, &answered)).await;
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => return about.iter().for_each(|upload| driver.fail(upload, &error)),
    };
    let mut outcomes = reply.items("uploads");
    for file in files {
        let outcome = outcomes.next().unwrap_or(Json::object());
        let upload = file.upload.clone();
        match begin(driver, file, &outcome, &reply).await {
            Ok(parts) => driver.opened(&upload, parts),
            Err(error) => try_again(driver, upload, error),
        }
    }
}

/// Cuts the file, and reads as many of its parts as the call is to tell of.
async fn prepare(driver: &Rc<Driver>, home: &Home, upload: &Rc<Upload>) -> Result<Vec<Checked>, Error> {
    let plan = plan(upload.size(), driver.options.part_size, driver.limit(), &home.profile)?;
    upload.plan.set(plan);
    let first = match plan {
        // Its checksum is asked for only when it is stored.
        Plan::Form => 0,
        Plan::Put => 1,
        Plan::Multipart { .. } => plan.part_count(upload.size()).min(driver.limit() as u64 / 3).max(1) as u32,
    };
    let mut parts = Vec::new();
    for number in 1..=first {
        parts.push(read(driver, upload, number).await?);
    }
    Ok(parts)
}

fn describe(file: &Prepared) -> Json {
    let (upload, options) = (&file.upload, &file.upload.options);
    Json::object()
        .with("name", options.name.clone())
        .with("size", upload.file.size())
        .with("type", options.content_type.clone())
        .with("access", options.access.clone())
        .with("metadata", options.metadata.clone())
        .with("plan", wire::plan(upload.plan.get()))
        .with("parts", wire::parts_to_sign(&file.read))
}

/// Reads while the signer has not answered. What cannot be read is found out again by whoever needs it.
async fn read_on(driver: &Driver, files: &mut [Prepared], answered: &Cell<bool>) {
    for file in files {
        let (upload, count) = (&file.upload, file.upload.plan.get().part_count(file.upload.size()));
        let ahead = count.min(2 * driver.limit() as u64) as u32;
        for number in file.read.len() as u32 + 1..=ahead {
            if answered.get() {
                return;
            }
            let Ok(part) = read(driver, upload, number).await else { return };
            file.read.push(part);
        }
    }
}

async fn begin(driver: &Driver, mut file: Prepared, outcome: &Json, reply: &Json) -> Result<Parts, Error> {
    let upload = &file.upload;
    if let Some(error) = Error::read(outcome) {
        return Err(error);
    }
    if !outcome.get("key").exists() {
        return Err(driver.signer.misunderstood());
    }
    upload.ticket.replace(Some(outcome.get("ticket")));
    if file.read.is_empty() {
        file.read.push(read(driver, upload, 1).await?);
    }
    driver.events.opened(upload.id, outcome, upload.plan.get());
    let mut parts = start(driver, upload);
    parts.take_over(&file.read, &take_signed(upload, outcome, reply));
    Ok(parts)
}

/// The machine for an upload that is open.
pub(super) fn start(driver: &Driver, upload: &Upload) -> Parts {
    let start = Start {
        plan: upload.plan.get(),
        size: upload.size(),
        give_up_after: driver.options.give_up_after,
        stall_after: driver.options.stall_after,
        second_copies: driver.home().is_some_and(|home| home.profile.second_copies),
    };
    Parts::new(start, upload.report.take(), now())
}

/// What failed for a while only is opened by a later call.
fn try_again(driver: &Rc<Driver>, upload: Rc<Upload>, error: Error) {
    let driver = driver.clone();
    spawn_local(async move {
        if is_worth_another_try(&driver, &upload, &error).await {
            upload.stage.set(Stage::Queued);
            driver.reopen(&upload);
        } else {
            driver.fail(&upload, &error);
        }
    });
}
