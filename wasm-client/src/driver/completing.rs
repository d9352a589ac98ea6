//! Uploads whose parts are all stored, until they are completed: large ones each by itself, small ones many by one call.

use std::rc::Rc;

use nearput_core::Millis;
use nearput_core::parts::{Checked, Event};

use super::Driver;
use crate::browser::timer::Timer;
use crate::error::Error;
use crate::job::Job;
use crate::upload::{Stage, Upload};
use crate::wire::Json;

/// Small files that are stored wait so long for others that are to be completed by the same call,
const GATHERING: Millis = 10;

/// of which so many may be under way,
const MOST_COMPLETE_CALLS: usize = 4;

/// each for so many files.
const MOST_FILES_PER_CALL: usize = 250;

impl Driver {
    /// All parts of an upload are stored.
    pub(crate) fn whole(self: &Rc<Self>, upload: &Rc<Upload>) {
        if upload.leaves_parts_behind() {
            // It waits for no other, and no other for it.
            self.complete_calls.set(self.complete_calls.get() + 1);
            return self.start(Job::Complete(vec![upload.clone()]));
        }
        self.wholes.borrow_mut().push(upload.clone());
        let later = self.later();
        self.gathering.set(Some(Timer::after(GATHERING, move || later(&Self::complete_some))));
    }

    /// The signer could not complete this upload for a while.
    pub(crate) fn complete_later(self: &Rc<Self>, upload: &Rc<Upload>, error: Error) -> Result<(), Error> {
        let wait = self.wait_after(upload, &error).ok_or(error)?;
        self.start(Job::CompleteLater(upload.clone(), wait));
        Ok(())
    }

    /// The storage has other bytes than the file, or none.
    pub(crate) fn doubted(self: &Rc<Self>, upload: &Upload, held: Vec<Checked>) {
        upload.stage.set(Stage::Moving);
        self.handle(upload.id, Event::Doubted { held });
    }

    pub(crate) fn complete_call_ended(self: &Rc<Self>) {
        self.complete_calls.set(self.complete_calls.get() - 1);
        self.complete_some();
    }

    /// The signer has completed an upload, perhaps after it was cancelled.
    pub(crate) fn completed(self: &Rc<Self>, upload: &Upload, result: &Json) {
        if self.knows(upload) {
            self.tell_news(upload);
            let report = self.write_report(upload);
            self.forget(upload);
            self.events.progress(upload.id, &upload.progress.borrow());
            self.events.done(upload.id, result, report, upload.ticket());
        }
    }

    /// Completes small files together, once there has been time for some to come.
    fn complete_some(self: &Rc<Self>) {
        let mut wholes = self.wholes.borrow_mut();
        if wholes.is_empty() || self.complete_calls.get() >= MOST_COMPLETE_CALLS {
            return;
        }
        let left = wholes.len().saturating_sub(MOST_FILES_PER_CALL);
        let batch = wholes.split_off(left);
        drop(wholes);
        self.complete_calls.set(self.complete_calls.get() + 1);
        self.start(Job::Complete(batch));
    }
}
