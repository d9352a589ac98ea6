//! Requests to the storage, from their start to what is heard of them.

use std::rc::Rc;

use nearput_core::parts::{Event, Request};
use nearput_core::queue::UploadId;
use nearput_core::retry::Failure;

use super::Driver;
use crate::browser::clock::now;
use crate::browser::xhr::{Heard, Xhr};
use crate::job::PartJob;
use crate::upload::Upload;
use crate::wire::Json;

/// A path of this kind may lead to another bucket, which does not know the upload: it is the path that is of no use then.
const MRAP: &str = "mrap";

impl Driver {
    /// Sends a part by the path that was chosen for it.
    pub(super) fn send(self: &Rc<Self>, upload: &Rc<Upload>, request: Request) {
        let (later, id) = (self.later(), upload.id);
        // The request is held by the upload, which is held by the driver.
        let heard = move |heard: Heard| later(&|driver| driver.heard(id, request, heard.clone()));
        let signed = upload.signed(request.number);
        // What is not signed for a path is sent by another.
        let url = self.map().and_then(|map| {
            let path = map.paths.get(request.path)?.1.string("id")?;
            Some(signed.get("urls").get(&path)).filter(Json::exists)
        });
        let xhr =
            url.zip(upload.part(request.number)).and_then(|(url, part)| Xhr::send(&signed, &url.0, &part, heard).ok());
        match xhr {
            Some(xhr) => upload.begin(request, xhr),
            None => self.start_part(upload, PartJob::Doubt(request, Failure::Network)),
        }
    }

    fn heard(self: &Rc<Self>, id: UploadId, request: Request, heard: Heard) {
        let Some(upload) = self.upload(id) else { return };
        match heard {
            Heard::Moved(sent) => self.handle(id, Event::Moved { request, sent }),
            Heard::Stored(etag) => {
                upload.end(request);
                upload.keep_signed(request.number, Json::default());
                self.queue.borrow_mut().handle(id, Event::Stored { request, etag }, now());
                self.note_stored(&upload, request.number);
                self.pump();
                self.tell(&upload);
            }
            Heard::Failed(mut failure) => {
                upload.end(request);
                let is_rerouted = matches!(failure, Failure::Reply { status: 404, .. })
                    && self.map().is_some_and(|map| map.paths[request.path].1.string("kind").as_deref() == Some(MRAP));
                if is_rerouted {
                    failure = Failure::Network;
                }
                self.start_part(&upload, PartJob::Doubt(request, failure));
            }
        }
    }
}
