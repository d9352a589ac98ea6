//! What the signer makes of a storage's answers, and what it asks of a storage.

use nearput_api::{AbortUpload, CompletedUpload, ErrorCode, ListParts, OpenedUpload, Outcome, Plan, StoredParts, path};

use crate::scripted::{Answer, Asked, Script, ScriptedStorage, complete_xml, list_xml};
use crate::world::{Options, PART, Signer, bytes, checksum, done, failed, file, to_complete};

struct World {
    storage: ScriptedStorage,
    signer: Signer,
    content: Vec<u8>,
    opened: OpenedUpload,
}

impl World {
    /// An upload of two parts.
    async fn open(script: Script) -> Self {
        let storage = ScriptedStorage::start(script).await;
        let signer = Signer::start(storage.address, Options::default()).await;
        let content = bytes(PART + 1);
        let opened = signer.open(file(&content, Plan::Multipart { part_size: PART })).await;
        Self { storage, signer, content, opened }
    }

    async fn complete(&self, etags: [Option<&str>; 2]) -> Outcome<CompletedUpload> {
        let etags = etags.map(|etag| etag.map(str::to_owned)).to_vec();
        self.signer.complete(to_complete(&self.opened, &self.content, etags)).await
    }
}

fn stored(size: u64, checksum: Option<String>) -> Answer {
    let mut headers = vec![("content-length", size.to_string()), ("etag", "\"e\"".to_owned())];
    headers.extend(checksum.map(|checksum| ("x-amz-checksum-crc64nvme", checksum)));
    Answer::Headers(headers)
}

fn the_file() -> Answer {
    stored(PART + 1, Some(checksum(&bytes(PART + 1))))
}

const SENT: [Option<&str>; 2] = [Some("\"e1\""), Some("\"e2\"")];

#[tokio::test]
async fn the_storage_is_told_what_to_hold_the_bytes_to() {
    let world = World::open(Script { head: the_file(), ..Script::default() }).await;
    done(world.complete(SENT).await);

    let header = |asked: &Asked, name: &str| asked.headers[name].to_str().expect("text").to_owned();
    let create = &world.storage.asked_for("create")[0];
    assert_eq!(header(create, "x-amz-checksum-algorithm"), "CRC64NVME");
    assert_eq!(header(create, "x-amz-checksum-type"), "FULL_OBJECT");
    assert_eq!(header(create, "content-type"), "image/jpeg");
    assert_eq!(header(create, "content-disposition"), "attachment; filename*=UTF-8''photo%20of%20%C3%BC.jpg");
    assert_eq!(header(create, "x-amz-meta-album"), "summer");

    let complete = &world.storage.asked_for("complete")[0];
    assert_eq!(header(complete, "x-amz-mp-object-size"), (PART + 1).to_string());
    assert_eq!(header(complete, "x-amz-checksum-crc64nvme"), checksum(&world.content));
    assert_eq!(header(complete, "x-amz-checksum-type"), "FULL_OBJECT");
    assert!(complete.body.contains("<PartNumber>2</PartNumber>"), "{}", complete.body);
    assert_eq!(header(&world.storage.asked_for("head")[0], "x-amz-checksum-mode"), "ENABLED");
    for asked in ["create", "complete", "head"].map(|name| world.storage.asked_for(name).remove(0)) {
        assert!(!asked.headers.contains_key("x-amz-trailer"), "{}", asked.operation);
        assert!(!asked.headers.contains_key("x-amz-checksum-crc32"), "{}", asked.operation);
    }
    let url = &world.opened.parts[0].urls["custom"];
    assert!(url.contains("?partNumber=1&uploadId=the%2Fupload%2Bid&"), "{url}");
}

