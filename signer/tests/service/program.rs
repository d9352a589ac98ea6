//! The program itself, as an operator runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nearput_api::{OpenUploads, OpenedUploads, Plan, path};

use crate::client::{send, send_part};
use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};
use crate::world::{TOKEN, bytes, done, file, to_complete};

const TICKET_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn signer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signer"));
    command.args(arguments).env_clear();
    command
}

fn check(file: &Path) -> Output {
    signer(&["config", "check", "--config", file.to_str().expect("text")]).output().expect("runs")
}

/// Ends the program also where a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_example_configuration_is_accepted_and_a_wrong_one_is_named() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("signer.example.toml");
    assert!(check(&example).status.success());

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
fn a_signer_without_its_secrets_says_which_is_missing() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("signer.example.toml");
    let output = signer(&["serve", "--config", example.to_str().expect("text")]).output().expect("runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("NEARPUT_TICKET_KEYS"));
}

#[tokio::test]
async fn the_log_of_an_upload_and_of_refusals_holds_no_secret() {
    let storage = Storage::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("signer.toml");
    let text = format!(
        "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'us-east-1'\nbucket = '{BUCKET}'
        endpoint = 'http://{}'\ncredentials = 'environment'",
        storage.address
    );
    std::fs::write(&config, text).expect("written");
    let child = signer(&["serve", "--config", config.to_str().expect("text"), "--log", "trace"])
        .env("NEARPUT_TICKET_KEYS", format!("k1:{TICKET_KEY}"))
        .env("NEARPUT_DEVELOPMENT_TOKEN", TOKEN)
        .env("NEARPUT_SITE_LOCAL_ACCESS_KEY_ID", ACCESS_KEY)
        .env("NEARPUT_SITE_LOCAL_SECRET_ACCESS_KEY", SECRET_KEY)
        .stderr(Stdio::piped())
        .spawn();
    let mut running = Running(child.expect("runs"));
    let mut output = BufReader::new(running.0.stderr.take().expect("piped"));
    let mut log = String::new();
    output.read_line(&mut log).expect("a line");
    let address = log.trim().rsplit("127.0.0.1:").next().expect("the port").to_owned();
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", address.trim_matches(|c: char| !c.is_ascii_digit()));

    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let content = bytes(10);
    let body = serde_json::to_vec(&OpenUploads { site: None, files: vec![file(&content, Plan::Put)] }).expect("JSON");
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
    send("GET", &url(&format!("{}?token={}", path::SITES, TOKEN.replace(' ', "+"))), &[], "").await;

    tokio::time::sleep(Duration::from_millis(100)).await;
    running.0.kill().expect("killed");
    output.read_to_string(&mut log).expect("text");
    assert!(log.matches("answered").count() >= 6 && log.contains("POST") && log.contains(path::SIGN), "{log}");
    let signature = opened.parts[0].urls["custom"].split("X-Amz-Signature=").nth(1).expect("signed")[..64].to_owned();
    let ticket = opened.ticket.split('.').nth(1).expect("three parts").to_owned();
    for secret in [TOKEN, "the+development+token", SECRET_KEY, TICKET_KEY, &signature, "X-Amz-", &ticket] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}
