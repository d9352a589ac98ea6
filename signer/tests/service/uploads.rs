//! Whole uploads, and the calls on their way.

use nearput_api::{
    AbortUpload, Aborted, ErrorCode, ListParts, OpenUploads, OpenedUpload, PathKind, Plan, SignParts, SignedParts,
    Sites, StoredParts, path,
};

use crate::client::{send, send_part, send_with};
use crate::storage::{BUCKET, Storage};
use crate::world::{Options, PART, Signer, TOKEN, bytes, checksum, done, failed, file, start, to_complete};

const MULTIPART: Plan = Plan::Multipart { part_size: PART };

/// Sends all parts and returns their ETags.
async fn send_parts(opened: &OpenedUpload, content: &[u8]) -> Vec<Option<String>> {
    let mut etags = Vec::new();
    for part in &opened.parts {
        let range = opened.plan.part_range(content.len() as u64, part.number).expect("a part");
        let reply = send_part(part, &content[range.start as usize..range.end as usize]).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        etags.push(Some(reply.headers["etag"].to_str().expect("text").to_owned()));
    }
    etags
}

async fn open_and_send(signer: &Signer, content: &[u8], plan: Plan) -> (OpenedUpload, Vec<Option<String>>) {
    let opened = signer.open(file(content, plan)).await;
    let etags = send_parts(&opened, content).await;
    (opened, etags)
}

#[tokio::test]
async fn a_file_in_parts_arrives_byte_for_byte() {
    let (storage, signer) = start().await;
    let content = bytes(2 * PART + 1);
    let (opened, etags) = open_and_send(&signer, &content, MULTIPART).await;
    assert_eq!(opened.parts.len(), 3);
    assert!(opened.key.starts_with("private/developer/") && opened.key.ends_with("/photo_of_ü.jpg"), "{}", opened.key);

    let completed = done(signer.complete(to_complete(&opened, &content, etags)).await);
    assert_eq!((completed.site.as_str(), completed.bucket.as_str(), &completed.key), ("local", BUCKET, &opened.key));
    assert_eq!(completed.size, content.len() as u64);
    assert_eq!(storage.object(&opened.key).expect("the object"), content);

    let download = send("GET", &completed.download_url, &[], "").await;
    assert_eq!(download.body, content);
    assert_eq!(download.headers["content-type"], "image/jpeg");
    assert_eq!(download.headers["x-amz-meta-album"], "summer");
    assert_eq!(download.headers["content-disposition"], "attachment; filename*=UTF-8''photo%20of%20%C3%BC.jpg");
}

#[tokio::test]
async fn a_file_in_one_put_arrives_byte_for_byte() {
    let (storage, signer) = start().await;
    for content in [bytes(0), bytes(1), bytes(100_000)] {
        let (opened, _) = open_and_send(&signer, &content, Plan::Put).await;
        let completed = done(signer.complete(to_complete(&opened, &content, Vec::new())).await);
        assert_eq!(storage.object(&opened.key).expect("the object"), content);
        assert_eq!(completed.checksum, Some(checksum(&content)));

        let download = send("GET", &completed.download_url, &[], "").await;
        assert_eq!(download.headers["content-type"], "image/jpeg");
        assert_eq!(download.headers["x-amz-meta-album"], "summer");
        assert!(download.headers.contains_key("content-disposition"));
    }
}

#[tokio::test]
async fn completing_twice_answers_the_same() {
    let (_storage, signer) = start().await;
    let content = bytes(PART + 1);
    for plan in [Plan::Put, MULTIPART] {
        let (opened, etags) = open_and_send(&signer, &content, plan).await;
        let etags = if plan == Plan::Put { Vec::new() } else { etags };
        let first = done(signer.complete(to_complete(&opened, &content, etags.clone())).await);
        let mut second = done(signer.complete(to_complete(&opened, &content, etags)).await);
        second.download_url.clone_from(&first.download_url);
        assert_eq!(first, second);
    }
}

