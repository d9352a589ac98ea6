//! Rules, as callers meet them.

use std::collections::BTreeMap;
use std::time::Duration;

use nearput_api::{
    AskCredentials, ErrorCode, ListParts, OpenFile, OpenUploads, OpenedUpload, OpenedUploads, Outcome, Plan, SignParts,
    SignedParts, Sites, StoredParts, path,
};
use serde_json::json;

use crate::client::{Reply, send, send_part};
use crate::scripted::{Answer, Script, ScriptedStorage};
use crate::storage::Storage;
use crate::world::{Options, PART, Signer, bytes, checksum, done, failed, file, start, to_complete};

const RULES: &str = "
    [[sites]]
    id = 'far'
    region = 'eu-central-1'
    bucket = 'far-away'
    [[rules]]
    access = 'private'
    sites = ['local']
    key = 'private/{sub}/{uuid}/{name}'
    max_files_per_call = 3
    [[rules]]
    access = 'archive'
    sites = ['far']
    key = 'archive/{uuid}/{name}'
    max_file_size = 7
    max_files_per_call = 1
    types = ['image/*']
    [[rules]]
    access = 'guest'
    callers = 'anonymous'
    sites = ['local']
    key = 'public/{uuid}/{name}'
";

const KEPT: &str = "[[rules]]\naccess = 'private'\nkey = '{sub}/{name}'\noverwrite = false\ncache_control = 'private'
    storage_class = 'GLACIER_IR'\nencryption = 'sse-s3'\ntags = { who = '{sub}' }";

async fn start_with(tables: &str) -> (Storage, Signer) {
    let storage = Storage::start().await;
    let options = Options { top: "allow_anonymous = true", tables: tables.to_owned(), ..Options::default() };
    let signer = Signer::start(storage.address, options).await;
    (storage, signer)
}

/// A call without a token.
async fn anonymous(signer: &Signer, path: &str, body: &impl serde::Serialize) -> Reply {
    send("POST", &signer.url(path), &[], serde_json::to_vec(body).expect("JSON")).await
}

fn small(access: &str) -> OpenFile {
    OpenFile { access: Some(access.to_owned()), metadata: BTreeMap::new(), ..file(&bytes(1), Plan::Put) }
}

#[tokio::test]
async fn a_caller_learns_its_own_sites_and_levels() {
    let (_storage, signer) = start_with(RULES).await;
    let sites: Sites = signer.call(path::SITES, &json!({})).await.json();
    let named: Vec<_> = sites.sites.iter().map(|site| site.id.as_str()).collect();
    assert_eq!((sites.home.as_str(), named), ("local", vec!["local", "far"]));
    let levels: Vec<_> =
        sites.levels.iter().map(|level| (level.access.as_str(), level.limits.max_files_per_call)).collect();
    assert_eq!(levels, [("private", 3), ("archive", 1)]);
    assert_eq!(sites.limits, sites.levels[0].limits);
    assert_eq!(sites.levels[1].sites, ["far"]);
    assert_eq!((sites.levels[1].limits.max_file_size, &sites.levels[1].limits.types[0][..]), (7, "image/*"));

    let sites: Sites = anonymous(&signer, path::SITES, &json!({})).await.json();
    assert_eq!(sites.sites.iter().map(|site| site.id.as_str()).collect::<Vec<_>>(), ["local"]);
    assert_eq!(sites.levels.iter().map(|level| level.access.as_str()).collect::<Vec<_>>(), ["guest"]);
}