#[tokio::test]
async fn an_upload_is_done_only_if_the_stored_object_is_the_file() {
    let lost = Answer::Error(404, "NoSuchUpload");
    let nowhere = Answer::Error(404, "NotFound");
    for (complete, head, expected) in [
        (complete_xml(), the_file(), None),
        (complete_xml(), stored(PART + 1, None), None),
        (complete_xml(), stored(PART, None), Some(ErrorCode::ChecksumMismatch)),
        (complete_xml(), stored(PART + 1, Some(checksum(b""))), Some(ErrorCode::ChecksumMismatch)),
        (complete_xml(), nowhere.clone(), Some(ErrorCode::UploadIncomplete)),
        (complete_xml(), Answer::Error(403, "AccessDenied"), Some(ErrorCode::StorageRefused)),
        // A finished upload is unknown to many services.
        (lost.clone(), the_file(), None),
        (lost.clone(), stored(PART + 1, Some(checksum(b""))), Some(ErrorCode::ChecksumMismatch)),
        (lost.clone(), Answer::Error(503, "SlowDown"), Some(ErrorCode::StorageUnavailable)),
        (lost.clone(), Answer::Error(403, "AccessDenied"), Some(ErrorCode::UploadNotFound)),
        (lost, nowhere.clone(), Some(ErrorCode::UploadNotFound)),
        // Another Complete of it may still be at work.
        (Answer::Error(409, "ConditionalRequestConflict"), the_file(), None),
        (Answer::Error(409, "ConditionalRequestConflict"), nowhere.clone(), Some(ErrorCode::StorageUnavailable)),
        (
            Answer::Error(409, "ConditionalRequestConflict"),
            Answer::Error(403, "AccessDenied"),
            Some(ErrorCode::StorageUnavailable),
        ),
        (Answer::Error(409, "OperationAborted"), nowhere.clone(), Some(ErrorCode::StorageUnavailable)),
        (Answer::Error(403, "AccessDenied"), the_file(), None),
        (Answer::Error(403, "AccessDenied"), nowhere.clone(), Some(ErrorCode::StorageRefused)),
        (Answer::Error(400, "InvalidPart"), the_file(), Some(ErrorCode::UploadIncomplete)),
        (Answer::Error(400, "InvalidPartOrder"), nowhere.clone(), Some(ErrorCode::UploadIncomplete)),
        (Answer::Error(400, "EntityTooSmall"), nowhere.clone(), Some(ErrorCode::UploadIncomplete)),
        (Answer::Error(400, "BadDigest"), nowhere.clone(), Some(ErrorCode::ChecksumMismatch)),
        // S3 may begin a 200 before it knows how Complete ends.
        (Answer::Error(200, "InternalError"), nowhere.clone(), Some(ErrorCode::StorageUnavailable)),
        (Answer::Error(200, "InvalidPart"), nowhere.clone(), Some(ErrorCode::UploadIncomplete)),
        (Answer::Error(200, "NoSuchUpload"), the_file(), None),
        (Answer::Error(503, "SlowDown"), nowhere, Some(ErrorCode::StorageUnavailable)),
    ] {
        let world = World::open(Script { complete, head, ..Script::default() }).await;
        match (world.complete(SENT).await, expected) {
            (Outcome::Done(completed), None) => assert_eq!(completed.size, PART + 1),
            (outcome, None) => panic!("{outcome:?}"),
            (outcome, Some(code)) => assert_eq!(failed(outcome), code),
        }
    }
}

#[tokio::test]
async fn etags_that_the_browser_could_not_see_are_those_the_storage_lists() {
    let list = |_: &str| list_xml(&[1, 2], None);
    let world = World::open(Script { list, head: the_file(), ..Script::default() }).await;
    done(world.complete([Some("\"mine\""), None]).await);
    let body = &world.storage.asked_for("complete")[0].body;
    assert!(body.contains("mine") && body.contains("e2") && !body.contains("e1"), "{body}");
}

#[tokio::test]
async fn parts_that_the_storage_does_not_list_are_missing() {
    let world = World::open(Script { list: |_| list_xml(&[1], None), head: the_file(), ..Script::default() }).await;
    assert_eq!(failed(world.complete([None, None]).await), ErrorCode::UploadIncomplete);
    assert!(world.storage.asked_for("complete").is_empty());
}

#[tokio::test]
async fn two_completes_at_once_answer_the_same() {
    let world = World::open(Script { head: the_file(), ..Script::default() }).await;
    let (mut one, other) = tokio::join!(world.complete(SENT), world.complete(SENT));
    if let (Outcome::Done(one), Outcome::Done(other)) = (&mut one, &other) {
        one.download_url.clone_from(&other.download_url);
    }
    assert_eq!(done(one), done(other));
}

