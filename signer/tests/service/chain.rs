//! The signer's own credentials: found where the tools of AWS find them, by the program as it is shipped.
//!
//! What containers and instances answer is documented at
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>; here, a few lines do.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use http::{HeaderMap, Method, StatusCode};
use nearput_api::{ErrorCode, OpenUploads, OpenedUpload, OpenedUploads, Outcome, Plan, path};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};

use crate::client::{send, send_part};
use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};
use crate::world::{TOKEN, bytes, done, file};

const TICKET_KEYS: &str = "k1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The program, with nothing in its environment but what a test sets. It ends with the test.
struct Program {
    address: String,
    _child: Child,
    _log: Lines<BufReader<ChildStderr>>,
    _config: TempDir,
}

impl Program {
    async fn start(storage: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let config = folder.path().join("signer.toml");
        let text = format!(
            "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'us-east-1'\nbucket = '{BUCKET}'\nendpoint = '{storage}'"
        );
        std::fs::write(&config, text).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_signer"))
            .args(["serve", "--config"])
            .arg(&config)
            .env_clear()
            .envs([("NEARPUT_TICKET_KEYS", TICKET_KEYS), ("NEARPUT_DEVELOPMENT_TOKEN", TOKEN), ("HOME", "/nowhere")])
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("runs");
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = loop {
            let line = log.next_line().await.expect("text").expect("it says where it listens");
            let line: Value = serde_json::from_str(&line).expect("JSON");
            if let Some(address) = line["address"].as_str() {
                break address.to_owned();
            }
        };
        Self { address, _child: child, _log: log, _config: folder }
    }

    async fn open(&self) -> Outcome<OpenedUpload> {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [("authorization", authorization.as_str())];
        let body = OpenUploads { site: None, by_access_point: false, files: vec![file(&bytes(10), Plan::Put)] };
        let url = format!("http://{}{}", self.address, path::OPEN);
        let reply = send("POST", &url, &headers, serde_json::to_vec(&body).expect("JSON")).await;
        reply.json::<OpenedUploads>().uploads.remove(0)
    }

    /// It can sign nothing, and says why.
    async fn has_no_credentials(&self) {
        let Outcome::Failed(reply) = self.open().await else { panic!("it has opened an upload") };
        assert_eq!(reply.error.code, ErrorCode::StorageUnavailable);
        let message = reply.error.message;
        assert!(message.starts_with("The signer has no credentials for the storage"), "{message}");
    }

    /// The id of the key by which it signs, and the token that goes with it.
    async fn signs_by(&self) -> (String, String) {
        let url = done(self.open().await).parts.remove(0).urls.remove("custom").expect("a URL");
        let parameter = |name: &str| {
            let value = url.split(['?', '&']).find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().to_owned()
        };
        let id = parameter("X-Amz-Credential").split("%2F").next().expect("the id").to_owned();
        (id, parameter("X-Amz-Security-Token"))
    }
}

fn both(id: &str, token: &str) -> (String, String) {
    (id.to_owned(), token.to_owned())
}

/// Documents at a port, which ends with the test.
struct Documents {
    address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
    server: tokio::task::JoinHandle<()>,
}

/// What is answered to method, path and headers.
type Answers = Box<dyn FnMut(&Method, &str, &HeaderMap) -> Response + Send>;

impl Documents {
    async fn serve(answers: impl FnMut(&Method, &str, &HeaderMap) -> Response + Send + 'static) -> Self {
        async fn answer(State(answers): State<Arc<Mutex<Answers>>>, request: Request) -> Response {
            let mut answers = answers.lock().expect("no panic");
            answers(request.method(), request.uri().path(), request.headers())
        }
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(answers)));
        let router = Router::new().fallback(answer).with_state(answers.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = tokio::spawn(async { axum::serve(listener, router).await.expect("serves") });
        Self { address, answers, server }
    }

    /// From now on there is only this answer.
    fn change(&self, answer: impl Fn() -> Response + Send + 'static) {
        *self.answers.lock().expect("no panic") = Box::new(move |_, _, _| answer());
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Credentials as containers and instances get them.
fn document(id: &str, left: Duration) -> Response {
    let end = DateTime::from(SystemTime::now() + left).fmt(DateTimeFormat::DateTime).expect("a date");
    let document = json!({
        "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": id,
        "SecretAccessKey": "secret", "Token": format!("token-of-{id}"), "Expiration": end,
    });
    Json(document).into_response()
}

#[tokio::test]
async fn by_the_environment() {
    let storage = Storage::start().await;
    let keys = [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)];
    let program = Program::start(&format!("http://{}", storage.address), &keys).await;
    assert_eq!(program.signs_by().await, both(ACCESS_KEY, ""));
    assert_eq!(send_part(&done(program.open().await).parts[0], &bytes(10)).await.status, 200);
}