#[tokio::test]
async fn a_site_that_no_rule_of_the_caller_allows_is_unknown() {
    let (_storage, signer) = start_with(RULES).await;
    let open = |site: &str, files| OpenUploads { site: Some(site.to_owned()), by_access_point: false, files };
    for site in ["elsewhere", "far"] {
        let reply = anonymous(&signer, path::OPEN, &open(site, vec![small("guest")])).await;
        assert_eq!(reply.error(), (404, ErrorCode::UnknownSite), "{site}");
    }
    let opened: OpenedUploads = signer.call(path::OPEN, &open("far", vec![small("private")])).await.json();
    assert_eq!(opened.uploads.into_iter().map(failed).collect::<Vec<_>>(), [ErrorCode::UnknownSite]);
    let reply = signer.call(path::OPEN, &open("elsewhere", vec![])).await;
    assert_eq!(reply.error(), (404, ErrorCode::UnknownSite));
}

#[tokio::test]
async fn each_level_has_its_own_number_of_files_for_a_call() {
    let (_storage, signer) = start_with(RULES).await;
    let reply = signer
        .call(path::OPEN, &OpenUploads { site: None, by_access_point: false, files: vec![small("private"); 4] })
        .await;
    assert_eq!(reply.error(), (400, ErrorCode::TooManyItems));
    let mut outcomes = signer.open_all(vec![small("private"), small("archive")]).await;
    assert_eq!(failed(outcomes.remove(1)), ErrorCode::TooManyItems);
    done(outcomes.remove(0));
    assert_eq!(failed(signer.open_all(vec![small("guest")]).await.remove(0)), ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_caller_for_whom_there_is_no_rule_is_forbidden_everything() {
    let (_storage, signer) = start_with("[[rules]]\naccess = 'a'\ngroups = ['b']\nkey = '{uuid}/{name}'").await;
    for (path, body) in [(path::SITES, json!({})), (path::OPEN, json!({ "files": [] }))] {
        assert_eq!(signer.call(path, &body).await.error(), (403, ErrorCode::Forbidden), "{path}");
        assert_eq!(anonymous(&signer, path, &body).await.error(), (403, ErrorCode::Forbidden), "{path}");
    }
}

#[tokio::test]
async fn an_anonymous_caller_uploads_as_a_guest_and_its_ticket_is_its_own() {
    let (storage, signer) = start_with("").await;
    let content = bytes(10);
    let body = OpenUploads { site: None, by_access_point: false, files: vec![file(&content, Plan::Put)] };
    let mut reply: OpenedUploads = anonymous(&signer, path::OPEN, &body).await.json();
    let opened = done(reply.uploads.remove(0));
    assert!(opened.key.starts_with("public/"), "{}", opened.key);
    assert_eq!(send_part(&opened.parts[0], &content).await.status, 200);
    assert_eq!(storage.object(&opened.key).expect("the object"), content);

    let list = |ticket: &str| ListParts { ticket: ticket.to_owned() };
    assert_eq!(anonymous(&signer, path::PARTS, &list(&opened.ticket)).await.status, 200);
    let reply = signer.call(path::PARTS, &list(&opened.ticket)).await;
    assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket), "a known caller shows an anonymous ticket");
    let known = signer.open(file(&content, Plan::Put)).await;
    let reply = anonymous(&signer, path::PARTS, &list(&known.ticket)).await;
    assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket), "an anonymous caller shows a known one's");
    let complete = json!({ "uploads": [to_complete(&opened, &content, vec![])] });
    let completed: nearput_api::CompletedUploads = anonymous(&signer, path::COMPLETE, &complete).await.json();
    assert!(matches!(completed.uploads[0], Outcome::Done(_)));
}

