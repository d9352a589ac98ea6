//! Receiving a request's body: it is written aside and checked against every checksum the client gave.
//! Only a body that passed is handed on, so a wrong one leaves nothing behind.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum, Md5};
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::checksums::Checksums;
use super::promises::Promises;

/// One PUT or part at most: 5 GiB.
const MAX_BODY_SIZE: u64 = 5 << 30;
/// How many chunks of the network's may wait to be written.
const CHUNKS_AHEAD: usize = 16;

/// A body that is whole and right, in a file of its own.
pub(super) struct Received {
    pub(super) file: Incoming,
    /// In bytes.
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) checksums: Checksums,
}

/// A file that is deleted unless it is put to its place.
pub(super) struct Incoming(PathBuf);

impl Incoming {
    /// `path` need not exist yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it the file at `place`, in one step.
    pub(super) fn put(self, place: &Path) -> io::Result<()> {
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(&self.0, place)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Nothing is there after `put`; and whatever stays is deleted at the next start.
        let _ = fs::remove_file(&self.0);
    }
}

/// Receives a body into the file `incoming`, and checks it. Hashing and writing have a thread of their own.
pub(super) async fn receive(body: Option<StreamingBlob>, promises: Promises, incoming: Incoming) -> S3Result<Received> {
    let body = body.ok_or_else(|| s3_error!(IncompleteBody, "The request has no body."))?;
    let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
    let (hasher, md5) = (promises.hasher(), promises.md5());
    let writer = spawn_blocking(move || write(chunks, Written { file: incoming, hasher, md5 }));
    let sent = forward(body, sender).await;
    let written = writer.await.map_err(S3Error::internal_error)?.map_err(S3Error::internal_error)?;
    let size = sent?;
    let computed = written.hasher.finalize();
    promises.check(&computed, written.md5)?;
    let checksums =
        Checksums { crc64nvme: computed.checksum_crc64nvme.unwrap_or_default(), crc32c: computed.checksum_crc32c };
    Ok(Received { file: written.file, size, etag: etag(&checksums, size), checksums })
}

/// Hands the body's chunks on, and counts its bytes.
async fn forward(mut body: StreamingBlob, writer: mpsc::Sender<Bytes>) -> S3Result<u64> {
    let mut size = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
        size += chunk.len() as u64;
        if size > MAX_BODY_SIZE {
            return Err(s3_error!(EntityTooLarge, "One request can carry 5 GiB at most. Send the file in parts."));
        }
        if writer.send(chunk).await.is_err() {
            // It has failed, and says why itself.
            break;
        }
    }
    Ok(size)
}

struct Written {
    file: Incoming,
    hasher: ChecksumHasher,
    md5: Option<Md5>,
}

fn write(mut chunks: mpsc::Receiver<Bytes>, mut written: Written) -> io::Result<Written> {
    let mut file = File::create(written.file.path())?;
    while let Some(chunk) = chunks.blocking_recv() {
        written.hasher.update(&chunk);
        if let Some(md5) = &mut written.md5 {
            md5.update(&chunk);
        }
        file.write_all(&chunk)?;
    }
    Ok(written)
}

/// Another content has another ETag. As S3's own for encrypted objects, it is no MD5: that would halve the speed.
pub(super) fn etag(checksums: &Checksums, size: u64) -> String {
    let checksum = BASE64_STANDARD.decode(&checksums.crc64nvme).unwrap_or_default();
    let checksum: String = checksum.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{checksum}{size:016x}")
}
