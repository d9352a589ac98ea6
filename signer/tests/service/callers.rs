//! Who may call: by a token, or by none.

use nearput_api::{CompleteUploads, CompletedUploads, ErrorCode, OpenUploads, OpenedUploads, Plan, path};
use nearput_signer::{BuildError, Config, Secrets, TicketKey, build};

use crate::client::{send, send_part};
use crate::storage::Storage;
use crate::world::{Options, Signer, TOKEN, bytes, done, failed, file, to_complete};

const ISSUER: &str = "[[issuers]]\nissuer = 'http://127.0.0.1:9'\naudience = ['a']";

async fn start_error(config: &str, development_token: Option<&str>) -> BuildError {
    let site = "[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'";
    let config = Config::parse(&format!("listen = '127.0.0.1:0'\n{config}\n{site}")).expect("a configuration");
    let secrets = Secrets {
        ticket_keys: vec![TicketKey { id: "k".to_owned(), secret: vec![0; 32] }],
        development_token: development_token.map(str::to_owned),
        metrics_token: None,
        webhook_secrets: Vec::new(),
        site_credentials: Default::default(),
        ..Secrets::default()
    };
    build(config, secrets).await.expect_err("it cannot start")
}

#[tokio::test]
async fn whoever_shows_no_token_is_answered_only_where_that_is_allowed() {
    let storage = Storage::start().await;
    let strict = Signer::start(storage.address, Options::default()).await;
    let open = Signer::start(storage.address, Options { top: "allow_anonymous = true", ..Options::default() }).await;
    for (method, body) in [("GET", ""), ("POST", ""), ("POST", "{}"), ("POST", r#"{"token":null}"#)] {
        let reply = send(method, &strict.url(path::SITES), &[], body).await;
        assert_eq!(reply.error(), (401, ErrorCode::Unauthenticated), "{method} {body}");
        assert_eq!(send(method, &open.url(path::SITES), &[], body).await.status, 200, "{method} {body}");
    }
    assert_eq!(open.call_with(path::SITES, "").await.status, 200, "a token counts as before");
}

#[tokio::test]
async fn an_anonymous_caller_uploads_at_the_level_of_guests_and_at_no_other() {
    let storage = Storage::start().await;
    let signer = Signer::start(storage.address, Options { top: "allow_anonymous = true", ..Options::default() }).await;
    let open = async |access: &str| {
        let file = nearput_api::OpenFile { access: Some(access.to_owned()), ..file(&bytes(9), Plan::Put) };
        let body =
            serde_json::to_vec(&OpenUploads { site: None, by_access_point: false, files: vec![file] }).expect("JSON");
        let mut opened: OpenedUploads = send("POST", &signer.url(path::OPEN), &[], body).await.json();
        opened.uploads.remove(0)
    };
    assert_eq!(failed(open("private").await), ErrorCode::Forbidden);
    assert_eq!(failed(open("protected").await), ErrorCode::Forbidden);

    let opened = done(open("guest").await);
    assert!(opened.key.starts_with("public/"), "{}", opened.key);
    assert_eq!(send_part(&opened.parts[0], &bytes(9)).await.status, 200);
    let body = CompleteUploads { uploads: vec![to_complete(&opened, &bytes(9), vec![])] };
    let body = serde_json::to_vec(&body).expect("JSON");
    let mut completed: CompletedUploads = send("POST", &signer.url(path::COMPLETE), &[], body).await.json();
    assert_eq!(done(completed.uploads.remove(0)).key, opened.key);
    assert_eq!(storage.object(&opened.key), Some(bytes(9)));
}

#[tokio::test]
async fn a_wrong_token_is_never_taken_for_none() {
    let storage = Storage::start().await;
    let open = Signer::start(storage.address, Options { top: "allow_anonymous = true", ..Options::default() }).await;
    let half = &TOKEN[..5];
    for (authorization, body) in [
        (Some(format!("Bearer {half}")), String::new()),
        (Some(format!("Basic {TOKEN}")), String::new()),
        (Some(String::new()), String::new()),
        (None, r#"{"token":""}"#.to_owned()),
        (None, format!(r#"{{"token":"{half}"}}"#)),
    ] {
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let reply = send("POST", &open.url(path::SITES), &headers, body.clone()).await;
        assert_eq!(reply.error(), (401, ErrorCode::Unauthenticated), "{authorization:?} {body}");
    }
}

#[tokio::test]
async fn a_signer_whom_nobody_could_call_does_not_start() {
    let error = start_error("", None).await.to_string();
    assert!(error.contains("[[issuers]]") && error.contains("NEARPUT_DEVELOPMENT_TOKEN"), "{error}");
    assert!(matches!(start_error("", Some("")).await, BuildError::NoAuthenticator));
}

#[tokio::test]
async fn a_development_token_beside_issuers_is_refused_at_the_start() {
    let error = start_error(ISSUER, Some("let me in")).await;
    assert!(matches!(error, BuildError::DevelopmentTokenBesideIssuers), "{error}");
    assert!(error.to_string().contains("NEARPUT_DEVELOPMENT_TOKEN") && !error.to_string().contains("let me in"));
}