#[tokio::test]
async fn the_storage_is_told_what_the_rule_says_of_the_object() {
    let (storage, signer) = scripted(Script::default(), KEPT, "").await;
    let content = bytes(PART + 1);
    let opened = signer.open(file(&content, Plan::Multipart { part_size: PART })).await;
    let etags = vec![Some("\"1\"".to_owned()), Some("\"2\"".to_owned())];
    failed(signer.complete(to_complete(&opened, &content, etags)).await);
    let (create, complete) = (&storage.asked_for("create")[0], &storage.asked_for("complete")[0]);
    for (name, value) in [
        ("cache-control", "private"),
        ("x-amz-storage-class", "GLACIER_IR"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-tagging", "who=developer"),
    ] {
        assert_eq!(create.headers[name], value, "{name}");
    }
    assert_eq!(complete.headers["if-none-match"], "*");
}

async fn scripted(script: Script, tables: &str, site: &str) -> (ScriptedStorage, Signer) {
    let storage = ScriptedStorage::start(script).await;
    let options = Options { tables: tables.to_owned(), site: site.to_owned(), ..Options::default() };
    let signer = Signer::start(storage.address, options).await;
    (storage, signer)
}

fn stored(size: u64, checksum: Option<String>) -> Answer {
    let mut headers = vec![("content-length", size.to_string()), ("etag", "\"e\"".to_owned())];
    headers.extend(checksum.map(|checksum| ("x-amz-checksum-crc64nvme", checksum)));
    Answer::Headers(headers)
}

#[tokio::test]
async fn whose_object_has_the_key_already_is_told_by_its_checksum() {
    let refused = || Answer::Error(412, "PreconditionFailed");
    let lost = || Answer::Error(404, "NoSuchUpload");
    let done = crate::scripted::complete_xml;
    let (mine, theirs) = (Some(checksum(&bytes(PART + 1))), Some(checksum(b"theirs")));
    let nowhere = || Answer::Error(404, "NotFound");
    for (rules, complete, head, expected) in [
        (KEPT, refused(), stored(PART + 1, mine.clone()), None),
        (KEPT, refused(), stored(PART + 1, theirs.clone()), Some(ErrorCode::ObjectExists)),
        (KEPT, refused(), stored(PART, mine.clone()), Some(ErrorCode::ObjectExists)),
        (KEPT, refused(), stored(PART + 1, None), Some(ErrorCode::StorageRefused)),
        (KEPT, refused(), nowhere(), Some(ErrorCode::ObjectExists)),
        (KEPT, refused(), Answer::Error(503, "SlowDown"), Some(ErrorCode::StorageUnavailable)),
        (KEPT, lost(), stored(PART + 1, mine.clone()), None),
        (KEPT, lost(), stored(PART + 1, theirs.clone()), Some(ErrorCode::ObjectExists)),
        // What the upload itself has put there is held to the file.
        (KEPT, done(), stored(PART + 1, None), None),
        (KEPT, done(), stored(PART + 1, theirs.clone()), Some(ErrorCode::ChecksumMismatch)),
        ("", refused(), stored(PART + 1, mine), None),
        ("", refused(), stored(PART + 1, theirs), Some(ErrorCode::ChecksumMismatch)),
    ] {
        let (_storage, signer) = scripted(Script { complete, head, ..Script::default() }, rules, "").await;
        let content = bytes(PART + 1);
        let opened = signer.open(file(&content, Plan::Multipart { part_size: PART })).await;
        let etags = vec![Some("\"1\"".to_owned()), Some("\"2\"".to_owned())];
        match (signer.complete(to_complete(&opened, &content, etags)).await, expected) {
            (Outcome::Done(completed), None) => assert_eq!(completed.size, PART + 1),
            (outcome, None) => panic!("{outcome:?}"),
            (outcome, Some(code)) => assert_eq!(failed(outcome), code),
        }
    }
}

#[tokio::test]
async fn an_object_of_another_type_than_was_granted_is_not_reported_as_uploaded() {
    for (media_type, expected) in [("image/jpeg", None), ("text/html", Some(ErrorCode::ChecksumMismatch))] {
        let content = bytes(10);
        let Answer::Headers(mut head) = stored(10, Some(checksum(&content))) else { panic!("made of headers") };
        head.push(("content-type", media_type.to_owned()));
        let (_storage, signer) = scripted(Script { head: Answer::Headers(head), ..Script::default() }, "", "").await;
        let opened = signer.open(file(&content, Plan::Put)).await;
        match (signer.complete(to_complete(&opened, &content, vec![])).await, expected) {
            (Outcome::Done(_), None) => {}
            (outcome, None) => panic!("{outcome:?}"),
            (outcome, Some(code)) => assert_eq!(failed(outcome), code),
        }
    }
}

#[tokio::test]
async fn a_put_whose_object_is_anothers_is_not_taken_for_done() {
    let content = bytes(10);
    for (head, expected) in [
        (stored(10, Some(checksum(&content))), None),
        (stored(10, Some(checksum(b"theirs"))), Some(ErrorCode::ObjectExists)),
        (stored(11, Some(checksum(&content))), Some(ErrorCode::ObjectExists)),
        (stored(10, None), Some(ErrorCode::StorageRefused)),
        (Answer::Error(404, "NotFound"), Some(ErrorCode::UploadIncomplete)),
    ] {
        let (_storage, signer) = scripted(Script { head, ..Script::default() }, KEPT, "").await;
        let opened = signer.open(file(&content, Plan::Put)).await;
        assert_eq!(opened.parts[0].headers["if-none-match"], "*");
        match (signer.complete(to_complete(&opened, &content, vec![])).await, expected) {
            (Outcome::Done(_), None) => {}
            (outcome, None) => panic!("{outcome:?}"),
            (outcome, Some(code)) => assert_eq!(failed(outcome), code),
        }
    }
}

#[tokio::test]
async fn nothing_is_made_conditional_where_it_may_be_replaced_or_the_storage_knows_no_conditions() {
    let replaced = "[[rules]]\naccess = 'private'\nkey = '{sub}/{name}'\noverwrite = true";
    for (tables, site) in [(replaced, ""), ("", "profile.conditional_writes = false")] {
        let (storage, signer) = scripted(Script::default(), tables, site).await;
        let put = signer.open(file(&bytes(1), Plan::Put)).await;
        assert!(!put.parts[0].headers.contains_key("if-none-match"), "{tables}{site}");
        let opened = signer.open(file(&bytes(1), Plan::Multipart { part_size: PART })).await;
        failed(signer.complete(to_complete(&opened, &bytes(1), vec![Some("\"1\"".to_owned())])).await);
        assert!(!storage.asked_for("complete")[0].headers.contains_key("if-none-match"), "{tables}{site}");
    }
}

#[tokio::test]
async fn a_ticket_is_renewed_by_the_calls_of_an_upload_that_moves() {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Options { ticket_lifetime: "8s", ..Options::default() }).await;
    let OpenedUpload { ticket, expires_at, .. } = signer.open(file(&bytes(1), Plan::Put)).await;
    let sign = async |ticket: &str| -> SignedParts {
        signer.call(path::SIGN, &SignParts { ticket: ticket.to_owned(), parts: vec![] }).await.json()
    };
    assert_eq!(sign(&ticket).await.renewed, None, "most of its time is left");

    tokio::time::sleep(Duration::from_millis(5100)).await;
    let renewed = sign(&ticket).await.renewed.expect("less than half of its time is left");
    assert!(renewed.expires_at > expires_at && renewed.ticket != ticket);
    assert_eq!(sign(&renewed.ticket).await.renewed, None);
    let stored: StoredParts = signer.call(path::PARTS, &ListParts { ticket: ticket.clone() }).await.json();
    assert!(stored.renewed.is_some_and(|renewed| renewed.expires_at > expires_at));
}

#[tokio::test]
async fn a_site_without_a_role_gives_no_credentials() {
    let (_storage, signer) = start().await;
    let OpenedUpload { ticket, .. } = signer.open(file(&bytes(1), Plan::Put)).await;
    let reply = signer.call(path::CREDENTIALS, &AskCredentials { ticket }).await;
    assert_eq!(reply.error(), (403, ErrorCode::Forbidden));
}