#[tokio::test]
async fn by_profiles_in_files() {
    let folder = tempfile::tempdir().expect("a directory");
    let place = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (credentials, config) = (place("credentials"), place("config"));
    let keys = |id: &str| format!("aws_access_key_id = {id}\naws_secret_access_key = secret\n");
    let text = format!("[default]\n{}\n[uploads]\n{}", keys("of-default"), keys("of-uploads"));
    std::fs::write(&credentials, text).expect("written");
    std::fs::write(&config, format!("[profile other]\n{}", keys("of-other"))).expect("written");
    let files = [("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()), ("AWS_CONFIG_FILE", config.as_str())];
    for (profile, id) in [(None, "of-default"), (Some("uploads"), "of-uploads"), (Some("other"), "of-other")] {
        let mut environment = Vec::from(files);
        environment.extend(profile.map(|profile| ("AWS_PROFILE", profile)));
        assert_eq!(Program::start("http://127.0.0.1:9", &environment).await.signs_by().await, both(id, ""));
    }
}

/// The way of ECS and of EKS Pod Identity.
#[tokio::test]
async fn by_a_container_that_shows_its_token() {
    let documents = Documents::serve(|method, path, headers| match headers.get("authorization") {
        Some(shown) if method == Method::GET && path == "/v1/credentials" && shown == "the pod's token" => {
            document("of-the-pod", Duration::from_hours(6))
        }
        Some(_) | None => StatusCode::UNAUTHORIZED.into_response(),
    });
    let documents = documents.await;
    let folder = tempfile::tempdir().expect("a directory");
    let token = folder.path().join("token");
    std::fs::write(&token, "the pod's token").expect("written");
    let url = documents.url("/v1/credentials");
    let token = token.to_str().expect("text");
    let environment =
        [("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)];
    let program = Program::start("http://127.0.0.1:9", &environment).await;
    assert_eq!(program.signs_by().await, both("of-the-pod", "token-of-of-the-pod"));
}

#[tokio::test]
async fn by_an_instance_that_wants_a_session_first() {
    const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
    let documents = Documents::serve(|method, path, headers| {
        let session = headers.get("x-aws-ec2-metadata-token").is_some_and(|token| token == "a session");
        match (method, path) {
            (&Method::PUT, "/latest/api/token") if headers.contains_key("x-aws-ec2-metadata-token-ttl-seconds") => {
                ([("x-aws-ec2-metadata-token-ttl-seconds", "21600")], "a session").into_response()
            }
            (&Method::GET, ROLES) if session => "uploads".into_response(),
            (&Method::GET, path) if session && path.strip_prefix(ROLES) == Some("uploads") => {
                document("of-the-instance", Duration::from_hours(6))
            }
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    });
    let documents = documents.await;
    let url = documents.url("/");
    let program = Program::start("http://127.0.0.1:9", &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)]).await;
    assert_eq!(program.signs_by().await, both("of-the-instance", "token-of-of-the-instance"));
}

#[tokio::test]
async fn they_are_replaced_before_they_end_and_without_any_the_caller_is_told() {
    let soon = Duration::from_mins(4);
    let documents = Documents::serve(move |_, _, _| document("first", soon)).await;
    let url = documents.url("/");
    let environment = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str())];
    let program = Program::start("http://127.0.0.1:9", &environment).await;
    assert_eq!(program.signs_by().await.0, "first");
    documents.change(move || document("second", soon));
    assert_eq!(program.signs_by().await.0, "second");

    // They end in a moment, and there are no others.
    documents.change(|| document("third", Duration::from_secs(10)));
    assert_eq!(program.signs_by().await.0, "third");
    documents.change(|| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    assert_eq!(program.signs_by().await.0, "third");
    tokio::time::sleep(Duration::from_secs(11)).await;
    program.has_no_credentials().await;
}

#[tokio::test]
async fn where_there_are_none_at_all_the_signer_starts_and_says_so() {
    assert!(!Path::new("/nowhere").exists());
    let environment = [("AWS_EC2_METADATA_DISABLED", "true")];
    Program::start("http://127.0.0.1:9", &environment).await.has_no_credentials().await;
}
