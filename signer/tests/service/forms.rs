//! Small files as forms.

use nearput_api::{
    AbortUpload, Aborted, CompleteUploads, CompletedUploads, ErrorCode, OpenFile, OpenUploads, OpenedUploads,
    PartToSign, Plan, SignParts, SignedParts, path,
};

use crate::client::{send, send_form, send_part};
use crate::scripted::{Answer, Script, ScriptedStorage};
use crate::storage::{BUCKET, Storage};
use crate::world::{Options, Signer, TOKEN, bytes, checksum, done, failed, file, to_complete};

/// s3s-fs computes no checksum by itself.
const WITHOUT_CHECKSUM: &str = "profile.checksum = 'none'";

async fn start() -> (Storage, Signer) {
    let storage = Storage::start().await;
    let signer =
        Signer::start(storage.address, Options { site: WITHOUT_CHECKSUM.to_owned(), ..Options::default() }).await;
    (storage, signer)
}

fn form(content: &[u8]) -> OpenFile {
    OpenFile { parts: Vec::new(), ..file(content, Plan::Form) }
}

fn confirmed(size: u64, checksum: Option<String>) -> Script {
    let mut headers = vec![("content-length", size.to_string()), ("etag", "\"e\"".to_owned())];
    headers.extend(checksum.map(|checksum| ("x-amz-checksum-crc64nvme", checksum)));
    Script { head: Answer::Headers(headers), ..Script::default() }
}

#[tokio::test]
async fn a_file_in_a_form_arrives_byte_for_byte() {
    let (storage, signer) = start().await;
    for content in [bytes(0), bytes(1), bytes(100_000)] {
        let opened = signer.open(form(&content)).await;
        let [part] = &opened.parts[..] else { panic!("one part, though none was asked for") };
        assert_eq!((opened.plan, part.number, part.method.as_str()), (Plan::Form, 1, "POST"));
        assert_eq!(part.urls["custom"], format!("http://{}/{BUCKET}", storage.address));
        assert!(part.headers.is_empty());

        let sent = send_part(part, &content).await;
        assert_eq!(sent.status, 204, "{}", String::from_utf8_lossy(&sent.body));
        let completed = done(signer.complete(to_complete(&opened, &content, vec![])).await);
        assert_eq!(storage.object(&opened.key).expect("the object"), content);

        let download = send("GET", &completed.download_url, &[], "").await;
        assert_eq!(download.body, content);
        assert_eq!(download.headers["content-type"], "image/jpeg");
        assert_eq!(download.headers["x-amz-meta-album"], "summer");
        assert_eq!(download.headers["content-disposition"], "attachment; filename*=UTF-8''photo%20of%20%C3%BC.jpg");
    }
}

#[tokio::test]
async fn a_form_is_good_for_its_own_fields_and_size_only() {
    let (storage, signer) = start().await;
    let content = bytes(100);
    let opened = signer.open(form(&content)).await;
    let part = &opened.parts[0];

    for length in [99, 101] {
        assert_eq!(send_part(part, &bytes(length)).await.status, 400, "{length} bytes");
    }
    for name in part.fields.keys() {
        let mut fields = part.fields.clone();
        fields.insert(name.clone(), fields[name].replace('a', "b") + "x");
        let status = send_form(part, &fields, &content).await.status;
        assert!(!status.is_success(), "another {name}: {status}");
    }
    let mut further = part.fields.clone();
    further.insert("x-amz-acl".to_owned(), "public-read".to_owned());
    assert_eq!(send_form(part, &further, &content).await.status, 403, "another field");

    assert_eq!(storage.object(&opened.key), None);
    assert_eq!(send_part(part, &content).await.status, 204);
}

#[tokio::test]
async fn opening_signing_and_aborting_a_form_asks_nothing_of_the_storage() {
    let storage = ScriptedStorage::start(Script::default()).await;
    let signer = Signer::start(storage.address, Options::default()).await;
    let opened = signer.open(form(&bytes(10))).await;
    let parts = vec![PartToSign { number: 1, checksum: None }];
    let signed: SignedParts = signer.call(path::SIGN, &SignParts { ticket: opened.ticket.clone(), parts }).await.json();
    assert_eq!(signed.parts[0].fields["key"], opened.key);
    let parts = vec![PartToSign { number: 2, checksum: None }];
    let second = signer.call(path::SIGN, &SignParts { ticket: opened.ticket.clone(), parts }).await;
    assert_eq!(second.error(), (400, ErrorCode::InvalidPartNumber));
    let _: Aborted = signer.call(path::ABORT, &AbortUpload { ticket: opened.ticket }).await.json();
    assert_eq!(storage.asked(), 0);
}