#[tokio::test]
async fn a_signed_request_is_good_for_its_own_bytes_and_headers_only() {
    let (storage, signer) = start().await;
    let content = bytes(100);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let part = &opened.parts[0];

    assert_eq!(send_part(part, &content[..99]).await.status, 403, "another length");
    // s3s-fs keeps what it refuses, so it has an upload of its own.
    let other = signer.open(file(&content, Plan::Put)).await;
    assert_eq!(send_part(&other.parts[0], &[0; 100]).await.status, 400, "other bytes");
    for name in part.headers.keys() {
        let mut headers = part.headers.clone();
        headers.insert(name.clone(), "AAAAAAAAAAA=".to_owned());
        assert_eq!(send_with(part, &headers, &content).await.status, 403, "another {name}");
    }
    let mut elsewhere = part.clone();
    elsewhere.urls.values_mut().for_each(|url| *url = url.replace("/private/", "/public/"));
    assert_eq!(send_part(&elsewhere, &content).await.status, 403, "another key");

    assert_eq!(send_part(part, &content).await.status, 200);
    assert_eq!(storage.object(&opened.key).expect("the object"), content);
}

#[tokio::test]
async fn parts_are_signed_later_and_listed_when_stored() {
    let (storage, signer) = start().await;
    let content = bytes(2 * PART);
    let mut asked = file(&content, MULTIPART);
    let mut parts = std::mem::take(&mut asked.parts);
    let opened = signer.open(asked).await;
    assert!(opened.parts.is_empty());

    let body = SignParts { ticket: opened.ticket.clone(), parts: vec![parts.remove(1)] };
    let signed: SignedParts = signer.call(path::SIGN, &body).await.json();
    assert_eq!(signed.parts[0].number, 2);
    let lasts = (signed.parts[0].expires_at - signed.server_time) / 1000;
    assert!((898..=900).contains(&lasts), "{lasts} s");
    assert_eq!(send_part(&signed.parts[0], &content[PART as usize..]).await.status, 200);

    let ticket = opened.ticket.clone();
    let stored: StoredParts = signer.call(path::PARTS, &ListParts { ticket: ticket.clone() }).await.json();
    assert_eq!(stored.parts.iter().map(|part| (part.number, part.size)).collect::<Vec<_>>(), [(2, PART)]);

    let _: Aborted = signer.call(path::ABORT, &AbortUpload { ticket: ticket.clone() }).await.json();
    assert_eq!(storage.loose_parts(), 0);
    assert_ne!(send_part(&signed.parts[0], &content[PART as usize..]).await.status, 200);
}

#[tokio::test]
async fn one_bad_file_does_not_fail_the_others() {
    let (_storage, signer) = start().await;
    let good = file(&bytes(10), Plan::Put);
    let mut forbidden = good.clone();
    forbidden.content_type = "text/html".to_owned();
    let outcomes = signer.open_all(vec![good.clone(), forbidden, good]).await;
    let [first, second, third] = <[_; 3]>::try_from(outcomes).expect("three");
    assert_ne!(done(first).key, done(third).key);
    assert_eq!(failed(second), ErrorCode::TypeNotAllowed);
}

#[tokio::test]
async fn a_thousand_files_are_opened_by_one_call() {
    let (_storage, signer) = start().await;
    let mut asked = file(&bytes(10), Plan::Put);
    asked.metadata.clear();
    let opened = signer.open_all(vec![asked; 1000]).await;
    let keys: std::collections::HashSet<_> = opened.into_iter().map(|outcome| done(outcome).key).collect();
    assert_eq!(keys.len(), 1000);
}

#[tokio::test]
async fn what_is_not_stored_is_not_reported_as_done() {
    let (_storage, signer) = start().await;
    let content = bytes(PART + 1);

    let unsent = signer.open(file(&content, Plan::Put)).await;
    assert_eq!(failed(signer.complete(to_complete(&unsent, &content, vec![])).await), ErrorCode::UploadIncomplete);

    let (put, _) = open_and_send(&signer, &content, Plan::Put).await;
    let mut other = to_complete(&put, &content, vec![]);
    other.checksum = Some(checksum(b"another file"));
    assert_eq!(failed(signer.complete(other).await), ErrorCode::ChecksumMismatch);

    let (opened, etags) = open_and_send(&signer, &content, MULTIPART).await;
    for etags in [vec![], etags[..1].to_vec(), [etags.clone(), etags.clone()].concat()] {
        let outcome = signer.complete(to_complete(&opened, &content, etags)).await;
        assert_eq!(failed(outcome), ErrorCode::UploadIncomplete);
    }
    let mut reversed = to_complete(&opened, &content, etags.clone());
    reversed.parts.reverse();
    assert_eq!(failed(signer.complete(reversed).await), ErrorCode::UploadIncomplete);
    done(signer.complete(to_complete(&opened, &content, etags)).await);
}

