//! Completes uploads: small files many by one call, a large one by its own.

use std::rc::Rc;

use nearput_api::path;
use nearput_core::checksum::Checksum;
use nearput_core::parts::{Checked, Stored};
use wasm_bindgen_futures::spawn_local;

use super::{ask, is_worth_another_try};
use crate::driver::Driver;
use crate::error::{Cure, Error};
use crate::upload::Upload;
use crate::wire::{self, Json};

/// An upload whose parts are all stored.
pub(crate) struct Whole {
    pub(crate) upload: Rc<Upload>,
    pub(crate) parts: Vec<Stored>,
    pub(crate) checksum: Option<Checksum>,
}

pub(crate) async fn complete(driver: &Rc<Driver>, wholes: Vec<Whole>) {
    let about: Vec<_> = wholes.iter().map(|whole| whole.upload.clone()).collect();
    let body = Json::object().with("uploads", Json::list(wholes.iter().map(describe)));
    let reply = match ask(driver, &about, path::COMPLETE, body).await {
        Ok(reply) => reply,
        Err(error) => return about.iter().for_each(|upload| driver.fail(upload, &error)),
    };
    let mut outcomes = reply.items("uploads");
    for whole in wholes {
        let outcome = outcomes.next().unwrap_or(Json::object());
        match Error::read(&outcome) {
            None if outcome.get("key").exists() => driver.completed(&whole.upload, &outcome),
            None => driver.fail(&whole.upload, &driver.signer.misunderstood()),
            Some(error) => spawn_local(mend(driver.clone(), whole, error)),
        }
    }
}

fn describe(whole: &Whole) -> Json {
    let item = Json::object().with("ticket", whole.upload.ticket.borrow().clone());
    let item =
        if whole.upload.leaves_parts_behind() { item.with("parts", wire::completed_parts(&whole.parts)) } else { item };
    item.with("checksum", wire::checksum(whole.checksum))
}

async fn mend(driver: Rc<Driver>, whole: Whole, error: Error) {
    let upload = &whole.upload;
    match error.cure {
        Cure::SendAgain if !upload.leaves_parts_behind() => driver.doubted(upload, Vec::new()),
        // The storage holds what was sent, and yet not the file: nothing is known that could be sent again.
        Cure::SendAgain if error.code() == "checksum_mismatch" => driver.restart(upload, &error),
        Cure::SendAgain => match list(&driver, upload).await {
            Ok(held) => driver.doubted(upload, held),
            Err(error) => driver.failed(upload, &error),
        },
        Cure::Time if is_worth_another_try(&driver, upload, &error).await => driver.whole(whole),
        Cure::Time | Cure::Token | Cure::Nothing | Cure::Reopen => driver.failed(upload, &error),
    }
}

/// Asks what the storage does hold, so that the rest can be sent again.
async fn list(driver: &Rc<Driver>, upload: &Rc<Upload>) -> Result<Vec<Checked>, Error> {
    let body = Json::object().with("ticket", upload.ticket.borrow().clone());
    let reply = ask(driver, std::slice::from_ref(upload), path::PARTS, body).await?;
    Ok(wire::stored_parts(&reply).into_iter().map(|(part, _)| part).collect())
}
