//! Completes uploads: small files many by one call, a large one by its own.

use std::rc::Rc;

use nearput_api::path;
use nearput_core::parts::Checked;

use super::ask;
use crate::driver::Driver;
use crate::error::{Cure, Error};
use crate::upload::Upload;
use crate::wire::{self, Json};

pub(super) async fn complete(driver: &Rc<Driver>, uploads: &[Rc<Upload>]) {
    let body = Json::object().with("uploads", Json::list(uploads.iter().map(|upload| upload.whole.borrow().clone())));
    let openings: Vec<u32> = uploads.iter().map(|upload| upload.opening.get()).collect();
    let reply = match ask(driver, uploads, path::COMPLETE, body).await {
        Ok(reply) => reply,
        Err(error) => return uploads.iter().for_each(|upload| driver.failed_if(upload, Err(error.clone()))),
    };
    for ((upload, outcome), opening) in uploads.iter().zip(reply.outcomes("uploads")).zip(openings) {
        // It has begun anew elsewhere.
        if upload.opening.get() != opening {
            continue;
        }
        match Error::read(&outcome) {
            None if outcome.get("key").exists() => driver.completed(upload, &outcome),
            None => driver.fail(upload, &driver.signer.misunderstood()),
            Some(error) => {
                let mended = mend(driver, upload, error).await;
                driver.failed_if(upload, mended);
            }
        }
    }
}

async fn mend(driver: &Rc<Driver>, upload: &Rc<Upload>, error: Error) -> Result<(), Error> {
    match error.cure {
        Cure::SendAgain if !upload.leaves_parts_behind() => driver.doubted(upload, Vec::new()),
        // The storage holds what was sent, and yet not the file: nothing is known that could be sent again.
        Cure::SendAgain if error.code() == "checksum_mismatch" => driver.restart(upload, &error),
        Cure::SendAgain => driver.doubted(upload, list(driver, upload).await?),
        Cure::Time => driver.complete_later(upload, error)?,
        Cure::Token | Cure::Nothing | Cure::Reopen => return Err(error),
    }
    Ok(())
}

/// Asks what the storage does hold, so that the rest can be sent again.
async fn list(driver: &Rc<Driver>, upload: &Rc<Upload>) -> Result<Vec<Checked>, Error> {
    let body = Json::object().with("ticket", upload.ticket());
    let reply = ask(driver, std::slice::from_ref(upload), path::PARTS, body).await?;
    Ok(wire::stored_parts(&reply).into_iter().map(|(part, _)| part).collect())
}