#[tokio::test]
async fn awkward_names_are_stored_under_safe_keys() {
    let (storage, signer) = start().await;
    let content = bytes(10);
    // Longer names are left out here only because s3s-fs makes file names of keys.
    for name in ["two words.txt", "ü.txt", "😀.txt", "a%2Fb.txt", "../../a.txt", "..", ""] {
        let mut asked = file(&content, Plan::Put);
        asked.name = name.to_owned();
        let opened = signer.open(asked).await;
        assert_eq!(opened.key.matches('/').count(), 3, "{}", opened.key);
        assert!(!opened.key.contains(['%', '\\', ' ']) && !opened.key.contains(".."), "{}", opened.key);
        send_parts(&opened, &content).await;
        let completed = done(signer.complete(to_complete(&opened, &content, vec![])).await);
        assert_eq!(storage.object(&opened.key).expect("the object"), content);
        assert_eq!(send("GET", &completed.download_url, &[], "").await.body, content);
    }
}

#[tokio::test]
async fn the_caller_learns_the_sites_and_its_limits() {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Default::default()).await;
    let authorization = format!("Bearer {TOKEN}");
    let by_get = send("GET", &signer.url(path::SITES), &[("authorization", &authorization)], "").await;
    let by_post = send("POST", &signer.url(path::SITES), &[], format!(r#"{{"token":"{TOKEN}"}}"#)).await;
    for reply in [by_get, by_post] {
        let sites: Sites = reply.json();
        assert_eq!((sites.home.as_str(), sites.sites.len()), ("local", 1));
        assert_eq!(sites.sites[0].paths[0].kind, PathKind::Custom);
        let probe = send("GET", &sites.sites[0].paths[0].probe_url, &[], "").await;
        assert_eq!(probe.status, 403, "the probe reaches the storage, which tells nothing");
        assert_eq!(sites.limits.types, ["*/*"]);
    }
}

#[tokio::test]
async fn a_call_as_plain_text_with_its_token_in_the_body_works() {
    let (_storage, signer) = start().await;
    let body =
        OpenUploads { site: Some("local".to_owned()), by_access_point: false, files: vec![file(&bytes(1), Plan::Put)] };
    let mut body = serde_json::to_value(body).expect("JSON");
    body["token"] = TOKEN.into();
    let headers = [("content-type", "text/plain;charset=UTF-8"), ("origin", crate::world::ORIGIN)];
    let reply = send("POST", &signer.url(path::OPEN), &headers, body.to_string()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["access-control-allow-origin"], crate::world::ORIGIN);
}

#[tokio::test]
async fn a_part_may_be_sent_by_any_path_of_the_site() {
    let storage = Storage::start().await;
    let port = storage.address.port();
    let site = format!("further_endpoints = ['http://localhost:{port}']");
    let signer = Signer::start(storage.address, Options { site, ..Options::default() }).await;
    let sites: Sites = signer.call(path::SITES, &serde_json::json!({})).await.json();
    let paths: Vec<_> = sites.sites[0].paths.iter().map(|path| path.id.as_str()).collect();
    assert_eq!(paths, ["custom", "custom-2"]);
    assert!(sites.sites[0].paths[1].probe_url.starts_with(&format!("http://localhost:{port}/")));

    let content = bytes(PART + 1);
    let opened = signer.open(file(&content, MULTIPART)).await;
    let mut etags = Vec::new();
    for (part, id) in opened.parts.iter().zip(["custom-2", "custom"]) {
        assert_eq!(part.urls.keys().collect::<Vec<_>>(), ["custom", "custom-2"]);
        let mut by_one = part.clone();
        by_one.urls = [("custom".to_owned(), part.urls[id].clone())].into();
        let range = MULTIPART.part_range(PART + 1, part.number).expect("a part");
        let reply = send_part(&by_one, &content[range.start as usize..range.end as usize]).await;
        etags.push(Some(reply.headers["etag"].to_str().expect("text").to_owned()));
    }
    done(signer.complete(to_complete(&opened, &content, etags)).await);
    assert_eq!(storage.object(&opened.key).expect("the object"), content);
}

#[tokio::test]
async fn the_signer_may_reach_the_storage_by_another_address_than_browsers_do() {
    let storage = Storage::start().await;
    let browsers = "127.0.0.1:9".parse().expect("an address");
    let site = format!("internal_endpoint = 'http://{}'", storage.address);
    let signer = Signer::start(browsers, Options { site, ..Options::default() }).await;
    let opened = signer.open(file(&bytes(1), MULTIPART)).await;
    assert!(opened.parts[0].urls["custom"].starts_with("http://127.0.0.1:9/"));
}
