//! The program itself, as an operator runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use nearput_api::{OpenUploads, OpenedUploads, Plan, path};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::client::{send, send_part};
use crate::scripted::{Answer, Script, ScriptedStorage};
use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};
use crate::world::{METRICS_TOKEN, PART, TOKEN, bytes, done, file, to_complete};

const TICKET_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn signer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signer"));
    command.args(arguments).env_clear();
    command
}

pub(crate) fn with_secrets(arguments: &[&str]) -> Command {
    let mut command = signer(arguments);
    command
        .env("NEARPUT_TICKET_KEYS", format!("k1:{TICKET_KEY}"))
        .env("NEARPUT_DEVELOPMENT_TOKEN", TOKEN)
        .env("NEARPUT_METRICS_TOKEN", METRICS_TOKEN)
        .env("NEARPUT_SITE_LOCAL_ACCESS_KEY_ID", ACCESS_KEY)
        .env("NEARPUT_SITE_LOCAL_SECRET_ACCESS_KEY", SECRET_KEY);
    command
}

fn check(file: &Path) -> Output {
    signer(&["config", "check", "--config", file.to_str().expect("text")]).output().expect("runs")
}

/// Ends the program also where a test fails.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_example_configuration_is_accepted_and_a_wrong_one_is_named() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("signer.example.toml");
    let checked = check(&example);
    assert!(checked.status.success());
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("is valid") && said.contains("but consider issuers: "), "{said}");

    let directory = tempfile::tempdir().expect("a directory");
    let wrong = directory.path().join("signer.toml");
    let text = std::fs::read_to_string(&example).expect("the example").replace("lifetime", "livetime");
    std::fs::write(&wrong, text).expect("written");
    for (file, named) in [(wrong, "livetime"), (directory.path().join("nowhere.toml"), "nowhere.toml")] {
        let output = check(&file);
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(named));
    }
}

#[test]
fn what_the_policy_would_say_is_printed_and_is_the_exit_code() {
    let directory = tempfile::tempdir().expect("a directory");
    let claims = directory.path().join("claims.json");
    std::fs::write(&claims, r#"{"iss":"https://login.example.com","sub":"me"}"#).expect("written");
    let config = directory.path().join("signer.toml");
    let text = "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'r'\nbucket = 'uploads'";
    std::fs::write(&config, text).expect("written");
    let test = |file: &str, further: &[&str]| {
        let [config, claims] = [&config, &claims].map(|path| path.to_str().expect("text"));
        let known = ["policy", "test", "--config", config, "--as", claims, "--file", file];
        signer(&[&known, further].concat()).output().expect("runs")
    };
    let granted = test("a, b.png,7,image/png", &["--access", "protected", "--site", "local"]);
    let said = String::from_utf8_lossy(&granted.stdout).into_owned();
    assert!(granted.status.success() && said.contains("rules[1]") && said.contains("key: protected/me/"), "{said}");
    assert!(said.contains("/a_b.png"), "{said}");

    for (file, further, reason) in [
        ("a.svg,7,image/svg+xml", &[][..], "image/svg+xml"),
        ("a.png,7,image/png", &["--access", "other"], "other"),
        ("a.png,7,image/png", &["--site", "elsewhere"], "elsewhere"),
        ("a.png,large,image/png", &[], "name, size in bytes and media type"),
    ] {
        let refused = test(file, further);
        assert!(!refused.status.success() && refused.stdout.is_empty());
        assert!(String::from_utf8_lossy(&refused.stderr).contains(reason), "{refused:?}");
    }
}

#[test]
fn a_signer_without_its_secrets_says_which_is_missing() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("signer.example.toml");
    let output = signer(&["serve", "--config", example.to_str().expect("text")]).output().expect("runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("NEARPUT_TICKET_KEYS"));
}

pub(crate) fn configuration(storage: &Storage, further: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'us-east-1'\nbucket = '{BUCKET}'
        endpoint = 'http://{}'\ncredentials = 'environment'\n{further}",
        storage.address
    )
}

