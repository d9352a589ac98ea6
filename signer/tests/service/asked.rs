//! What a caller may ask for at its worst, and the reply that it must get.

use nearput_api::{ErrorCode, OpenFile, OpenUploads, OpenedUploads, Outcome, Plan, path};
use serde_json::{Value, json};

use crate::client::{send, send_with};
use crate::storage::Storage;
use crate::world::{Options, PART, Signer, bytes, checksum, done, file, start};

fn named(name: &str) -> OpenFile {
    OpenFile { name: name.to_owned(), ..file(&bytes(1), Plan::Put) }
}

#[tokio::test]
async fn no_name_leaves_the_folder_of_its_upload() {
    let (_storage, signer) = start().await;
    for name in [
        "..",
        "../../etc/passwd",
        "%2e%2e/x",
        "%2e%2e%2f",
        "..%5c..%5c",
        "a\\..\\b",
        "a\0b.png",
        "photo\u{202e}gpj.exe",
        "\u{2066}a\u{2069}",
        "?uploadId=1",
        "a#b",
        "a%00b",
        "/absolute",
        "//host/x",
        "con\r\nx-amz-acl: public-read",
        "${filename}",
        &"x".repeat(2_000),
        "",
    ] {
        let opened = signer.open(named(name)).await;
        let segments: Vec<_> = opened.key.split('/').collect();
        let ["private", "developer", id, last] = segments.as_slice() else { panic!("{name}: {}", opened.key) };
        assert!(id.len() == 36 && !last.is_empty() && last.len() <= 200 && !last.starts_with('.'), "{}", opened.key);
        let is_plain = |c: char| c.is_alphanumeric() || "-_.()".contains(c);
        assert!(last.chars().all(is_plain) && !last.contains(".."), "{}", opened.key);
        let url: reqwest::Url = opened.parts[0].urls["custom"].parse().expect("an address");
        assert_eq!(url.path(), format!("/uploads/{}", opened.key), "a browser leaves it as it is");
    }
    let outcome = signer.open_all(vec![named(&"x".repeat(2_049))]).await.remove(0);
    assert!(matches!(outcome, Outcome::Failed(error) if error.error.code == ErrorCode::InvalidName));
}

#[tokio::test]
async fn sizes_and_numbers_that_cannot_be_are_refused() {
    let storage = Storage::start().await;
    let limits = "max_file_size = 1000";
    let signer = Signer::start(storage.address, Options { limits, ..Options::default() }).await;
    let put = json!({ "kind": "put" });
    let multipart = json!({ "kind": "multipart", "part_size": PART });
    let asked = |size: Value, plan: &Value| json!({ "files": [{ "name": "a", "size": size, "plan": plan }] });
    for (size, plan, expected) in [
        (json!(0), &put, None),
        (json!(1000), &put, None),
        (json!(1001), &put, Some((200, ErrorCode::FileTooLarge))),
        (json!(0), &multipart, Some((200, ErrorCode::InvalidPlan))),
        (json!(1_u64 << 63), &put, Some((200, ErrorCode::FileTooLarge))),
        (json!(u64::MAX), &multipart, Some((200, ErrorCode::FileTooLarge))),
        (json!(-1), &put, Some((400, ErrorCode::InvalidRequest))),
        (json!(1e30), &put, Some((400, ErrorCode::InvalidRequest))),
        (json!(1.5), &put, Some((400, ErrorCode::InvalidRequest))),
        (json!("7"), &put, Some((400, ErrorCode::InvalidRequest))),
    ] {
        let reply = signer.call(path::OPEN, &asked(size.clone(), plan)).await;
        let got = if reply.status == 200 {
            match reply.json::<OpenedUploads>().uploads.remove(0) {
                Outcome::Done(_) => None,
                Outcome::Failed(error) => Some((200, error.error.code)),
            }
        } else {
            Some(reply.error())
        };
        assert_eq!(got, expected, "{size} {plan}");
    }
}

