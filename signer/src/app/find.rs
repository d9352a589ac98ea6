//! The object of an upload, wherever it was stored.

use futures_util::future::join_all;

use super::App;
use crate::aws::{StorageError, StoredObject};
use crate::site::Site;
use crate::ticket::Sending;
use crate::upload::Upload;

impl App {
    /// The object, and the site that has it: the ticket's own or, where a PUT may have gone by an access point, another one behind
    /// that.
    pub(crate) async fn stored<'a>(
        &'a self,
        upload: &Upload<'a>,
    ) -> Result<Option<(&'a Site, StoredObject)>, StorageError> {
        let cut = upload.ticket.cut();
        let head = async |site: &'a Site| {
            let stored = site.storage.head(upload.ticket.key.as_str(), cut.checksum).await?;
            Ok::<_, StorageError>(stored.map(|stored| (site, stored)))
        };
        let own = head(upload.site).await?;
        if own.is_some() {
            return Ok(own);
        }
        let mut failed = None;
        for found in join_all(self.others_of(upload).map(head)).await {
            match found {
                // Of another size, it is another object.
                Ok(Some((site, stored))) if stored.size == cut.size => return Ok(Some((site, stored))),
                Ok(Some(_) | None) => {}
                Err(error) => failed = Some(error),
            }
        }
        // Where one could not be asked, it may be there.
        failed.map_or(Ok(None), Err)
    }

    /// The sites besides its own to which an access point may have taken a file.
    fn others_of<'a>(&'a self, upload: &Upload<'a>) -> impl Iterator<Item = &'a Site> {
        let access_point = match &upload.ticket.sending {
            Sending::Put(_) => upload.paths.iter().copied().find(|path| !path.is_of_one_bucket()),
            Sending::Form(_) | Sending::Multipart { .. } | Sending::Awaiting { .. } => None,
        };
        let own = upload.site.id.as_str();
        let others = self.sites.iter().filter(move |site| site.id != own);
        others.filter(move |site| access_point.is_some_and(|path| site.is_behind(path)))
    }
}