#[tokio::test]
async fn a_form_is_done_only_if_the_storage_shows_its_size_and_checksum() {
    let content = bytes(10);
    for (script, expected) in [
        (confirmed(10, Some(checksum(&content))), None),
        (confirmed(11, Some(checksum(&content))), Some(ErrorCode::ChecksumMismatch)),
        (confirmed(10, Some(checksum(b"else"))), Some(ErrorCode::ChecksumMismatch)),
        (confirmed(10, None), Some(ErrorCode::StorageRefused)),
        (Script::default(), Some(ErrorCode::UploadIncomplete)),
        (Script { head: Answer::Error(503, "SlowDown"), ..Script::default() }, Some(ErrorCode::StorageUnavailable)),
    ] {
        let storage = ScriptedStorage::start(script).await;
        let signer = Signer::start(storage.address, Options::default()).await;
        let opened = signer.open(form(&content)).await;
        let outcome = signer.complete(to_complete(&opened, &content, vec![])).await;
        match expected {
            None => assert_eq!(done(outcome).checksum, Some(checksum(&content))),
            Some(code) => assert_eq!(failed(outcome), code),
        }
    }
}

#[tokio::test]
async fn a_thousand_forms_are_opened_and_completed_by_one_call_each() {
    let content = bytes(10);
    let storage = ScriptedStorage::start(confirmed(10, Some(checksum(&content)))).await;
    let signer = Signer::start(storage.address, Options::default()).await;
    let opened: Vec<_> = signer.open_all(vec![form(&content); 1000]).await.into_iter().map(done).collect();
    let keys: std::collections::HashSet<_> = opened.iter().map(|upload| &upload.key).collect();
    assert_eq!(keys.len(), 1000);

    let uploads = opened.iter().map(|upload| to_complete(upload, &content, vec![])).collect();
    let completed: CompletedUploads = signer.call(path::COMPLETE, &CompleteUploads { uploads }).await.json();
    for (completed, opened) in completed.uploads.into_iter().map(done).zip(&opened) {
        assert_eq!(completed.key, opened.key);
    }
}

#[tokio::test]
async fn a_long_reply_is_compressed_where_that_is_asked_for() {
    let (_storage, signer) = start().await;
    let body = OpenUploads { site: None, by_access_point: false, files: vec![form(&bytes(10)); 200] };
    let body = serde_json::to_vec(&body).expect("JSON");
    let authorization = format!("Bearer {TOKEN}");
    let raw = send("POST", &signer.url(path::OPEN), &[("authorization", &authorization)], body.clone()).await;
    assert!(!raw.headers.contains_key("content-encoding"));
    assert_eq!(raw.json::<OpenedUploads>().uploads.len(), 200);

    let headers =
        [("authorization", authorization.as_str()), ("accept-encoding", "gzip"), ("origin", crate::world::ORIGIN)];
    let compressed = send("POST", &signer.url(path::OPEN), &headers, body).await;
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert_eq!(compressed.headers["access-control-allow-origin"], crate::world::ORIGIN);
    assert!(compressed.body.len() * 2 < raw.body.len(), "{} of {}", compressed.body.len(), raw.body.len());

    let short = send("GET", &signer.url(path::HEALTH), &headers, "").await;
    assert!(!short.headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn a_value_that_the_storage_would_rewrite_is_refused() {
    let (_storage, signer) = start().await;
    let mut asked = form(&bytes(1));
    asked.metadata = [("name".to_owned(), "${filename}".to_owned())].into();
    assert_eq!(failed(signer.open_all(vec![asked.clone()]).await.remove(0)), ErrorCode::InvalidPlan);
    asked.content_type = "image/png;name=${filename}".to_owned();
    std::mem::take(&mut asked.metadata);
    assert_eq!(failed(signer.open_all(vec![asked.clone()]).await.remove(0)), ErrorCode::InvalidPlan);
    asked.content_type = "image/png".to_owned();
    asked.metadata = [("name".to_owned(), "$5 {filename}".to_owned())].into();
    let opened = signer.open(asked).await;
    assert_eq!(send_part(&opened.parts[0], &bytes(1)).await.status, 204);
}