#[tokio::test]
async fn a_call_for_a_hundred_thousand_files_costs_nothing() {
    let (storage, signer) = start().await;
    let many = |count: usize| {
        let files = vec![r#"{"name":"","size":1,"plan":{"kind":"put"}}"#; count].join(",");
        format!(r#"{{"files":[{files}]}}"#)
    };
    assert_eq!(signer.call_with(path::OPEN, many(100_000)).await.error(), (413, ErrorCode::RequestTooLarge));
    assert_eq!(signer.call_with(path::OPEN, many(90_000)).await.error(), (400, ErrorCode::TooManyItems));
    assert_eq!(signer.call_with(path::OPEN, many(1_001)).await.error(), (400, ErrorCode::TooManyItems));
    assert_eq!(storage.loose_parts(), 0);
}

#[tokio::test]
async fn parts_cannot_be_asked_for_again_and_again_in_one_call() {
    let (_storage, signer) = start().await;
    let part = json!({ "number": 1, "checksum": checksum(b"") });
    let plan = json!({ "kind": "put" });
    let twice = json!({ "name": "a", "size": 1, "plan": plan, "parts": [part, part] });
    let mut reply: OpenedUploads = signer.call(path::OPEN, &json!({ "files": [twice] })).await.json();
    assert!(
        matches!(reply.uploads.remove(0), Outcome::Failed(error) if error.error.code == ErrorCode::InvalidPartNumber)
    );
    let opened = signer.open(named("a")).await;
    let reply = signer.call(path::SIGN, &json!({ "ticket": opened.ticket, "parts": [part, part] })).await;
    assert_eq!(reply.error(), (400, ErrorCode::InvalidPartNumber));

    let many = json!({ "name": "a", "size": 1, "plan": plan, "parts": vec![&part; 41] });
    let reply = signer.call(path::OPEN, &json!({ "files": vec![&many; 100] })).await;
    assert_eq!(reply.error(), (400, ErrorCode::TooManyItems));
}

#[tokio::test]
async fn the_pieces_of_two_tickets_do_not_make_a_third() {
    let (_storage, signer) = start().await;
    let plan = Plan::Multipart { part_size: PART };
    let small = signer.open(file(&bytes(1), plan)).await.ticket;
    let large = signer.open(file(&bytes(PART + 1), plan)).await.ticket;
    let [small, large] = [&small, &large].map(|ticket| ticket.split('.').collect::<Vec<_>>());
    for (header, claims, signature) in [
        (small[0], large[1], small[2]),
        (small[0], small[1], large[2]),
        (small[0], small[1], ""),
        ("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ", small[1], ""),
        ("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0", small[1], small[2]),
    ] {
        let ticket = format!("{header}.{claims}.{signature}");
        let reply = signer.call(path::SIGN, &json!({ "ticket": ticket, "parts": [] })).await;
        assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket), "{header}");
    }
}

#[tokio::test]
async fn a_ticket_outlives_its_key_while_the_key_is_kept_and_no_longer() {
    let storage = Storage::start().await;
    let with_keys =
        async |ticket_keys| Signer::start(storage.address, Options { ticket_keys, ..Options::default() }).await;
    let ticket = with_keys(&[("old", 1)]).await.open(file(&bytes(1), Plan::Put)).await.ticket;
    let asked = json!({ "ticket": ticket, "parts": [] });
    let during = with_keys(&[("new", 2), ("old", 1)]).await;
    assert_eq!(during.call(path::SIGN, &asked).await.status, 200);
    for keys in [&[("new", 2)][..], &[("old", 2)]] {
        let reply = with_keys(keys).await.call(path::SIGN, &asked).await;
        assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket), "{keys:?}");
    }
}

#[tokio::test]
async fn a_file_cannot_be_stored_as_another_type_than_was_granted() {
    let (storage, signer) = start().await;
    let content = bytes(10);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let part = &opened.parts[0];
    for spoofed in ["text/html", "image/svg+xml", "image/jpeg; charset=utf-8", ""] {
        let mut headers = part.headers.clone();
        headers.insert("content-type".to_owned(), spoofed.to_owned());
        assert_eq!(send_with(part, &headers, &content).await.status, 403, "{spoofed}");
    }
    assert_eq!(storage.object(&opened.key), None);
    assert_eq!(send_with(part, &part.headers, &content).await.status, 200);
}

#[tokio::test]
async fn a_signed_address_carries_no_checksum_and_nothing_that_nobody_asked_for() {
    let (_storage, signer) = start().await;
    let opened = signer.open(file(&bytes(1), Plan::Multipart { part_size: PART })).await;
    let url: reqwest::Url = opened.parts[0].urls["custom"].parse().expect("an address");
    let mut names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort();
    let own = ["Algorithm", "Credential", "Date", "Expires", "Signature", "SignedHeaders"]
        .map(|name| format!("X-Amz-{name}"));
    assert_eq!(names, [own.as_slice(), &["partNumber".to_owned(), "uploadId".to_owned()]].concat());
    let signed = url.query_pairs().find(|(name, _)| name == "X-Amz-SignedHeaders").expect("signed").1.into_owned();
    assert_eq!(signed, "content-length;host;x-amz-checksum-crc64nvme");
}

#[tokio::test]
async fn what_is_open_is_no_business_of_another_site() {
    let (_storage, signer) = start().await;
    let body =
        OpenUploads { site: Some("https://evil.example".to_owned()), by_access_point: false, files: vec![named("a")] };
    assert_eq!(signer.call(path::OPEN, &body).await.error(), (404, ErrorCode::UnknownSite));
    let opened = done(signer.open_all(vec![named("a")]).await.remove(0));
    let foreign = json!({ "ticket": opened.ticket, "parts": [{ "number": 1, "checksum": checksum(b""), "url": "http://evil.example" }] });
    assert_eq!(signer.call(path::SIGN, &foreign).await.error(), (400, ErrorCode::InvalidRequest));
    let reply = send("POST", &signer.url(path::SIGN), &[("host", "evil.example")], foreign.to_string()).await;
    assert_eq!(reply.error(), (401, ErrorCode::Unauthenticated));
}
