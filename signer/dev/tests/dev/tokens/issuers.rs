//! Issuers that are down, slow or wrong, and callers who make them work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use axum::http::StatusCode;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, Header};
use nearput_dev::{Answers, IssuerKey, TestIssuer};
use serde_json::json;

use super::{REFUSED, Scene, UNAVAILABLE, answer, signer};

fn key() -> IssuerKey {
    IssuerKey::new("a", Algorithm::ES256)
}

#[tokio::test]
async fn an_issuer_that_is_down_at_the_start_is_waited_for_and_its_callers_are_told_so() -> Result<()> {
    let mut issuer = TestIssuer::start().await?;
    let token = issuer.token(json!({}));
    issuer.stop().await;
    let signer = signer(&issuer.config()).await?;
    let (status, code) = answer(signer.addr(), &token).await?;
    assert_eq!((status, code.as_str()), UNAVAILABLE);
    // What cannot be right whoever has signed it is refused at once.
    let (status, code) = answer(signer.addr(), "x.y.z").await?;
    assert_eq!((status, code.as_str()), REFUSED);

    issuer.restart().await?;
    let started = Instant::now();
    while answer(signer.addr(), &token).await?.0 != 200 {
        assert!(started.elapsed() < Duration::from_secs(60), "the issuer is not asked again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_goes_down_later_is_not_missed() -> Result<()> {
    let mut scene = Scene::start(vec![key()], "").await?;
    assert_eq!(scene.answer(&scene.issuer.token(json!({}))).await?.0, 200);
    scene.issuer.stop().await;
    assert_eq!(scene.answer(&scene.issuer.token(json!({ "sub": "you" }))).await?.0, 200);
    let unknown = IssuerKey::new("b", Algorithm::ES256);
    let token = unknown.sign(&unknown.header(), &scene.issuer.claims(json!({})));
    scene.assert_refused(vec![("a key that is not there".to_owned(), token)]).await?;
    assert_eq!(scene.answer(&scene.issuer.token(json!({ "sub": "we" }))).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_answers_wrongly_has_no_keys() -> Result<()> {
    let discovery = |status, body: &str| Answers { discovery: Some((status, body.to_owned())), ..Answers::default() };
    let keys = |status, body: &str| Answers { keys: Some((status, body.to_owned())), ..Answers::default() };
    let ok = StatusCode::OK;
    let other = TestIssuer::start().await?;
    let redirected = Answers { redirect: Some(format!("{}/elsewhere", other.url())), ..Answers::default() };
    let issuer = TestIssuer::with_keys(vec![key()]).await?;
    let keys_url = format!("{}/keys", issuer.url());
    let away = |uri: &str| discovery(ok, &json!({ "issuer": issuer.url(), "jwks_uri": uri }).to_string());
    let small = json!({ "keys": [IssuerKey::rsa_of_bits("es256", 1024).jwk] }).to_string();
    let private = {
        let mut jwk = key().jwk;
        jwk["d"] = "AQAB".into();
        json!({ "keys": [jwk] }).to_string()
    };
    let padding = " ".repeat(1 << 20);
    for (name, answers) in [
        ("no discovery", discovery(StatusCode::NOT_FOUND, "")),
        ("a page", discovery(ok, "<html>")),
        ("half a document", discovery(ok, &json!({ "issuer": issuer.url() }).to_string())),
        ("another's document", discovery(ok, &json!({ "issuer": other.url(), "jwks_uri": keys_url }).to_string())),
        ("a large document", discovery(ok, &padding)),
        ("keys by http", away("http://192.0.2.1/keys")),
        ("keys in a file", away("file:///etc/passwd")),
        ("a redirect to another server", redirected),
        ("an error for keys", keys(StatusCode::INTERNAL_SERVER_ERROR, "")),
        ("no keys", keys(ok, r#"{"keys":[]}"#)),
        ("no set", keys(ok, "[]")),
        ("a secret for a key", keys(ok, r#"{"keys":[{"kty":"oct","kid":"es256","alg":"HS256","k":"AQAB"}]}"#)),
        ("a small key", keys(ok, &small)),
        ("a private key", keys(ok, &private)),
        ("many keys", keys(ok, &format!(r#"{{"keys":[{}],"a":"{padding}"}}"#, key().jwk))),
    ] {
        issuer.answer(answers);
        let signer = signer(&issuer.config()).await?;
        let (status, code) = answer(signer.addr(), &issuer.token(json!({}))).await?;
        assert_eq!((status, code.as_str()), UNAVAILABLE, "{name}");
    }
    assert_eq!((other.discovery_fetches(), other.key_fetches()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_redirect_on_the_issuer_s_own_server_is_followed() -> Result<()> {
    let issuer = TestIssuer::start().await?;
    issuer.answer(Answers { redirect: Some(format!("{}/elsewhere", issuer.url())), ..Answers::default() });
    let signer = signer(&issuer.config()).await?;
    assert_eq!(answer(signer.addr(), &issuer.token(json!({}))).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_given_up() -> Result<()> {
    let issuer = TestIssuer::start().await?;
    issuer.answer(Answers { delay: Duration::from_secs(600), ..Answers::default() });
    let signer = signer(&issuer.config()).await?;
    let (status, code) = answer(signer.addr(), &issuer.token(json!({}))).await?;
    assert_eq!((status, code.as_str()), UNAVAILABLE);
    Ok(())
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_the_issuer_once_and_holds_nobody_else_up() -> Result<()> {
    let scene = Scene::start(vec![key()], "").await?;
    assert_eq!(scene.answer(&scene.issuer.token(json!({}))).await?.0, 200);
    scene.issuer.answer(Answers { delay: Duration::from_secs(1), ..Answers::default() });
    let attacker = key();
    let claims = scene.issuer.claims(json!({}));
    let tokens = (0..200).map(|index| {
        let header = Header { kid: Some(format!("unknown {index}")), ..Header::new(Algorithm::ES256) };
        attacker.sign(&header, &claims)
    });
    let tokens: Vec<_> = tokens.collect();

    let is_over = AtomicBool::new(false);
    let flood = async {
        let answers = join_all(tokens.iter().map(|token| scene.answer(token))).await;
        is_over.store(true, Ordering::SeqCst);
        answers
    };
    let others = async {
        while scene.issuer.discovery_fetches() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let answer = scene.answer(&scene.issuer.token(json!({ "sub": "you" }))).await;
        (answer, is_over.load(Ordering::SeqCst))
    };
    let (answers, (others_answer, was_over)) = tokio::join!(flood, others);
    for answer in answers {
        let (status, code) = answer?;
        assert_eq!((status, code.as_str()), REFUSED);
    }
    assert_eq!(others_answer?.0, 200);
    assert!(!was_over, "the others had to wait for the flood");
    assert_eq!((scene.issuer.discovery_fetches(), scene.issuer.key_fetches()), (2, 2));
    Ok(())
}

#[tokio::test]
async fn a_key_s_name_is_nothing_but_a_name() -> Result<()> {
    let scene = Scene::start(vec![key()], "").await?;
    let claims = scene.issuer.claims(json!({}));
    let key = &scene.issuer.keys()[0];
    let mut cases = Vec::new();
    for kid in [
        "",
        "A",
        "a ",
        "a\0",
        "../../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "http://127.0.0.1/keys",
        "' UNION SELECT 'a' -- ",
        "a' OR '1'='1",
        "$(id)",
        "\u{202e}a",
        "constructor",
        "__proto__",
        &"a".repeat(4096),
    ] {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
        cases.push((format!("{kid:?}"), key.sign(&header, &claims)));
    }
    scene.assert_refused(cases).await?;
    assert_eq!(scene.issuer.key_fetches(), 2);
    Ok(())
}