/// The program in front of a storage, with its first line read: where it listens.
pub(crate) struct Serving {
    /// The file of its configuration.
    pub(crate) config: PathBuf,
    _directory: TempDir,
    running: Running,
    output: BufReader<ChildStderr>,
    log: String,
    address: String,
}

impl Serving {
    pub(crate) fn start(storage: &Storage, further: &str) -> Self {
        Self::start_with(storage, further, [])
    }

    /// With these variables as well.
    pub(crate) fn start_with<'a>(
        storage: &Storage,
        further: &str,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let config = directory.path().join("signer.toml");
        std::fs::write(&config, configuration(storage, further)).expect("written");
        let child = with_secrets(&["serve", "--config", config.to_str().expect("text")])
            .envs(variables)
            .stderr(Stdio::piped())
            .spawn();
        let mut running = Running(child.expect("runs"));
        let mut output = BufReader::new(running.0.stderr.take().expect("piped"));
        let mut log = String::new();
        let address = loop {
            let start = log.len();
            assert!(output.read_line(&mut log).expect("a line") > 0, "it has ended: {log}");
            let line: Value = serde_json::from_str(&log[start..]).expect("JSON");
            if let Some(address) = line["address"].as_str() {
                break address.to_owned();
            }
        };
        Self { config, _directory: directory, running, output, log, address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn tell(&self, signal: &str) {
        let id = self.running.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("runs").success());
    }

    /// Ends it as an operator does, and gives all that it logged.
    pub(crate) fn end(mut self) -> String {
        self.tell("-TERM");
        self.output.read_to_string(&mut self.log).expect("text");
        assert!(self.running.0.wait().expect("ends").success());
        self.log
    }
}

