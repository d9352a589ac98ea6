//! Who must hear of a completed upload hears of it, and can tell that it is true.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, StatusCode};
use nearput_api::{CompleteUpload, ErrorCode, OpenedUpload, Plan, path};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::client::send_part;
use crate::storage::Storage;
use crate::world::{Options, Signer, TOKEN, WEBHOOK_SECRET, bytes, done, failed, file, to_complete};

/// A server that hears messages, and refuses the first few.
#[derive(Clone, Default)]
struct Receiver {
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    refuses: Arc<Mutex<usize>>,
}

impl Receiver {
    async fn start(refuses: usize) -> (Self, SocketAddr) {
        let receiver = Self { refuses: Arc::new(Mutex::new(refuses)), ..Self::default() };
        let own = receiver.clone();
        let hear = async move |headers: HeaderMap, body: String| {
            own.heard.lock().expect("whole").push((headers, body));
            let mut refuses = own.refuses.lock().expect("whole");
            let refused = *refuses > 0;
            *refuses = refuses.saturating_sub(1);
            if refused { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/hook", post(hear));
        tokio::spawn(async { axum::serve(listener, router).await.expect("serves") });
        (receiver, address)
    }

    fn heard(&self) -> Vec<(HeaderMap, String)> {
        self.heard.lock().expect("whole").clone()
    }
}

async fn start(receiver: SocketAddr) -> (Storage, Signer) {
    let storage = Storage::start().await;
    let site = format!("[[webhooks]]\nurl = 'http://{receiver}/hook'");
    let signer = Signer::start(storage.address, Options { site, ..Options::default() }).await;
    (storage, signer)
}

async fn sent(signer: &Signer) -> (OpenedUpload, CompleteUpload) {
    let content = bytes(10);
    let opened = signer.open(file(&content, Plan::Put)).await;
    assert_eq!(send_part(&opened.parts[0], &content).await.status, 200);
    let complete = to_complete(&opened, &content, vec![]);
    (opened, complete)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().expect("text")
}

#[tokio::test]
async fn a_receiver_hears_of_a_completed_upload_and_can_verify_it() {
    let (receiver, address) = Receiver::start(0).await;
    let (_storage, signer) = start(address).await;
    let (opened, complete) = sent(&signer).await;
    assert_eq!(receiver.heard().len(), 0, "it is not complete yet");
    let completed = done(signer.complete(complete).await);

    let heard = receiver.heard();
    let [(headers, body)] = heard.as_slice() else { panic!("{heard:?}") };
    let signed = format!("{}.{}.{body}", text(headers, "webhook-id"), text(headers, "webhook-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET).expect("a key");
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(text(headers, "webhook-signature"), expected);

    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["type"], "upload.completed");
    assert_eq!(body["data"]["key"], opened.key.as_str());
    assert_eq!(body["data"]["size"], 10);
    assert_eq!(body["data"]["etag"], completed.etag.as_str());
    assert_eq!(body["data"]["subject"], "developer");
    assert_eq!(body["data"].get("download_url"), None);
}

#[tokio::test]
async fn a_receiver_that_fails_for_a_moment_is_told_again_while_the_caller_waits() {
    let (receiver, address) = Receiver::start(1).await;
    let (_storage, signer) = start(address).await;
    done(signer.complete(sent(&signer).await.1).await);
    let ids: Vec<_> = receiver.heard().iter().map(|(headers, _)| text(headers, "webhook-id").to_owned()).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
}

#[tokio::test]
async fn an_upload_is_complete_only_once_its_receiver_has_heard_of_it() {
    let (receiver, address) = Receiver::start(3).await;
    let (storage, signer) = start(address).await;
    let (opened, complete) = sent(&signer).await;
    assert_eq!(failed(signer.complete(complete.clone()).await), ErrorCode::WebhookUnavailable);
    assert!(storage.object(&opened.key).is_some(), "nothing is lost");
    done(signer.complete(complete.clone()).await);
    done(signer.complete(complete).await);
    let heard = receiver.heard();
    let ids: Vec<_> = heard.iter().map(|(headers, _)| text(headers, "webhook-id")).collect();
    assert!(ids.len() == 5 && ids.iter().all(|id| id == &ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_receiver_behind_one_that_fails_hears_all_the_same() {
    let ((failing, first), (second, address)) = (Receiver::start(3).await, Receiver::start(0).await);
    let storage = Storage::start().await;
    let site = format!("[[webhooks]]\nurl = 'http://{first}/hook'\n[[webhooks]]\nurl = 'http://{address}/hook'");
    let signer = Signer::start(storage.address, Options { site, ..Options::default() }).await;
    assert_eq!(failed(signer.complete(sent(&signer).await.1).await), ErrorCode::WebhookUnavailable);
    assert_eq!((failing.heard().len(), second.heard().len()), (3, 1));
}

#[tokio::test]
async fn an_upload_that_is_being_completed_is_told_of_also_if_the_caller_hangs_up() {
    let (receiver, address) = Receiver::start(1).await;
    let (_storage, signer) = start(address).await;
    let (_, complete) = sent(&signer).await;
    let body = json!({ "token": TOKEN, "uploads": [complete] }).to_string();
    let mut stream = TcpStream::connect(signer.address).await.expect("connects");
    let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", path::COMPLETE, body.len());
    stream.write_all((head + &body).as_bytes()).await.expect("sent");
    // The first attempt has failed by then, and the second is not due yet.
    while receiver.heard().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let second = async {
        while receiver.heard().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), second).await.expect("the second attempt is made without the caller");
}

#[tokio::test]
async fn what_fails_is_told_to_nobody() {
    let (receiver, address) = Receiver::start(0).await;
    let (_storage, signer) = start(address).await;
    let opened = signer.open(file(&bytes(10), Plan::Put)).await;
    let complete = serde_json::from_value(json!({ "ticket": opened.ticket, "checksum": "AAAAAAAAAAA=" }));
    assert_eq!(failed(signer.complete(complete.expect("a call")).await), ErrorCode::UploadIncomplete);
    assert_eq!(receiver.heard().len(), 0);
}
