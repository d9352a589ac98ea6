//! Who may call: by a token, or by none.

use nearput_api::{ErrorCode, path};
use nearput_signer::{BuildError, Config, Secrets, TicketKey, build};

use crate::client::send;
use crate::storage::Storage;
use crate::world::{Options, Signer, TOKEN};

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
