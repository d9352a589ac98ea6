//! What takes time and is asked for once: to open an upload, to read, to sign, to complete, to give up.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use nearput_api::path;
use nearput_core::checksum::Checksum;
use nearput_core::parts::{Checked, Event, Parts, Signed, Start, Stored};
use nearput_core::plan::plan;
use nearput_core::retry::{self, Failure};
use wasm_bindgen::JsValue;

use crate::browser::clock::{now, random};
use crate::browser::timer::sleep;
use crate::driver::Driver;
use crate::error::Error;
use crate::reader::is_readable;
use crate::upload::Upload;
use crate::wire::{self, Json, array, object};

/// The parts whose checksums travel with the open call, so that they can be sent as soon as it is answered.
const FIRST_PARTS: u64 = 2;

pub(crate) enum Job {
    /// Have the signer open the upload, with its first parts read.
    Open,
    /// Read a part for its checksum.
    Read(u32),
    /// Have the signer sign parts.
    Sign(Vec<Checked>),
    /// Have the signer complete the upload.
    Complete { parts: Vec<Stored>, checksum: Option<Checksum> },
    /// Have the signer delete what is stored of the upload.
    Abort,
    /// Find out why a part failed: a browser that cannot read the file any more says no more than that the request failed.
    Doubt { number: u32, failure: Failure },
}

pub(crate) enum Outcome {
    Opened(Parts),
    Happened(Event),
    Completed(Json),
    Aborted,
}

pub(crate) async fn run(driver: &Driver, upload: &Upload, job: Job) -> Result<Outcome, Error> {
    match job {
        Job::Open => open(driver, upload).await.map(Outcome::Opened),
        Job::Read(number) => Ok(Outcome::Happened(Event::Read(read(driver, upload, number).await?))),
        Job::Sign(parts) => {
            let body = object(&[("ticket", upload.ticket()), ("parts", wire::parts_to_sign(&parts))]);
            let reply = ask(driver, upload, path::SIGN, body).await?;
            Ok(Outcome::Happened(Event::Signed(take_signed(upload, &reply, &reply))))
        }
        Job::Complete { parts, checksum } => {
            let parts: &[Stored] = if upload.leaves_parts_behind() { &parts } else { &[] };
            let item = object(&[
                ("ticket", upload.ticket()),
                ("parts", wire::completed_parts(parts)),
                ("checksum", wire::checksum(checksum)),
            ]);
            let body = object(&[("uploads", array([item].into_iter()))]);
            only_upload(driver, &ask(driver, upload, path::COMPLETE, body).await?).map(Outcome::Completed)
        }
        Job::Abort => {
            // Where this fails for good, the bucket's lifecycle rule deletes the parts.
            let _ = ask(driver, upload, path::ABORT, object(&[("ticket", upload.ticket())])).await;
            Ok(Outcome::Aborted)
        }
        Job::Doubt { number, failure } => {
            if failure == Failure::Network && !is_readable(&upload.file).await {
                return Err(Error::file_unreadable(&upload.options.name));
            }
            Ok(Outcome::Happened(Event::Failed { number, failure, random: random() }))
        }
    }
}

async fn open(driver: &Driver, upload: &Upload) -> Result<Parts, Error> {
    if driver.home.borrow().is_none() {
        let sites = ask(driver, upload, path::SITES, object(&[])).await?;
        let home = sites.string("home");
        let site = sites.items("sites").into_iter().find(|site| site.string("id") == home);
        let profile = site.and_then(|site| wire::profile(&site)).ok_or_else(|| driver.signer.misunderstood())?;
        driver.home.replace(Some((home.unwrap_or_default(), profile)));
    }
    let (site, profile) = driver.home.borrow().clone().ok_or_else(|| driver.signer.misunderstood())?;
    let size = upload.file.size();
    let plan = plan(size as u64, driver.options.part_size, &profile).map_err(Error::from)?;
    upload.plan.set(plan);

    let mut first = Vec::new();
    for number in 1..=plan.part_count(size as u64).min(FIRST_PARTS) {
        first.push(read(driver, upload, number as u32).await?);
    }
    let file = object(&[
        ("name", (&upload.options.name).into()),
        ("size", size.into()),
        ("type", upload.options.content_type.clone()),
        ("access", upload.options.access.clone()),
        ("metadata", upload.options.metadata.clone()),
        ("plan", wire::plan(plan)),
        ("parts", wire::parts_to_sign(&first)),
    ]);
    let body = object(&[("site", site.into()), ("files", array([file].into_iter()))]);
    let reply = ask(driver, upload, path::OPEN, body).await?;
    let opened = only_upload(driver, &reply)?;
    upload.open(opened.get("ticket"));

    let mut parts = Parts::new(
        Start {
            plan,
            size: size as u64,
            window: 2 * driver.options.concurrency,
            give_up_after: driver.options.give_up_after,
        },
        now(),
    );
    parts.take_over(&first, take_signed(upload, &opened, &reply), now());
    Ok(parts)
}

async fn read(driver: &Driver, upload: &Upload, number: u32) -> Result<Checked, Error> {
    let known = driver.home.borrow().as_ref().is_none_or(|(_, profile)| profile.checksum.is_some());
    if !known {
        return Ok(Checked { number, checksum: None });
    }
    let checksum = driver.reader.checksum(&upload.part(number)?).await;
    let checksum = checksum.map_err(|_| Error::file_unreadable(&upload.options.name))?;
    Ok(Checked { number, checksum: Some(checksum) })
}

/// Keeps the signed requests of a reply, and says when each ends by the page's own steady clock, however wrong its date is.
fn take_signed(upload: &Upload, signed: &Json, reply: &Json) -> Vec<Signed> {
    let server_time = reply.number("server_time").unwrap_or_default();
    let mut ends = Vec::new();
    for request in signed.items("parts") {
        let (number, expires_at) = (request.number("number").unwrap_or_default(), request.number("expires_at"));
        let left = Duration::from_millis((expires_at.unwrap_or_default() - server_time) as u64);
        upload.keep_signed(number as u32, request);
        ends.push(Signed { number: number as u32, expires: now() + left });
    }
    ends
}

/// What came of the one upload that a call named.
fn only_upload(driver: &Driver, reply: &Json) -> Result<Json, Error> {
    reply.items("uploads").pop().ok_or_else(|| driver.signer.misunderstood())
}

/// Makes a call to the signer again and again while its failures are passing ones and the time for giving up has not come.
fn ask<'a>(
    driver: &'a Driver,
    upload: &'a Upload,
    path: &'a str,
    body: JsValue,
) -> Pin<Box<dyn Future<Output = Result<Json, Error>> + 'a>> {
    Box::pin(async move {
        let start = now();
        let mut failures = 0;
        loop {
            let outcome = driver.signer.call(path, &body).await;
            match outcome {
                Err(error) if error.is_passing() && now() - start < driver.options.give_up_after => {
                    failures += 1;
                    driver.troubled(upload, Some(error));
                    sleep(retry::delay(failures, random())).await;
                }
                _ => {
                    driver.troubled(upload, None);
                    return outcome;
                }
            }
        }
    })
}
