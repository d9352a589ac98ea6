//! What the page hears of its uploads: their states at once, bytes and parts with the next frame, a report at the end.

use nearput_core::parts::{Checked, Parts};
use nearput_core::queue::Queue;

use super::Driver;
use crate::browser::clock::now;
use crate::error::Error;
use crate::events::State;
use crate::report;
use crate::upload::{Stage, Upload};
use crate::wire::Json;

impl Driver {
    /// A part is stored, which the page is to hear of.
    pub(super) fn note_stored(&self, upload: &Upload, number: u32) {
        let queue = self.queue.borrow();
        let stored = queue.parts(upload.id).map_or(&[][..], Parts::stored);
        if let Some(part) = stored.iter().find(|part| part.number == number) {
            upload.news.borrow_mut().push(Checked { number, checksum: part.checksum });
        }
    }

    /// Has the page told what it does not know yet, with the next frame.
    pub(super) fn tell(&self, upload: &Upload) {
        if !self.knows(upload) {
            return;
        }
        let state = state(&self.queue.borrow(), upload);
        if *upload.state.borrow() != state {
            self.events.state(upload.id, &state);
            upload.state.replace(state);
        }
        upload.has_moved.set(true);
        self.events.schedule();
    }

    pub(super) fn flush(&self) {
        for upload in &*self.uploads.borrow() {
            if upload.has_moved.take() {
                self.tell_news(upload);
            }
        }
        self.events.flush();
    }

    /// Tells of bytes that have moved and of parts that are stored.
    pub(super) fn tell_news(&self, upload: &Upload) {
        let queue = self.queue.borrow();
        let Some(parts) = queue.parts(upload.id) else { return };
        let mut progress = upload.progress.borrow_mut();
        if parts.is_paused() {
            progress.rest();
        }
        if progress.update(parts.loaded(), now()) {
            self.events.progress(upload.id, &progress);
        }
        let news = upload.news.take();
        if !news.is_empty() && upload.leaves_parts_behind() {
            self.events.stored(upload.id, &news);
        }
    }

    pub(super) fn write_report(&self, upload: &Upload) -> Json {
        let (queue, map, kept) = (self.queue.borrow(), self.map(), upload.report.borrow());
        report::write(upload, queue.parts(upload.id).map_or(&kept, |parts| &parts.report), map.as_deref())
    }
}

fn state(queue: &Queue, upload: &Upload) -> State {
    let completing = upload.stage.get() == Stage::Completing;
    if queue.is_paused(upload.id) && !completing {
        return State::Paused;
    }
    if let Some(error) = &*upload.trouble.borrow() {
        return State::Waiting(error.clone());
    }
    match upload.stage.get() {
        Stage::Queued => State::Queued,
        Stage::Opening => State::Preparing,
        Stage::Completing => State::Finishing,
        Stage::Moving => {
            let trouble = queue.parts(upload.id).and_then(|parts| parts.trouble(now()));
            trouble.map_or(State::Uploading, |failure| State::Waiting(Error::from(failure)))
        }
    }
}