#[tokio::test]
async fn the_log_of_an_upload_and_of_refusals_is_json_and_holds_no_secret() {
    let storage = Storage::start().await;
    let serving = Serving::start(&storage, "[telemetry]\nlog = 'trace'");
    let url = |path: &str| serving.url(path);

    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let content = bytes(10);
    let body =
        serde_json::to_vec(&OpenUploads { site: None, by_access_point: false, files: vec![file(&content, Plan::Put)] })
            .expect("JSON");
    let mut opened: OpenedUploads = send("POST", &url(path::OPEN), &headers, body).await.json();
    let opened = done(opened.uploads.remove(0));
    assert_eq!(send_part(&opened.parts[0], &content).await.status, 200);
    let complete = serde_json::json!({ "uploads": [to_complete(&opened, &content, vec![])] }).to_string();
    let completed = send("POST", &url(path::COMPLETE), &headers, complete).await;
    assert_eq!(completed.status, 200);
    for (path, body) in [
        (path::OPEN, format!(r#"{{"token":"{TOKEN}x"}}"#)),
        (path::SIGN, format!(r#"{{"token":"{TOKEN}","ticket":"{}x","parts":[]}}"#, opened.ticket)),
        (path::SIGN, format!(r#"{{"token":"{TOKEN}","ticket":"{}","parts":"{}"}}"#, opened.ticket, opened.ticket)),
    ] {
        assert!(!send("POST", &url(path), &[], body).await.status.is_success());
    }
    let metrics = format!("Bearer {METRICS_TOKEN}");
    assert_eq!(send("GET", &url(path::METRICS), &[("authorization", &metrics)], "").await.status, 200);
    let last = send("GET", &url(&format!("{}?token={}", path::SITES, TOKEN.replace(' ', "+"))), &[], "").await;

    let log = serving.end();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), 7, "{log}");
    assert!(log.contains("allowed_origins: there is none"), "what is doubtful is said at the start: {log}");
    let of_last = answered[6];
    assert_eq!(of_last["span"]["id"], last.headers["x-request-id"].to_str().expect("text"));
    assert_eq!((&of_last["span"]["path"], &of_last["status"]), (&path::SITES.into(), &401.into()));
    let signature = opened.parts[0].urls["custom"].split("X-Amz-Signature=").nth(1).expect("signed")[..64].to_owned();
    let ticket = opened.ticket.split('.').nth(1).expect("three parts").to_owned();
    let token = "the+development+token";
    for secret in [TOKEN, token, METRICS_TOKEN, SECRET_KEY, TICKET_KEY, &signature, "X-Amz-", &ticket] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[tokio::test]
async fn traces_go_to_the_collector_and_go_on_with_those_of_the_caller() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let received = Arc::new(Mutex::new(Vec::new()));
    let bodies = received.clone();
    let collect = async move |body: Bytes| bodies.lock().expect("no test panics with it").extend_from_slice(&body);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let collector = listener.local_addr().expect("an address");
    let router = Router::new().route("/v1/traces", post(collect));
    let collecting = tokio::spawn(async { axum::serve(listener, router).await.expect("serves") });

    let storage = Storage::start().await;
    let serving = Serving::start(&storage, &format!("[telemetry]\ntraces = 'http://{collector}'"));
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str()), ("traceparent", &parent)];
    let files = vec![file(&bytes(1), Plan::Multipart { part_size: PART })];
    let body = serde_json::to_vec(&OpenUploads { site: None, by_access_point: false, files }).expect("JSON");
    assert_eq!(send("POST", &serving.url(path::OPEN), &headers, body).await.status, 200);
    tokio::task::spawn_blocking(|| serving.end()).await.expect("ends");
    collecting.abort();

    let received = received.lock().expect("no test panics with it");
    let contains = |bytes: &[u8]| received.windows(bytes.len()).any(|window| window == bytes);
    let trace = u128::from_str_radix(TRACE, 16).expect("hexadecimal").to_be_bytes();
    assert!(contains(&trace), "the caller's trace goes on");
    for name in ["nearput-signer", path::OPEN, "CreateMultipartUpload"] {
        assert!(contains(name.as_bytes()), "{name}");
    }
    for secret in [TOKEN, SECRET_KEY, TICKET_KEY, "X-Amz-"] {
        assert!(!contains(secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn sweep_lists_stale_uploads_and_aborts_them_only_when_told() {
    const LISTED: &str = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>private/me/1/a.txt</Key>\
                          <UploadId>u</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>";
    let abort = Answer::Error(404, "NoSuchUpload");
    let storage =
        ScriptedStorage::start(Script { list: |_| Answer::Xml(LISTED.to_owned()), abort, ..Script::default() }).await;
    let refusing = ScriptedStorage::start(Script { list: |_| Answer::Error(403, "AccessDenied"), ..Script::default() });
    let refusing = refusing.await;
    let directory = tempfile::tempdir().expect("a directory");
    let sweep = async |storage: &ScriptedStorage, arguments: &[&str]| {
        let config = directory.path().join("signer.toml");
        let site = format!(
            "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'us-east-1'\nbucket = '{BUCKET}'
            endpoint = 'http://{}'\ncredentials = 'environment'",
            storage.address
        );
        std::fs::write(&config, site).expect("written");
        let mut command = signer(&["sweep", "--config", config.to_str().expect("text")]);
        command.args(arguments).env("NEARPUT_SITE_LOCAL_ACCESS_KEY_ID", ACCESS_KEY);
        command.env("NEARPUT_SITE_LOCAL_SECRET_ACCESS_KEY", SECRET_KEY);
        let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        (output.status.success(), text)
    };
    let (done, text) = sweep(&storage, &["--older-than", "7d"]).await;
    assert!(done && text.contains("local  private/me/1/a.txt") && text.contains("--abort"), "{text}");
    assert!(storage.asked_for("abort").is_empty(), "it was not told to");
    let (done, text) = sweep(&storage, &["--older-than", "7d", "--abort"]).await;
    assert!(done && text.contains("1 uploads aborted"), "{text}");
    assert_eq!(storage.asked_for("abort").len(), 1);
    for (storage, arguments, named) in [
        (&storage, &["--older-than", "7 days"][..], "as in `15m`"),
        (&storage, &["--older-than", "1d", "--abort"], "may be alive for 168 h"),
        (&storage, &["--older-than", "7d", "--site", "elsewhere"], "elsewhere"),
        (&refusing, &["--older-than", "7d"], "AccessDenied"),
    ] {
        let (done, text) = sweep(storage, arguments).await;
        assert!(!done && text.contains(named), "{text}");
    }
}
