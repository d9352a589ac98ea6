//! How many connections there are, how long they stay, and what becomes of them when the signer stops.

use std::time::Duration;

use http::{Request, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use nearput_api::{ErrorCode, Plan, path};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::client::send;
use crate::raw::{Raw, status};
use crate::storage::Storage;
use crate::world::{Options, PART, Signer, TOKEN, bytes, file};

const SOON: Duration = Duration::from_secs(10);
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

async fn signer(server: &str) -> (Storage, Signer) {
    let storage = Storage::start().await;
    let tables = format!("[server]\n{server}");
    let signer = Signer::start(storage.address, Options { tables, ..Options::default() }).await;
    (storage, signer)
}

#[tokio::test]
async fn a_call_beyond_the_most_is_told_to_come_again_and_health_is_still_answered() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let tables = "[server]\nmax_concurrency = 1".to_owned();
    let storage = silent.local_addr().expect("an address");
    let signer = Signer::start(storage, Options { tables, ..Options::default() }).await;
    let asked = file(&bytes(1), Plan::Multipart { part_size: PART });
    let body = json!({ "token": TOKEN, "files": [asked] }).to_string();
    let mut first = Raw::connect(signer.address).await;
    first.say(format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", path::OPEN, body.len())).await;
    let _asked = timeout(SOON, silent.accept()).await.expect("the storage is asked, and does not answer");

    let second = signer.call(path::SITES, &json!({})).await;
    assert_eq!(second.error(), (503, ErrorCode::Busy));
    assert_eq!(second.headers["retry-after"], "1");
    assert_eq!(send("GET", &signer.url(path::HEALTH), &[], "").await.status, 200);
}

#[tokio::test]
async fn who_sends_slowly_or_has_no_token_keeps_nobody_out() {
    let (_storage, signer) = signer("max_concurrency = 1").await;
    let mut slow = Raw::connect(signer.address).await;
    slow.say(format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{{", path::OPEN)).await;
    for _ in 0..20 {
        assert_eq!(send("POST", &signer.url(path::SITES), &[], "{}").await.status, 401);
        assert_eq!(signer.call(path::SITES, &json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn there_are_only_as_many_connections_as_configured() {
    let (_storage, signer) = signer("max_connections = 2").await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut raw = Raw::connect(signer.address).await;
        raw.say(HEALTH).await;
        raw.hear("\r\n\r\nok").await;
        held.push(raw);
    }
    assert_eq!(Raw::connect(signer.address).await.talk(HEALTH).await, "");
    held.pop();
    let answered = async {
        while Raw::connect(signer.address).await.talk("GET /healthz HTTP/1.0\r\n\r\n").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, answered).await.expect("the place is free again");
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_any_more_is_closed() {
    let (_storage, signer) = signer("idle_timeout = '1s'").await;
    let mut raw = Raw::connect(signer.address).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        raw.say(HEALTH).await;
        raw.hear("\r\n\r\nok").await;
    }
    assert_eq!(raw.hear_all().await, "");
}

#[tokio::test]
async fn http2_is_spoken_in_clear_and_its_idle_connections_are_closed_as_well() {
    let (_storage, signer) = signer("idle_timeout = '1s'").await;
    let stream = TokioIo::new(TcpStream::connect(signer.address).await.expect("connects"));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("a handshake");
    let connection = tokio::spawn(connection);
    let request = Request::get(signer.url(path::HEALTH)).body(Empty::<Bytes>::new()).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
    assert_eq!(response.into_body().collect().await.expect("a body").to_bytes(), "ok");
    timeout(SOON, connection).await.expect("closed in time").expect("no panic").expect("closed in peace");
}

#[tokio::test]
async fn a_signer_that_stops_finishes_the_calls_in_work_and_takes_no_new_ones() {
    let (_storage, signer) = signer("shutdown_grace = '20s'").await;
    let (address, body) = (signer.address, r#"{"files":[]}"#);
    let mut raw = Raw::connect(address).await;
    let head = format!("POST {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {TOKEN}\r\n", path::OPEN);
    raw.say(format!("{head}expect: 100-continue\r\ncontent-length: {}\r\n\r\n", body.len())).await;
    raw.hear("100 Continue\r\n\r\n").await;

    let stopped = tokio::spawn(signer.stop());
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(SOON, refused).await.expect("no new connection is taken");
    assert!(!stopped.is_finished());
    raw.say(body).await;
    assert_eq!(status(&raw.hear_all().await), "200");
    timeout(SOON, stopped).await.expect("stops").expect("no panic");
}

#[tokio::test]
async fn a_signer_that_stops_waits_no_longer_than_its_grace() {
    let (_storage, signer) = signer("shutdown_grace = '1s'").await;
    let mut raw = Raw::connect(signer.address).await;
    let head = format!("POST {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {TOKEN}\r\n", path::OPEN);
    raw.say(format!("{head}expect: 100-continue\r\ncontent-length: 10\r\n\r\n")).await;
    raw.hear("100 Continue\r\n\r\n").await;
    timeout(SOON, signer.stop()).await.expect("stops");
    assert_eq!(raw.hear_all().await, "");
}
