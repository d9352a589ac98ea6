//! Roles: one that browsers are given for one upload, and one that the signer itself has.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use nearput_api::{
    AskCredentials, Credentials, ErrorCode, ErrorReply, OpenUploads, OpenedUploads, Outcome, Plan, path,
};
use nearput_tests::client::Request;
use nearput_tests::moto::Moto;
use nearput_tests::program::{Running, installed};
use serde_json::{Value, json};

use crate::signer::{Signer, TOKEN, bytes, file};

const ROLE: &str = "arn:aws:iam::123456789012:role/browser";

/// A signer whose browsers assume a role at `sts`.
async fn signer(sts: &str) -> Signer {
    let head = format!("credentials = {{ role_arn = '{ROLE}', duration = '15m', endpoint = '{sts}' }}");
    let site = "region = 'eu-west-1'\nbucket = 'uploads'\nendpoint = 'http://127.0.0.1:9'";
    Signer::of(&head, site).await.expect("a signer")
}

/// The sessions that moto has given out.
async fn sessions(moto: &Moto) -> Vec<Value> {
    let url = format!("{}/moto-api/data.json", moto.url);
    let request = Request { method: "GET".to_owned(), url, headers: Default::default(), body: Vec::new() };
    let data: Value = serde_json::from_slice(&request.send().await.body).expect("JSON");
    data["sts"]["AssumedRole"].as_array().cloned().unwrap_or_default()
}

async fn refusal(signer: &Signer) -> (u16, ErrorCode) {
    let opened = signer.open(file(&bytes(1), Plan::Put)).await;
    let reply = signer.ask(path::CREDENTIALS, &AskCredentials { ticket: opened.ticket }).await;
    let error: ErrorReply = serde_json::from_slice(&reply.body).expect("an error");
    (reply.status.as_u16(), error.error.code)
}

#[tokio::test]
async fn a_browser_is_given_a_session_for_its_own_upload() {
    let moto = Moto::start(&[]).await;
    let signer = signer(&moto.url).await;
    let opened = signer.open(file(&bytes(1), Plan::Put)).await;
    let ask = AskCredentials { ticket: opened.ticket };
    let given: Credentials = signer.call(path::CREDENTIALS, &ask).await;
    assert!(opened.key.starts_with(&given.prefix), "{}", given.prefix);
    let left = (given.expires_at - given.server_time) / 1000;
    assert!((890..=905).contains(&left), "{left} s");

    let [session] = <[_; 1]>::try_from(sessions(&moto).await).expect("one session");
    for (name, value) in [
        ("role_arn", ROLE),
        ("session_name", "nearput-developer"),
        ("region_name", "eu-west-1"),
        ("access_key_id", &given.access_key_id),
        ("secret_access_key", &given.secret_access_key),
        ("session_token", &given.session_token),
    ] {
        assert_eq!(session[name], value, "{name}");
    }
    let policy: Value = serde_json::from_str(session["policy"].as_str().expect("a policy")).expect("JSON");
    let resource = format!("arn:aws:s3:::uploads/{}*", given.prefix);
    let statement = json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": resource });
    assert_eq!(policy, json!({ "Version": "2012-10-17", "Statement": [statement] }));

    let again: Credentials = signer.call(path::CREDENTIALS, &ask).await;
    assert_eq!(again.access_key_id, given.access_key_id);
    assert_eq!(sessions(&moto).await.len(), 1);
}

#[tokio::test]
async fn a_role_that_is_refused_is_the_operators_matter_and_one_that_cannot_be_asked_for_is_tried_again() {
    // It knows no keys, and so refuses those of the signer.
    let moto = Moto::start(&[("INITIAL_NO_AUTH_ACTION_COUNT", "0")]).await;
    assert_eq!(refusal(&signer(&moto.url).await).await, (502, ErrorCode::StorageRefused));
    let url = moto.url.clone();
    drop(moto);
    assert_eq!(refusal(&signer(&url).await).await, (503, ErrorCode::StorageUnavailable));
}

/// The way of EKS's service accounts, by the program as it is shipped.
#[tokio::test]
async fn the_signer_itself_has_the_role_that_its_web_identity_gives_it() {
    let moto = Moto::start(&[]).await;
    let folder = tempfile::tempdir().expect("a directory");
    let (config, token) = (folder.path().join("signer.toml"), folder.path().join("token"));
    std::fs::write(&token, "the token of a service account").expect("written");
    let text = "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'eu-west-1'\nbucket = 'uploads'";
    std::fs::write(&config, text).expect("written");
    let mut command = Command::new(installed("NEARPUT_SIGNER"));
    command
        .args(["serve", "--config"])
        .arg(config)
        .env_clear()
        .env("NEARPUT_TICKET_KEYS", "k1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
        .env("NEARPUT_DEVELOPMENT_TOKEN", TOKEN)
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", token)
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/signer")
        .env("AWS_ROLE_SESSION_NAME", "a-pod")
        .env("AWS_ENDPOINT_URL_STS", &moto.url)
        .stderr(Stdio::piped());
    let mut running = Running::start(&mut command);
    let mut log = BufReader::new(running.stderr()).lines();
    let address = log.find_map(|line| {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        line["address"].as_str().map(str::to_owned)
    });
    let address = address.expect("it says where it listens");

    let request = Request {
        method: "POST".to_owned(),
        url: format!("http://{address}{}", path::OPEN),
        headers: [("authorization".to_owned(), format!("Bearer {TOKEN}"))].into(),
        body: serde_json::to_vec(&OpenUploads {
            site: None,
            by_access_point: false,
            files: vec![file(&bytes(1), Plan::Put)],
        })
        .expect("JSON"),
    };
    let mut opened: OpenedUploads = serde_json::from_slice(&request.send().await.body).expect("the reply");
    let Outcome::Done(opened) = opened.uploads.remove(0) else { panic!("{opened:?}") };
    let [session] = <[_; 1]>::try_from(sessions(&moto).await).expect("one session");
    let id = session["access_key_id"].as_str().expect("an id");
    assert!(opened.parts[0].urls["regional"].contains(&format!("X-Amz-Credential={id}%2F")));
    assert_eq!(session["session_name"], "a-pod");
}
