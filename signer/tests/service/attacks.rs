//! Bytes that no browser would send. Whatever they are, the signer answers or closes, and goes on.

use nearput_api::path;

use crate::client::send;
use crate::raw::{Raw, status};
use crate::storage::Storage;
use crate::world::{Options, Signer, TOKEN, start};

async fn impatient() -> (Storage, Signer) {
    let storage = Storage::start().await;
    let tables = "[server]\nheader_timeout = '1s'\nbody_timeout = '1s'".to_owned();
    let signer = Signer::start(storage.address, Options { tables, ..Options::default() }).await;
    (storage, signer)
}

fn post(headers: &str) -> String {
    format!("POST {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {TOKEN}\r\n{headers}\r\n", path::OPEN)
}

#[tokio::test]
async fn a_head_that_dribbles_in_is_not_waited_for() {
    let (_storage, signer) = impatient().await;
    let began = tokio::time::Instant::now();
    let heard = Raw::connect(signer.address).await.talk_slowly(post(&"x: y\r\n".repeat(1000))).await;
    assert_eq!(heard, "");
    assert!((1..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let (_storage, signer) = impatient().await;
    assert_eq!(Raw::connect(signer.address).await.hear_all().await, "");
}

#[tokio::test]
async fn a_body_that_dribbles_in_is_not_waited_for() {
    let (_storage, signer) = impatient().await;
    let mut raw = Raw::connect(signer.address).await;
    raw.say(post("content-length: 4000\r\nconnection: close\r\n")).await;
    let heard = raw.talk_slowly([b' '; 4000]).await;
    assert!(status(&heard) == "400" && heard.contains("took longer than 1 s"), "{heard}");
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_unread() {
    let (_storage, signer) = start().await;
    let length = 10 << 20;
    let mut raw = Raw::connect(signer.address).await;
    raw.say(post(&format!("content-length: {length}\r\n"))).await;
    let heard = raw.hear("request_too_large").await;
    assert_eq!(status(&heard), "413");

    // Where no length is named, what is read counts.
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let body = chunk.repeat(length >> 16) + "0\r\n\r\n";
    let heard = Raw::connect(signer.address).await.talk(post("transfer-encoding: chunked\r\n") + &body).await;
    assert!(heard.is_empty() || status(&heard) == "413", "{heard}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (_storage, signer) = start().await;
    for (what, request) in [
        ("a header of 1 MB", post(&format!("x: {}\r\n", "y".repeat(1 << 20)))),
        ("10,000 headers", post(&"x: y\r\n".repeat(10_000))),
        ("101 headers", post(&"x: y\r\n".repeat(101))),
        ("an address of 100 KB", format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(100_000))),
    ] {
        let heard = Raw::connect(signer.address).await.talk(request).await;
        assert!(heard.is_empty() || ["431", "414"].contains(&status(&heard)), "{what}: {heard}");
    }
    assert_eq!(send("GET", &signer.url(path::HEALTH), &[], "").await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let (_storage, signer) = start().await;
    for request in [
        "\r\n\r\nrubbish\r\n\r\n".to_owned(),
        "GET /healthz HTTP/9.9\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nhost a\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nho st: a\r\n\r\n".to_owned(),
        "GET /\u{0} HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".to_owned(),
        post("content-length: 2\r\ncontent-length: 3\r\n") + "{}",
        post("content-length: -1\r\n"),
        post("content-length: 99999999999999999999999\r\n"),
        post("transfer-encoding: rot13\r\n") + "{}",
        post("transfer-encoding: chunked, identity\r\n") + "{}",
    ] {
        let heard = Raw::connect(signer.address).await.talk(&request).await;
        assert_eq!(status(&heard), "400", "{request:?} got {heard:?}");
    }
}

#[tokio::test]
async fn chunks_that_lie_about_their_length_are_refused() {
    let (_storage, signer) = start().await;
    for body in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "1\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    ] {
        let request = post("transfer-encoding: chunked\r\nconnection: close\r\n") + body;
        let heard = Raw::connect(signer.address).await.talk(&request).await;
        assert_eq!(status(&heard), "400", "{body:?} got {heard:?}");
    }
    // One that announces more than comes is waited for, and then refused.
    let mut raw = Raw::connect(signer.address).await;
    raw.say(post("transfer-encoding: chunked\r\n") + "ff\r\n{}").await;
    drop(raw);
    assert_eq!(send("GET", &signer.url(path::HEALTH), &[], "").await.status, 200);
}

#[tokio::test]
async fn a_length_beside_chunks_does_not_smuggle_a_second_request() {
    let (_storage, signer) = start().await;
    let smuggled = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let request = post("content-length: 4\r\ntransfer-encoding: chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n" + smuggled;
    let heard = Raw::connect(signer.address).await.talk(request).await;
    assert!(!heard.contains("\r\n\r\nok"), "{heard}");
}

#[tokio::test]
async fn rubbish_behind_a_request_ends_the_connection_after_its_reply() {
    let (_storage, signer) = start().await;
    let request = format!("GET {} HTTP/1.1\r\nhost: a\r\n\r\nrubbish\r\n\r\n", path::HEALTH);
    let heard = Raw::connect(signer.address).await.talk(request).await;
    assert_eq!(status(&heard), "200");
    assert!(heard.contains("HTTP/1.1 400"), "{heard}");
}

#[tokio::test]
async fn methods_that_are_none_of_the_signers_are_refused_in_the_one_shape() {
    let (_storage, signer) = start().await;
    for (request, expected) in [
        ("TRACE /healthz HTTP/1.1\r\nhost: a\r\nx-secret: 1\r\nconnection: close\r\n\r\n", "405"),
        ("CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n", "404"),
        ("BREW /v1/uploads HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "405"),
        ("GET http://evil.example/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "404"),
    ] {
        let heard = Raw::connect(signer.address).await.talk(request).await;
        assert_eq!(status(&heard), expected, "{heard}");
        assert!(heard.contains(r#"{"error":{"code""#) && !heard.contains("x-secret"), "{heard}");
    }
}

#[tokio::test]
async fn old_clients_and_careful_ones_are_answered() {
    let (_storage, signer) = start().await;
    let heard = Raw::connect(signer.address).await.talk("GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(status(&heard) == "200" && heard.ends_with("ok"), "{heard}");

    let mut raw = Raw::connect(signer.address).await;
    raw.say(post("expect: 100-continue\r\ncontent-length: 12\r\n")).await;
    assert_eq!(status(&raw.hear("\r\n\r\n").await), "100");
    raw.say(r#"{"files":[]}"#).await;
    assert_eq!(status(&raw.hear(r#""uploads":[]"#).await), "200");
}
