//! Tokens that an issuer has signed, and that are not to be accepted all the same.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use jsonwebtoken::Algorithm;
use nearput_dev::IssuerKey;
use serde_json::{Value, json};

use super::{Scene, ask, status_and_code};

async fn start(config: &str) -> Result<Scene> {
    Scene::start(vec![IssuerKey::new("a", Algorithm::ES256)], config).await
}

#[tokio::test]
async fn claims_that_are_missing_or_wrong_are_refused() -> Result<()> {
    let scene = start("").await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (soon, url) = (now + 100, scene.issuer.url());
    let mut cases = Vec::new();
    for claims in [
        json!({ "exp": now - 100 }),
        json!({ "exp": 0 }),
        json!({ "exp": null }),
        json!({ "exp": soon.to_string() }),
        json!({ "exp": "Fri, 01 Jan 2100 00:00:00 GMT" }),
        json!({ "exp": [soon] }),
        json!({ "exp": { "seconds": soon } }),
        json!({ "exp": true }),
        json!({ "exp": now as f64 - 100.5 }),
        json!({ "exp": -1 }),
        json!({ "exp": -1.5e300 }),
        json!({ "exp": i64::MIN }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": 1e300 }),
        json!({ "exp": soon * 1000 }),
        json!({ "nbf": soon }),
        json!({ "nbf": "0" }),
        json!({ "nbf": 1e300 }),
        json!({ "iat": soon }),
        json!({ "iat": "0" }),
        json!({ "aud": null }),
        json!({ "aud": "" }),
        json!({ "aud": "nearput2" }),
        json!({ "aud": "Nearput" }),
        json!({ "aud": "nearput other" }),
        json!({ "aud": [] }),
        json!({ "aud": ["other"] }),
        json!({ "aud": [["nearput"]] }),
        json!({ "aud": ["nearput", 1] }),
        json!({ "aud": { "nearput": true } }),
        json!({ "aud": true }),
        json!({ "iss": null }),
        json!({ "iss": "https://other.example" }),
        json!({ "iss": format!("{url}/") }),
        json!({ "iss": url.to_uppercase() }),
        json!({ "iss": url.replace("127.0.0.1", "localhost") }),
        json!({ "iss": [url] }),
    ] {
        cases.push((claims.to_string(), scene.issuer.token(claims)));
    }
    scene.assert_refused(cases).await
}

#[tokio::test]
async fn a_token_without_nbf_is_refused_where_it_is_required() -> Result<()> {
    let scene = start("require_nbf = true").await?;
    assert_eq!(scene.answer(&scene.issuer.token(json!({ "nbf": 1 }))).await?.0, 200);
    scene.assert_refused(vec![("no nbf".to_owned(), scene.issuer.token(json!({})))]).await
}

#[tokio::test]
async fn what_is_no_token_of_a_caller_is_refused_even_when_it_is_signed() -> Result<()> {
    let scene = start("").await?;
    let key = &scene.issuer.keys()[0];
    let claims = scene.issuer.claims(json!({}));
    let header = |further: Value| {
        let mut header = json!({ "alg": "ES256", "kid": "a" });
        header.as_object_mut().expect("it is one").extend(further.as_object().expect("it is one").clone());
        header.to_string()
    };
    let mut cases = Vec::new();
    for further in [
        json!({ "crit": [] }),
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "crit": null }),
        json!({ "typ": "logout+jwt" }),
        json!({ "typ": "dpop+jwt" }),
        json!({ "typ": ["JWT"] }),
        json!({ "kid": 7 }),
        json!({ "kid": null }),
    ] {
        let header = header(further);
        cases.push((header.clone(), key.sign_text(&header, &claims.to_string())));
    }
    let good = claims.to_string();
    for (name, claims) in [
        ("a claim twice", good.replacen('{', r#"{"sub":"admin","#, 1)),
        ("a claim twice, once escaped", good.replacen('{', r#"{"\u0073ub":"admin","#, 1)),
        ("a second audience", good.replacen('{', r#"{"aud":"other","#, 1)),
        ("something after", format!("{good}{{}}")),
        ("a list", format!("[{good}]")),
        ("text", json!(good).to_string()),
        ("nothing", String::new()),
        ("deep", format!(r#"{{"a":{}1{}}}"#, "[".repeat(10_000 / 2), "]".repeat(10_000 / 2))),
    ] {
        cases.push((name.to_owned(), key.sign_text(&header(json!({})), &claims)));
    }
    cases.push(("a header of twice".to_owned(), key.sign_text(r#"{"alg":"none","alg":"ES256","kid":"a"}"#, &good)));
    scene.assert_refused(cases).await
}

#[tokio::test]
async fn a_token_of_any_size_is_answered() -> Result<()> {
    let scene = start("").await?;
    let sized = |bytes: usize| scene.issuer.token(json!({ "padding": "x".repeat(bytes) }));
    assert_eq!(scene.answer(&sized(10_000)).await?.0, 200);
    for token in [sized(13_000), sized(75_000), "x".repeat(100 << 10), ".".repeat(100 << 10)] {
        let body = json!({ "token": token }).to_string();
        let reply = ask(scene.signer.addr(), "/v1/sites", Vec::new(), &body).await?;
        assert_eq!(status_and_code(&reply)?, (401, "unauthenticated".to_owned()), "{} bytes", token.len());
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_who_cannot_be_named_in_keys_is_forbidden_and_told_why() -> Result<()> {
    let scene = start("").await?;
    for sub in [json!("a/b"), json!("../../public"), json!("a\u{0}"), json!("ü"), json!(7), json!(null), json!("")] {
        let body = json!({ "token": scene.issuer.token(json!({ "sub": sub })) }).to_string();
        let reply = ask(scene.signer.addr(), "/v1/sites", Vec::new(), &body).await?;
        assert_eq!(status_and_code(&reply)?, (403, "forbidden".to_owned()), "{sub}");
        assert!(reply.body.contains("claim `sub`"), "{}", reply.body);
    }
    Ok(())
}
