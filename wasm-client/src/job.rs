//! What takes time and is asked for once: to open an upload, to read, to sign, to complete, to give up.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use nearput_api::{Profile, path};
use nearput_core::checksum::Checksum;
use nearput_core::parts::{Checked, Event, Parts, Signed, Start, Stored};
use nearput_core::plan::plan;
use nearput_core::retry::{self, Failure};

use crate::browser::clock::{now, random};
use crate::browser::timer::sleep;
use crate::driver::Driver;
use crate::error::{Cure, Error};
use crate::reader::is_readable;
use crate::upload::Upload;
use crate::wire::{self, Json};

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

/// Where files go.
pub(crate) struct Home {
    /// The id of the site.
    site: Json,
    profile: Profile,
}

pub(crate) async fn run(driver: &Rc<Driver>, upload: &Rc<Upload>, job: Job) -> Result<(), Error> {
    match job {
        Job::Open => {
            let parts = open(driver, upload).await?;
            driver.opened(upload, parts);
        }
        Job::Read(number) => {
            let part = read(driver, upload, number).await?;
            driver.handle(upload.id, Event::Read(part));
        }
        Job::Sign(parts) => {
            let body = about(upload).with("parts", wire::parts_to_sign(&parts));
            let reply = ask(driver, upload, path::SIGN, body).await?;
            driver.handle(upload.id, Event::Signed(take_signed(upload, &reply, &reply)));
        }
        Job::Complete { parts, checksum } => {
            let parts: &[Stored] = if upload.leaves_parts_behind() { &parts } else { &[] };
            let item =
                about(upload).with("parts", wire::completed_parts(parts)).with("checksum", wire::checksum(checksum));
            let body = Json::object().with("uploads", Json::list([item]));
            let reply = ask(driver, upload, path::COMPLETE, body).await?;
            driver.completed(upload, &only_upload(driver, &reply)?);
        }
        // Where this fails for good, the bucket's lifecycle rule deletes the parts.
        Job::Abort => _ = ask(driver, upload, path::ABORT, about(upload)).await,
        Job::Doubt { number, failure } => {
            if failure == Failure::Network && !is_readable(&upload.file).await {
                return Err(Error::file_unreadable(&upload.options.name));
            }
            driver.handle(upload.id, Event::Failed { number, failure, random: random() });
        }
    }
    Ok(())
}

async fn open(driver: &Driver, upload: &Upload) -> Result<Parts, Error> {
    if driver.home.get().is_none() {
        let sites = ask(driver, upload, path::SITES, Json::object()).await?;
        let home = find_home(&sites).ok_or_else(|| driver.signer.misunderstood())?;
        // Another upload may have asked at the same time, and was told the same.
        let _ = driver.home.set(home);
    }
    let home = driver.home.get().ok_or_else(|| driver.signer.misunderstood())?;
    let size = upload.file.size() as u64;
    let plan = plan(size, driver.options.part_size, &home.profile)?;
    upload.plan.set(plan);

    let mut first = Vec::new();
    for number in 1..=plan.part_count(size).min(FIRST_PARTS) {
        first.push(read(driver, upload, number as u32).await?);
    }
    let options = &upload.options;
    let file = Json::object()
        .with("name", options.name.clone())
        .with("size", size as f64)
        .with("type", options.content_type.clone())
        .with("access", options.access.clone())
        .with("metadata", options.metadata.clone())
        .with("plan", wire::plan(plan))
        .with("parts", wire::parts_to_sign(&first));
    let body = Json::object().with("site", home.site.clone()).with("files", Json::list([file]));
    let reply = ask(driver, upload, path::OPEN, body).await?;
    let opened = only_upload(driver, &reply)?;
    let _ = upload.ticket.set(opened.get("ticket"));

    let start =
        Start { plan, size, window: 2 * driver.options.concurrency, give_up_after: driver.options.give_up_after };
    let mut parts = Parts::new(start, now());
    parts.take_over(&first, take_signed(upload, &opened, &reply), now());
    Ok(parts)
}

fn find_home(sites: &Json) -> Option<Home> {
    let id = sites.get("home");
    let site = sites.items("sites").find(|site| site.get("id") == id)?;
    Some(Home { site: id, profile: wire::profile(&site)? })
}

async fn read(driver: &Driver, upload: &Upload, number: u32) -> Result<Checked, Error> {
    if driver.home.get().is_some_and(|home| home.profile.checksum.is_none()) {
        return Ok(Checked { number, checksum: None });
    }
    let unreadable = || Error::file_unreadable(&upload.options.name);
    let part = upload.part(number).ok_or_else(unreadable)?;
    let checksum = driver.reader.checksum(&part).await.map_err(|_| unreadable())?;
    Ok(Checked { number, checksum: Some(checksum) })
}

/// The beginning of a call about an open upload.
fn about(upload: &Upload) -> Json {
    Json::object().with("ticket", upload.ticket.get().cloned())
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
    reply.items("uploads").find(|upload| upload.get("key").exists()).ok_or_else(|| driver.signer.misunderstood())
}

/// Makes a call to the signer again and again while its failures are passing ones and the time for giving up has not come.
fn ask<'a>(
    driver: &'a Driver,
    upload: &'a Upload,
    path: &'a str,
    body: Json,
) -> Pin<Box<dyn Future<Output = Result<Json, Error>> + 'a>> {
    Box::pin(async move {
        let deadline = now() + driver.options.give_up_after;
        let mut failures = 0;
        loop {
            match driver.signer.call(path, &body).await {
                Err(error) if error.cure == Cure::Time && now() < deadline => {
                    failures += 1;
                    driver.troubled(upload, Some(error));
                    sleep(retry::delay(failures, random())).await;
                }
                outcome => {
                    driver.troubled(upload, None);
                    return outcome;
                }
            }
        }
    })
}
