//! What an operator's tools see: metrics and readiness.

use nearput_api::{AbortUpload, ErrorCode, OpenFile, Plan, path};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Reply, send, send_part};
use crate::storage::Storage;
use crate::world::{METRICS_TOKEN, Options, PART, Signer, TOKEN, bytes, done, failed, file, start, to_complete};

async fn metrics(signer: &Signer, token: &str) -> Reply {
    let authorization = format!("Bearer {token}");
    send("GET", &signer.url(path::METRICS), &[("authorization", &authorization)], "").await
}

#[tokio::test]
async fn what_happens_to_uploads_is_counted_by_site_and_call() {
    let (_storage, signer) = start().await;
    let content = bytes(10);
    let opened = signer.open(file(&content, Plan::Put)).await;
    send_part(&opened.parts[0], &content).await;
    done(signer.complete(to_complete(&opened, &content, vec![])).await);
    let second = signer.open(file(&bytes(PART + 1), Plan::Multipart { part_size: PART })).await;
    signer.call(path::ABORT, &AbortUpload { ticket: second.ticket.clone() }).await;
    send("GET", &signer.url("/a/path/of/ones/own"), &[], "").await;
    let large = OpenFile { size: u64::MAX, ..file(&bytes(1), Plan::Put) };
    assert_eq!(failed(signer.open_all(vec![large]).await.remove(0)), ErrorCode::FileTooLarge);

    let reply = metrics(&signer, METRICS_TOKEN).await;
    assert!(reply.headers["content-type"].to_str().expect("text").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(reply.body.to_vec()).expect("text");
    for line in [
        r#"nearput_requests_total{call="/v1/uploads",status="200"} 3"#,
        r#"nearput_requests_total{call="other",status="404"} 1"#,
        r#"nearput_request_seconds_count{call="/v1/uploads"} 3"#,
        r#"nearput_refusals_total{code="not_found"} 1"#,
        r#"nearput_refusals_total{code="file_too_large"} 1"#,
        r#"nearput_signed_urls_total{site="local"} 3"#,
        r#"nearput_uploads_opened_total{site="local"} 2"#,
        r#"nearput_uploads_completed_total{site="local"} 1"#,
        r#"nearput_uploads_aborted_total{site="local"} 1"#,
        r#"nearput_uploaded_bytes_total{site="local"} 10"#,
        r#"nearput_storage_seconds_count{site="local",operation="CreateMultipartUpload"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    for secret in [TOKEN, METRICS_TOKEN, "own", &opened.key, "developer"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn what_the_storage_refuses_is_counted_by_its_own_code() {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Options { secret_key: "wrong", ..Options::default() }).await;
    failed(signer.open_all(vec![file(&bytes(1), Plan::Multipart { part_size: PART })]).await.remove(0));
    let text = String::from_utf8(metrics(&signer, METRICS_TOKEN).await.body.to_vec()).expect("text");
    let code = r#"operation="CreateMultipartUpload",code="SignatureDoesNotMatch"} 1"#;
    assert!(text.contains(code), "{code} is not in {text}");
}

#[tokio::test]
async fn every_call_is_described_for_programs_and_for_people() {
    let (_storage, signer) = start().await;
    let description: Value = send("GET", &signer.url(path::OPENAPI), &[], "").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    let page = send("GET", &signer.url(path::DOCS), &[], "").await;
    let policy = page.headers["content-security-policy"].to_str().expect("text").to_owned();
    let page = String::from_utf8(page.body.to_vec()).expect("text");
    for path in [
        path::SITES,
        path::OPEN,
        path::SIGN,
        path::COMPLETE,
        path::PARTS,
        path::ABORT,
        path::STATUS,
        path::CREATED,
        path::CREDENTIALS,
    ] {
        let post = &description["paths"][path]["post"];
        let reply = &post["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let name = reply.as_str().expect("a word").rsplit('/').next().expect("a name");
        assert!(description["components"]["schemas"][name]["properties"].is_object(), "{name}");
        assert!(page.contains(path) && page.contains(&format!("id='{name}'")), "{path}");
    }
    assert_eq!(description["security"], json!([{ "bearer": [] }]));
    assert_eq!(description["paths"][path::READY]["get"]["security"], json!([{}]));
    assert!(!page.contains("<script") && policy.contains("default-src 'none'; style-src 'sha256-"), "{policy}");
}

#[tokio::test]
async fn metrics_are_for_those_who_show_their_token() {
    let (_storage, signer) = start().await;
    for token in ["", TOKEN, &METRICS_TOKEN[1..]] {
        assert_eq!(metrics(&signer, token).await.error(), (401, ErrorCode::Unauthenticated), "{token}");
    }
    let without = send("GET", &signer.url(path::METRICS), &[], "").await;
    assert_eq!(without.error(), (401, ErrorCode::Unauthenticated));

    let signer = Signer::start(signer.address, Options { metrics_token: None, ..Options::default() }).await;
    assert_eq!(metrics(&signer, "").await.error(), (404, ErrorCode::NotFound), "nobody was given a token");
}

#[tokio::test]
async fn a_signer_is_ready_while_its_home_site_answers_to_it() {
    async fn ready(signer: &Signer) -> (u16, Value) {
        let reply = send("GET", &signer.url(path::READY), &[], "").await;
        (reply.status.as_u16(), serde_json::from_slice(&reply.body).expect("JSON"))
    }
    let (storage, signer) = start().await;
    assert_eq!(ready(&signer).await, (200, json!({ "ready": true, "sites": { "local": "ok" } })));

    let wrong = Signer::start(storage.address, Options { secret_key: "wrong", ..Options::default() }).await;
    assert_eq!(ready(&wrong).await, (503, json!({ "ready": false, "sites": { "local": "refused" } })));

    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let alone = Signer::start(nobody, Options::default()).await;
    assert_eq!(ready(&alone).await, (503, json!({ "ready": false, "sites": { "local": "unavailable" } })));
}

#[tokio::test]
async fn a_site_is_not_asked_again_at_once_whether_it_is_ready() {
    let (storage, signer) = start().await;
    let ready = async || send("GET", &signer.url(path::READY), &[], "").await.status;
    assert_eq!(ready().await, 200);
    drop::<Storage>(storage);
    assert_eq!(ready().await, 200, "it was asked a moment ago");
}