#[tokio::test]
async fn a_service_without_crc64nvme_is_told_crc32c() {
    let head = Answer::Headers(vec![
        ("content-length", (PART + 1).to_string()),
        ("etag", "\"e\"".to_owned()),
        ("x-amz-checksum-crc32c", "AAAAAA==".to_owned()),
    ]);
    let storage = ScriptedStorage::start(Script { head, ..Script::default() }).await;
    let site = "profile = { checksum = 'crc32c', form = false }".to_owned();
    let signer = Signer::start(storage.address, Options { site, ..Options::default() }).await;
    let mut asked = file(&bytes(PART + 1), Plan::Multipart { part_size: PART });
    let wrong = failed(signer.open_all(vec![asked.clone()]).await.remove(0));
    assert_eq!(wrong, ErrorCode::InvalidChecksum, "CRC64NVME where CRC32C is needed");
    asked.parts.iter_mut().for_each(|part| part.checksum = Some("AAAAAA==".to_owned()));
    let opened = signer.open(asked).await;
    assert_eq!(opened.parts[0].headers["x-amz-checksum-crc32c"], "AAAAAA==");
    assert!(opened.parts[0].urls["custom"].contains("x-amz-checksum-crc32c&"));

    let mut complete = to_complete(&opened, &[], SENT.map(|etag| etag.map(str::to_owned)).to_vec());
    complete.checksum = Some("AAAAAQ==".to_owned());
    assert_eq!(failed(signer.complete(complete.clone()).await), ErrorCode::ChecksumMismatch);
    complete.checksum = Some("AAAAAA==".to_owned());
    complete.parts.iter_mut().for_each(|part| part.checksum = Some("AAAAAA==".to_owned()));
    assert_eq!(done(signer.complete(complete).await).checksum.as_deref(), Some("AAAAAA=="));

    let header = |asked: &Asked, name: &str| asked.headers[name].to_str().expect("text").to_owned();
    let create = &storage.asked_for("create")[0];
    assert_eq!(header(create, "x-amz-checksum-algorithm"), "CRC32C");
    assert_eq!(header(create, "x-amz-checksum-type"), "FULL_OBJECT");
    let complete = &storage.asked_for("complete")[1];
    assert_eq!(header(complete, "x-amz-checksum-crc32c"), "AAAAAA==");
    assert_eq!(header(complete, "x-amz-checksum-type"), "FULL_OBJECT");
    assert!(complete.body.contains("<ChecksumCRC32C>AAAAAA==</ChecksumCRC32C>"), "{}", complete.body);
    assert!(!complete.body.contains("NVME"), "{}", complete.body);
}

#[tokio::test]
async fn an_upload_that_is_gone_is_not_found_and_a_finished_one_is_when_etags_are_missing() {
    let list = |_: &str| Answer::Error(404, "NoSuchUpload");
    let world = World::open(Script { list, ..Script::default() }).await;
    let reply = world.signer.call(path::PARTS, &ListParts { ticket: world.opened.ticket.clone() }).await;
    assert_eq!(reply.error(), (404, ErrorCode::UploadNotFound));
    assert_eq!(failed(world.complete([None, None]).await), ErrorCode::UploadNotFound);

    let world = World::open(Script { list, head: the_file(), ..Script::default() }).await;
    done(world.complete([None, None]).await);
}

#[tokio::test]
async fn every_page_of_parts_is_listed() {
    let list = |marker: &str| match marker {
        "" => list_xml(&[2, 1], Some(2)),
        _ => list_xml(&[3], None),
    };
    let world = World::open(Script { list, ..Script::default() }).await;
    let stored: StoredParts =
        world.signer.call(path::PARTS, &ListParts { ticket: world.opened.ticket.clone() }).await.json();
    assert_eq!(stored.parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn an_abort_is_repeated_while_parts_land_and_is_fine_where_nothing_is_left() {
    for (abort, list, status, aborts) in [
        (Answer::Headers(vec![]), (|_| list_xml(&[], None)) as fn(&str) -> Answer, 200, 1),
        (Answer::Headers(vec![]), |_| Answer::Error(404, "NoSuchUpload"), 200, 1),
        (Answer::Error(404, "NoSuchUpload"), |_| list_xml(&[], None), 200, 1),
        (Answer::Headers(vec![]), |_| list_xml(&[1], None), 503, 3),
    ] {
        let world = World::open(Script { abort, list, ..Script::default() }).await;
        let reply = world.signer.call(path::ABORT, &AbortUpload { ticket: world.opened.ticket.clone() }).await;
        assert_eq!(reply.status, status);
        assert_eq!(world.storage.asked_for("abort").len(), aborts);
    }
}
