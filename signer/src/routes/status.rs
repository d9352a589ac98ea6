//! `POST /v1/uploads/status`: whether an upload's object is there, and where else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt as _, stream};
use nearput_api::{AskStatus, Replica, ReplicaState, UploadStatus, path};

use super::openapi::Failures;
use super::verify::verify;
use crate::app::App;
use crate::auth::{Call, Caller};
use crate::aws::StoredObject;
use crate::checksum::{Checked, Checksum};
use crate::clock::unix_millis;
use crate::error::Error;
use crate::replication::{self, Copy, Seen, Turn};
use crate::site::Site;
use crate::ticket::{Existing, Ticket};

/// A site that takes longer to say what it has is not waited for.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How many sites are asked at a time.
const CONCURRENCY: usize = 16;

/// Tells whether an upload's object is there, and how far its copies at other sites are.
///
/// Ask again while one is `pending`; `failed` is final. The address is that of a site that has the object. Where the rule's keys have no id of
/// their own, the object may be another's: then it is told of only with the checksum of the file.
#[utoipa::path(post, tag = "uploads", path = path::STATUS, request_body = AskStatus, responses((status = 200, body = UploadStatus, description = "Done"), Failures))]
pub(super) async fn status(State(app): State<Arc<App>>, call: Call<AskStatus>) -> Result<Json<UploadStatus>, Error> {
    let now = SystemTime::now();
    let upload = app.upload(&call.body.ticket, &call.caller, now)?;
    let ticket = &upload.ticket;
    let known = Known::of(ticket, call.body.checksum.as_deref())?;
    let stored = app.stored(&upload).await?.filter(|(_, stored)| known.is_file_of(ticket, stored));
    let Some((site, stored)) = stored else {
        return Ok(Json(UploadStatus {
            server_time: unix_millis(now),
            site: upload.site.id.clone(),
            key: ticket.key.as_str().to_owned(),
            exists: false,
            replicas: Vec::new(),
            download_url: None,
        }));
    };
    let found = copies(&app, &call.caller, ticket, &Source { site, stored: &stored }).await?;
    let nearest = found.iter().find(|found| found.is_seen && found.site.id == app.policy.home);
    Ok(Json(UploadStatus {
        server_time: unix_millis(now),
        site: site.id.clone(),
        key: ticket.key.as_str().to_owned(),
        exists: true,
        replicas: found.iter().map(Found::describe).collect(),
        download_url: Some(app.download_url(nearest.map_or(site, |found| found.site), &ticket.key).await?),
    }))
}

/// What the caller shows to know of the file.
struct Known {
    checksum: Option<Checksum>,
    /// Whether no other upload has the key.
    is_own: bool,
}

impl Known {
    /// What could never tell the file from another's is refused before any object is looked at.
    fn of(ticket: &Ticket, checksum: Option<&str>) -> Result<Self, Error> {
        let algorithm = ticket.cut().checksum;
        match ticket.existing {
            Existing::OwnOnly => {
                Ok(Self { checksum: Checksum::optional(algorithm, checksum, Checked::File)?, is_own: true })
            }
            Existing::Kept | Existing::Replaced => {
                let checksum = Checksum::required(algorithm, checksum, Checked::File)?.ok_or(Error::NoChecksum)?;
                Ok(Self { checksum: Some(checksum), is_own: false })
            }
        }
    }

    fn is_file_of(&self, ticket: &Ticket, stored: &StoredObject) -> bool {
        verify(stored, &ticket.cut(), self.checksum.as_ref(), self.is_own).is_ok()
    }
}

/// The object, as the site to which it was uploaded has it.
struct Source<'a> {
    site: &'a Site,
    stored: &'a StoredObject,
}

/// A copy, or where one is to be.
struct Found<'a> {
    site: &'a Site,
    state: ReplicaState,
    /// Whether the site itself has shown it.
    is_seen: bool,
}

/// At every other site of the caller's to which the storage copies.
async fn copies<'a>(
    app: &'a App,
    caller: &Caller,
    ticket: &Ticket,
    source: &Source<'_>,
) -> Result<Vec<Found<'a>>, Error> {
    let Some(replication) = source.stored.replication else { return Ok(Vec::new()) };
    let levels = app.policy.levels(caller)?;
    let may_know = |site: &Site| levels.iter().any(|level| level.sites.contains(&site.id));
    let others = app.sites.iter().filter(|site| site.id != source.site.id && may_know(site));
    let asked: Vec<_> = others.map(|site| look(site, ticket, source.stored)).collect();
    let seen: Vec<_> = stream::iter(asked).buffered(CONCURRENCY).collect().await;
    let found = seen.into_iter().filter_map(|(site, seen)| {
        let state = replication::state(replication, seen)?;
        count(app, site, ticket, source, state);
        Some(Found { site, state, is_seen: seen == Seen::Same })
    });
    Ok(found.collect())
}

async fn look<'a>(site: &'a Site, ticket: &Ticket, stored: &StoredObject) -> (&'a Site, Seen) {
    let head = site.storage.head(ticket.key.as_str(), ticket.cut().checksum);
    let seen = match tokio::time::timeout(TIMEOUT, head).await {
        Ok(Ok(Some(there))) if there.is_copy_of(stored) => Seen::Same,
        Ok(Ok(Some(_) | None)) => Seen::Absent,
        Ok(Err(error)) => {
            tracing::warn!(site = site.id, %error, "a copy could not be looked at");
            Seen::Unknown
        }
        Err(_) => {
            tracing::warn!(site = site.id, "a copy could not be looked at in time");
            Seen::Unknown
        }
    };
    (site, seen)
}

fn count(app: &App, site: &Site, ticket: &Ticket, source: &Source<'_>, state: ReplicaState) {
    let stored = source.stored;
    let (site_id, key) = (site.id.clone(), ticket.key.as_str().to_owned());
    match app.copies.note(Copy { site: site_id, key, version: stored.version_id.clone() }, state) {
        Some(Turn::Arrived) => {
            let lag = stored.stored_at.and_then(|at| SystemTime::now().duration_since(at).ok());
            lag.into_iter().for_each(|lag| site.metrics.replicated(lag));
        }
        Some(Turn::Failed) => {
            tracing::warn!(from = source.site.id, to = site.id, "a copy of an object has failed");
            site.metrics.replication_failed.inc();
        }
        None => {}
    }
}

impl Found<'_> {
    fn describe(&self) -> Replica {
        Replica {
            site: self.site.id.clone(),
            region: self.site.bucket.region.clone(),
            bucket: self.site.bucket.name.clone(),
            state: self.state,
        }
    }
}
