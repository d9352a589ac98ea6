//! The program as an AWS Lambda function, in front of a small Runtime API:
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nearput_api::{ErrorCode, ErrorReply, OpenedUploads, Plan, path};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use crate::client::send_part;
use crate::program::{Running, configuration, with_secrets};
use crate::storage::Storage;
use crate::world::{ORIGIN, TOKEN, bytes, done, file};

/// A signer that gets its requests as events.
struct Function {
    events: mpsc::Sender<Value>,
    replies: mpsc::Receiver<Value>,
    _running: Running,
}

#[derive(Clone)]
struct Runtime {
    events: Arc<Mutex<mpsc::Receiver<Value>>>,
    replies: mpsc::Sender<Value>,
}

impl Function {
    async fn start(storage: &Storage, further: &str) -> Self {
        let (events, next) = mpsc::channel(1);
        let (replies, heard) = mpsc::channel(1);
        let runtime = Runtime { events: Arc::new(Mutex::new(next)), replies };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next_event))
            .route("/2018-06-01/runtime/invocation/{id}/{what}", post(take))
            .with_state(runtime);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async { axum::serve(listener, router).await });
        let child = with_secrets(&[])
            .env("NEARPUT_CONFIG", format!("allowed_origins = ['{ORIGIN}']\n{}", configuration(storage, further)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "signer")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .spawn();
        Self { events, replies: heard, _running: Running(child.expect("runs")) }
    }

    async fn ask(&mut self, event: Value) -> Value {
        self.events.send(event).await.expect("the runtime is there");
        tokio::time::timeout(Duration::from_secs(20), self.replies.recv()).await.expect("in time").expect("a reply")
    }
}

async fn next_event(State(runtime): State<Runtime>) -> Response {
    let event = runtime.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:signer"),
    ];
    (headers, Json(event)).into_response()
}

async fn take(
    State(runtime): State<Runtime>,
    Path((_, what)): Path<(String, String)>,
    body: String,
) -> http::StatusCode {
    assert_eq!(what, "response", "{body}");
    runtime.replies.send(serde_json::from_str(&body).expect("JSON")).await.expect("heard");
    http::StatusCode::ACCEPTED
}

/// As function URLs and HTTP APIs write it:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
fn event(method: &str, path: &str, headers: Value, body: Option<&str>, from: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.lambda-url.us-east-1.on.aws",
            "domainPrefix": "api",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": from, "userAgent": "a" },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390u64
        },
        "body": body,
        "isBase64Encoded": body.is_some(),
    })
}

fn authorized() -> Value {
    json!({ "authorization": format!("Bearer {TOKEN}"), "accept-encoding": "gzip, br", "origin": ORIGIN })
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip");
    gzip.stdin.take().expect("piped").write_all(bytes).expect("taken");
    let mut plain = Vec::new();
    gzip.stdout.take().expect("piped").read_to_end(&mut plain).expect("read");
    assert!(gzip.wait().expect("ends").success());
    plain
}

#[tokio::test]
async fn an_upload_is_opened_by_an_event_and_its_large_reply_is_compressed() {
    let storage = Storage::start().await;
    let mut function = Function::start(&storage, "").await;
    let content = bytes(10);
    let files = vec![file(&content, Plan::Put); 5];
    let body = BASE64_STANDARD.encode(json!({ "files": files }).to_string());
    let reply = function.ask(event("POST", path::OPEN, authorized(), Some(&body), "192.0.2.1")).await;
    assert_eq!((&reply["statusCode"], &reply["isBase64Encoded"]), (&json!(200), &json!(true)), "{reply}");
    assert_eq!(reply["headers"]["content-encoding"], "gzip");
    assert_eq!(reply["headers"]["access-control-allow-origin"], ORIGIN);
    assert_eq!(reply["headers"]["cache-control"], "no-store");
    assert!(reply["headers"].get("strict-transport-security").is_none());
    let plain = unzip(&BASE64_STANDARD.decode(reply["body"].as_str().expect("text")).expect("base64"));
    let opened: OpenedUploads = serde_json::from_slice(&plain).expect("the reply");
    for opened in opened.uploads.into_iter().map(done) {
        assert_eq!(send_part(&opened.parts[0], &content).await.status, 200);
    }
}

#[tokio::test]
async fn preflights_and_errors_are_as_on_a_port() {
    let storage = Storage::start().await;
    let mut function = Function::start(&storage, "").await;
    let headers = json!({
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    });
    let reply = function.ask(event("OPTIONS", path::OPEN, headers, None, "192.0.2.1")).await;
    assert_eq!(reply["statusCode"], 200);
    assert_eq!(reply["headers"]["access-control-allow-origin"], ORIGIN);
    let foreign = json!({ "origin": "https://evil.example", "access-control-request-method": "POST" });
    let reply = function.ask(event("OPTIONS", path::OPEN, foreign, None, "192.0.2.1")).await;
    assert!(reply["headers"].get("access-control-allow-origin").is_none());

    for (method, path, body, status, code) in [
        ("GET", "/nowhere", None, 404, ErrorCode::NotFound),
        ("DELETE", path::OPEN, None, 405, ErrorCode::MethodNotAllowed),
        ("POST", path::OPEN, Some("////"), 400, ErrorCode::InvalidRequest),
    ] {
        let reply = function.ask(event(method, path, authorized(), body, "192.0.2.1")).await;
        assert_eq!((&reply["statusCode"], &reply["isBase64Encoded"]), (&json!(status), &json!(false)), "{reply}");
        let error: ErrorReply = serde_json::from_str(reply["body"].as_str().expect("text")).expect("an error");
        assert_eq!(error.error.code, code);
    }
}

#[tokio::test]
async fn an_address_is_the_one_that_lambda_has_seen() {
    let storage = Storage::start().await;
    let mut function = Function::start(&storage, "[limits.rate]\nper_address = '1/h'").await;
    let headers = |forwarded: &str| json!({ "authorization": format!("Bearer {TOKEN}"), "x-forwarded-for": forwarded });
    for (forwarded, from, status) in
        [("1.1.1.1", "192.0.2.1", 200), ("2.2.2.2", "192.0.2.1", 429), ("2.2.2.2", "192.0.2.2", 200)]
    {
        let reply = function.ask(event("GET", path::SITES, headers(forwarded), None, from)).await;
        assert_eq!(reply["statusCode"], status, "{reply}");
    }
}

#[test]
fn a_function_without_a_configuration_says_where_it_belongs() {
    let output = with_secrets(&[]).env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9").output().expect("runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("NEARPUT_CONFIG"));
}
