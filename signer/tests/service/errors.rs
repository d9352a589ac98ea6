//! Every error that a caller can meet, with its status and code.

use nearput_api::{ErrorCode, OpenFile, Outcome, Plan, SignParts, path};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::send;
use crate::storage::Storage;
use crate::world::{Options, PART, Signer, TOKEN, bytes, checksum, done, failed, file, start};

#[tokio::test]
async fn a_body_that_is_not_the_call_is_refused_and_says_where() {
    let (_storage, signer) = start().await;
    for (path, body, named) in [
        (path::OPEN, "", "files"),
        (path::OPEN, "{", "line 1"),
        (path::OPEN, "\n\nname=x", "line 3"),
        (path::OPEN, "[]", "expected a map"),
        (path::OPEN, "\u{0}", "column 1"),
        (path::OPEN, r#"{"files":[],"extra":1}"#, "extra"),
        (path::OPEN, r#"{"files":[{"name":"a","size":-1,"plan":{"kind":"put"}}]}"#, "files[0].size"),
        (path::OPEN, r#"{"files":[{"name":"a","size":18446744073709551616,"plan":{"kind":"put"}}]}"#, "files[0].size"),
        (path::OPEN, r#"{"files":[{"name":"\ud800","size":1,"plan":{"kind":"put"}}]}"#, "line 1"),
        (path::OPEN, r#"{"files":[{"name":"a","size":1,"plan":{"kind":"post"}}]}"#, "post"),
        (path::SIGN, r#"{"ticket":1,"parts":[]}"#, "ticket"),
        (path::COMPLETE, r#"{"uploads":[{"ticket":"t","etag":"e"}]}"#, "etag"),
        (path::ABORT, r#"{}"#, "ticket"),
        (path::SITES, r#"{"site":"x"}"#, "site"),
    ] {
        let reply = signer.call_with(path, body).await;
        assert_eq!(reply.error(), (400, ErrorCode::InvalidRequest), "{body}");
        assert!(reply.message().contains(named), "{named} is not named in: {}", reply.message());
    }
}

#[tokio::test]
async fn a_caller_without_the_token_is_refused() {
    let (_storage, signer) = start().await;
    let half = &TOKEN[..5];
    for (authorization, body) in [
        (None, "".to_owned()),
        (None, r#"{"files":[]}"#.to_owned()),
        (None, format!(r#"{{"files":[],"token":"{half}"}}"#)),
        (Some(format!("Bearer {half}")), "{}".to_owned()),
        (Some(format!("Bearer {half}")), "not JSON".to_owned()),
        (Some(format!("Basic {TOKEN}")), "{}".to_owned()),
        (Some("Bearer".to_owned()), "{}".to_owned()),
        (Some(format!("Bearer {half}")), format!(r#"{{"token":"{TOKEN}"}}"#)),
    ] {
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let reply = send("POST", &signer.url(path::OPEN), &headers, body.clone()).await;
        assert_eq!(reply.error(), (401, ErrorCode::Unauthenticated), "{authorization:?} {body}");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
    let reply = send("POST", &signer.url(path::OPEN), &[], r#"{"token":7}"#).await;
    assert_eq!(reply.error(), (400, ErrorCode::InvalidRequest));
    let reply = send("POST", &signer.url(path::OPEN), &[], "not JSON").await;
    assert_eq!(reply.error(), (400, ErrorCode::InvalidRequest));
}

#[tokio::test]
async fn calls_that_do_not_exist_are_refused_in_the_same_shape() {
    let (_storage, signer) = start().await;
    for (method, path, status, code) in [
        ("GET", "/", 404, ErrorCode::NotFound),
        ("POST", "/v1/uploads/", 404, ErrorCode::NotFound),
        ("POST", "/v1/uploads/%2e%2e/sites", 404, ErrorCode::NotFound),
        ("GET", path::OPEN, 405, ErrorCode::MethodNotAllowed),
        ("DELETE", path::SITES, 405, ErrorCode::MethodNotAllowed),
        ("POST", path::HEALTH, 405, ErrorCode::MethodNotAllowed),
    ] {
        assert_eq!(send(method, &signer.url(path), &[], "").await.error(), (status, code), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_over_four_mebibytes_is_refused() {
    let (_storage, signer) = start().await;
    let body = |bytes: usize| json!({ "files": [], "site": "x".repeat(bytes - 22) }).to_string();
    assert_eq!(body(4 << 20).len(), 4 << 20);
    let reply = signer.call_with(path::OPEN, body(4 << 20)).await;
    assert_eq!(reply.error(), (404, ErrorCode::UnknownSite));
    let reply = signer.call_with(path::OPEN, body((4 << 20) + 1)).await;
    assert_eq!(reply.error(), (413, ErrorCode::RequestTooLarge));
}

#[tokio::test]
async fn a_file_that_may_not_be_uploaded_is_refused() {
    let storage = Storage::start().await;
    let limits = "max_file_size = 60000000000\ntypes = ['image/*', 'text/html']\nmax_parts_per_call = 2";
    let signer = Signer::start(
        storage.address,
        Options { limits, site: "profile.form = false".to_owned(), ..Options::default() },
    )
    .await;
    let good = || serde_json::to_value(file(&bytes(1), Plan::Put)).expect("JSON");
    let with = |key: &str, value: Value| {
        let mut file = good();
        file[key] = value;
        file
    };
    let multipart = |size: u64, part_size: u64| {
        let mut file = with("size", size.into());
        file["plan"] = json!({ "kind": "multipart", "part_size": part_size });
        file["parts"] = json!([]);
        file
    };
    let parts = |numbers: &[u32]| {
        let part = |number: &u32| json!({ "number": number, "checksum": checksum(b"") });
        with("parts", numbers.iter().map(part).collect())
    };

    for (file, code) in [
        (with("size", 60_000_000_001_u64.into()), ErrorCode::FileTooLarge),
        (with("size", (1_u64 << 63).into()), ErrorCode::FileTooLarge),
        (with("type", "application/pdf".into()), ErrorCode::TypeNotAllowed),
        (with("type", "image/svg+xml".into()), ErrorCode::TypeNotAllowed),
        (with("type", "".into()), ErrorCode::TypeNotAllowed),
        (with("type", "image/png\r\nx: y".into()), ErrorCode::TypeNotAllowed),
        (with("access", "everybody".into()), ErrorCode::Forbidden),
        (with("name", "x".repeat(2049).into()), ErrorCode::InvalidName),
        (with("metadata", json!({ "a b": "c" })), ErrorCode::InvalidRequest),
        (with("metadata", json!({ "a": "ü" })), ErrorCode::InvalidRequest),
        (with("size", 5_368_709_121_u64.into()), ErrorCode::InvalidPlan),
        (with("plan", json!({ "kind": "form" })), ErrorCode::InvalidPlan),
        (multipart(0, PART), ErrorCode::InvalidPlan),
        (multipart(2 * PART, PART - 1), ErrorCode::InvalidPlan),
        (multipart(2, 0), ErrorCode::InvalidPlan),
        (multipart(10_000 * PART + 1, PART), ErrorCode::InvalidPlan),
        (parts(&[0]), ErrorCode::InvalidPartNumber),
        (parts(&[2]), ErrorCode::InvalidPartNumber),
        (parts(&[1, 1, 1]), ErrorCode::TooManyItems),
        (with("parts", json!([{ "number": 1 }])), ErrorCode::InvalidChecksum),
        (with("parts", json!([{ "number": 1, "checksum": "AAAAAA==" }])), ErrorCode::InvalidChecksum),
    ] {
        let asked: OpenFile = serde_json::from_value(file.clone()).expect("a file");
        let outcome = signer.open_all(vec![asked]).await.remove(0);
        assert!(matches!(outcome, Outcome::Failed(_)), "{file}");
        assert_eq!(failed(outcome), code, "{file}");
    }
    let html: OpenFile = serde_json::from_value(with("type", "text/html".into())).expect("a file");
    done(signer.open_all(vec![html]).await.remove(0));
}

#[tokio::test]
async fn a_call_names_known_sites_and_no_more_items_than_it_may() {
    let storage = Storage::start().await;
    let limits = "max_files_per_call = 2\nmax_parts_per_call = 2";
    let signer = Signer::start(storage.address, Options { limits, ..Options::default() }).await;
    let asked = file(&bytes(1), Plan::Put);
    let reply = signer.call(path::OPEN, &json!({ "files": vec![&asked; 3] })).await;
    assert_eq!(reply.error(), (400, ErrorCode::TooManyItems));
    let reply = signer.call(path::OPEN, &json!({ "site": "elsewhere", "files": [] })).await;
    assert_eq!(reply.error(), (404, ErrorCode::UnknownSite));

    let opened = signer.open(asked.clone()).await;
    let upload = json!({ "ticket": opened.ticket });
    let reply = signer.call(path::COMPLETE, &json!({ "uploads": [upload, upload, upload] })).await;
    assert_eq!(reply.error(), (400, ErrorCode::TooManyItems));
    let parts = [asked.parts.clone(), asked.parts.clone(), asked.parts].concat();
    let reply = signer.call(path::SIGN, &SignParts { ticket: opened.ticket, parts }).await;
    assert_eq!(reply.error(), (400, ErrorCode::TooManyItems));
}

#[tokio::test]
async fn parts_that_an_upload_does_not_have_are_not_signed() {
    let (_storage, signer) = start().await;
    let mut asked = file(&bytes(1), Plan::Put);
    (asked.size, asked.plan) = (10_000 * PART, Plan::Multipart { part_size: PART });
    let opened = signer.open(asked).await;
    let sign = async |number: u32, checksum: Option<&str>| {
        let part = json!({ "number": number, "checksum": checksum });
        signer.call(path::SIGN, &json!({ "ticket": opened.ticket, "parts": [part] })).await
    };
    let checksum = Some("AAAAAAAAAAA=");
    for number in [0, 10_001, u32::MAX] {
        assert_eq!(sign(number, checksum).await.error(), (400, ErrorCode::InvalidPartNumber), "{number}");
    }
    assert_eq!(sign(1, None).await.error(), (400, ErrorCode::InvalidChecksum));
    assert_eq!(sign(1, Some("!")).await.error(), (400, ErrorCode::InvalidChecksum));
    assert_eq!(sign(10_000, checksum).await.status, 200);
}

#[tokio::test]
async fn a_storage_that_is_not_running_is_unavailable() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let signer = Signer::start(nobody, Options::default()).await;
    let (multipart, put) = (Plan::Multipart { part_size: PART }, Plan::Put);
    let outcomes = signer.open_all(vec![file(&bytes(1), multipart), file(&bytes(1), put)]).await;
    let [multipart, put] = <[_; 2]>::try_from(outcomes).expect("two");
    assert_eq!(failed(multipart), ErrorCode::StorageUnavailable);
    let put = crate::world::to_complete(&done(put), &bytes(1), vec![]);
    assert_eq!(failed(signer.complete(put).await), ErrorCode::StorageUnavailable);
}

#[tokio::test]
async fn a_storage_that_knows_the_signer_by_another_secret_refuses_it() {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Options { secret_key: "wrong", ..Options::default() }).await;
    let content = bytes(1);
    let outcomes =
        signer.open_all(vec![file(&content, Plan::Multipart { part_size: PART }), file(&content, Plan::Put)]).await;
    let [multipart, put] = <[_; 2]>::try_from(outcomes).expect("two");
    assert_eq!(failed(multipart), ErrorCode::StorageRefused);

    let put = done(put);
    assert_eq!(crate::client::send_part(&put.parts[0], &content).await.status, 403);
    let outcome = signer.complete(crate::world::to_complete(&put, &content, vec![])).await;
    assert_eq!(failed(outcome), ErrorCode::StorageRefused);
    assert_eq!(storage.object(&put.key), None);
}
