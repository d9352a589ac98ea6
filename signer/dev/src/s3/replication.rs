//! Objects are copied to other servers a while after they were stored, as
//! [S3 replicates](https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html) them: a replica is not replicated
//! again, and the source says how far it is.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use s3s::dto;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use uuid::Uuid;

use super::body::Incoming;
use super::layout::Layout;
use super::records::{self, ObjectRecord};

/// What an object knows of its copies, or of being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    /// Not every destination has it yet.
    Pending,
    Completed,
    /// A destination has refused it for good.
    Failed,
    Replica,
}

/// What a write is called where objects are replicated, and how far its copies are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) status: Status,
}

/// A bucket of a server, as the place to which others copy.
#[derive(Clone)]
pub struct Destination {
    bucket: String,
    layout: Layout,
    state: State,
}

/// What a server and those that copy to it know of each other.
#[derive(Clone)]
pub(super) struct State {
    is_up: watch::Sender<bool>,
    refuses: Arc<AtomicBool>,
}

/// The rule by which a server's objects are copied, once it has one.
#[derive(Clone, Default)]
pub(super) struct Replication(Arc<Mutex<Option<Rule>>>);

#[derive(Clone)]
struct Rule {
    destinations: Arc<[Destination]>,
    delay: Duration,
}

impl Status {
    pub(super) fn to_dto(self) -> dto::ReplicationStatus {
        dto::ReplicationStatus::from_static(match self {
            Self::Pending => dto::ReplicationStatus::PENDING,
            Self::Completed => dto::ReplicationStatus::COMPLETED,
            Self::Failed => dto::ReplicationStatus::FAILED,
            Self::Replica => dto::ReplicationStatus::REPLICA,
        })
    }
}

impl Default for State {
    fn default() -> Self {
        Self { is_up: watch::Sender::new(false), refuses: Arc::default() }
    }
}

impl State {
    pub(super) fn set_up(&self, is_up: bool) {
        self.is_up.send_replace(is_up);
    }

    pub(super) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }
}

impl Replication {
    pub(super) fn set(&self, destinations: Vec<Destination>, delay: Duration) {
        *self.rule() = Some(Rule { destinations: destinations.into(), delay });
    }

    /// The version of a write that happens now, if there is to be one.
    pub(super) fn version(&self) -> Option<Version> {
        self.rule().as_ref().map(|_| Version { id: Uuid::new_v4().simple().to_string(), status: Status::Pending })
    }

    /// Copies an object that has just been stored. To be called on the source's runtime: it ends with that.
    pub(super) fn begin(&self, source: &Layout, bucket: &str, object: &ObjectRecord) {
        let Some(rule) = self.rule().clone() else { return };
        if object.version.as_ref().is_some_and(|version| version.status == Status::Pending) {
            tokio::spawn(rule.replicate(source.clone(), bucket.to_owned(), object.clone()));
        }
    }

    /// Goes on with what was pending when the server stopped.
    pub(super) fn go_on(&self, source: &Layout, buckets: &[String]) -> io::Result<()> {
        for bucket in buckets {
            records::objects(source, bucket)?.iter().for_each(|object| self.begin(source, bucket, object));
        }
        Ok(())
    }

    fn rule(&self) -> MutexGuard<'_, Option<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    async fn replicate(self, source: Layout, bucket: String, object: ObjectRecord) {
        sleep(self.delay).await;
        let mut status = Status::Completed;
        for destination in self.destinations.iter() {
            if destination.receive(&source, &bucket, &object).await.is_err() {
                status = Status::Failed;
            }
        }
        // Where it fails, the object stays pending, as one that S3 has forgotten would.
        let _ = spawn_blocking(move || note(&source, &bucket, object, status)).await;
    }
}

impl Destination {
    pub(super) fn new(bucket: &str, layout: &Layout, state: &State) -> Self {
        Self { bucket: bucket.to_owned(), layout: layout.clone(), state: state.clone() }
    }

    /// Stores a copy, once the server is up.
    async fn receive(&self, source: &Layout, bucket: &str, object: &ObjectRecord) -> io::Result<()> {
        // The sender lives as long as this does.
        let _ = self.state.is_up.subscribe().wait_for(|is_up| *is_up).await;
        if self.state.refuses.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (own, source, bucket, object) = (self.clone(), source.clone(), bucket.to_owned(), object.clone());
        spawn_blocking(move || own.copy(&source, &bucket, object)).await?
    }

    fn copy(&self, source: &Layout, bucket: &str, mut object: ObjectRecord) -> io::Result<()> {
        let place = |layout: &Layout, bucket| layout.object(bucket, &object.key).map_err(io::Error::other);
        let file = Incoming::new(self.layout.incoming());
        std::fs::copy(place(source, bucket)?, file.path())?;
        file.put(&place(&self.layout, &self.bucket)?)?;
        if let Some(version) = &mut object.version {
            version.status = Status::Replica;
        }
        records::write(&self.layout, &self.layout.object_record(&self.bucket, &object.key), &object)
    }
}

/// Remembers how it went, unless the object is another by now.
fn note(source: &Layout, bucket: &str, mut object: ObjectRecord, status: Status) -> io::Result<()> {
    let place = source.object_record(bucket, &object.key);
    let now: Option<ObjectRecord> = records::read(&place)?;
    if now.is_some_and(|now| now.version == object.version)
        && let Some(version) = &mut object.version
    {
        version.status = status;
        return records::write(source, &place, &object);
    }
    Ok(())
}
