//! Tokens that are accepted.

use anyhow::Result;
use jsonwebtoken::Algorithm;
use nearput_dev::{IssuerKey, TestIssuer};
use serde_json::json;

use super::{ALL, Scene, answer, key_of, signer};

#[tokio::test]
async fn a_token_of_each_algorithm_is_accepted() -> Result<()> {
    let algorithms = [
        ("RS256", Algorithm::RS256),
        ("RS384", Algorithm::RS384),
        ("RS512", Algorithm::RS512),
        ("PS256", Algorithm::PS256),
        ("PS384", Algorithm::PS384),
        ("PS512", Algorithm::PS512),
        ("ES256", Algorithm::ES256),
        ("ES384", Algorithm::ES384),
        ("EdDSA", Algorithm::EdDSA),
    ];
    let keys = algorithms.map(|(id, algorithm)| IssuerKey::new(id, algorithm)).to_vec();
    let scene = Scene::start(keys, ALL).await?;
    let claims = scene.issuer.claims(json!({}));
    for key in scene.issuer.keys() {
        assert_eq!(scene.answer(&key.sign(&key.header(), &claims)).await?, (200, String::new()), "{}", key.id);
    }
    assert_eq!(scene.issuer.key_fetches(), 1);
    Ok(())
}

#[tokio::test]
async fn what_a_token_says_besides_does_no_harm() -> Result<()> {
    let scene = Scene::start(vec![IssuerKey::new("a", Algorithm::ES256)], "").await?;
    for claims in [
        json!({ "aud": ["other", "nearput"] }),
        json!({ "nbf": 1, "iat": null, "jti": "x", "nonce": { "a": [1] }, "email_verified": true }),
        json!({ "exp": 4_000_000_000.5 }),
    ] {
        assert_eq!(scene.answer(&scene.issuer.token(claims.clone())).await?.0, 200, "{claims}");
    }
    let key = &scene.issuer.keys()[0];
    let claims = scene.issuer.claims(json!({}));
    for header in [
        json!({ "alg": "ES256", "kid": "a", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "kid": "a", "x5t": "AA", "cty": "JWT", "other": [] }),
        json!({ "alg": "ES256" }),
    ] {
        let token = key.sign_text(&header.to_string(), &claims.to_string());
        assert_eq!(scene.answer(&token).await?.0, 200, "{header}");
    }
    Ok(())
}

#[tokio::test]
async fn keys_are_found_where_the_configuration_says() -> Result<()> {
    let issuer = TestIssuer::start().await?;
    let signer = signer(&format!("{}jwks_url = '{}/keys'", issuer.config(), issuer.url())).await?;
    assert_eq!(answer(signer.addr(), &issuer.token(json!({}))).await?.0, 200);
    assert_eq!((issuer.discovery_fetches(), issuer.key_fetches()), (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_new_key_is_accepted_at_once_and_one_that_is_gone_no_longer() -> Result<()> {
    let scene = Scene::start(vec![IssuerKey::new("old", Algorithm::ES256)], "").await?;
    let by_old = scene.issuer.token(json!({}));
    assert_eq!(scene.answer(&by_old).await?.0, 200);
    scene.issuer.rotate(vec![IssuerKey::new("new", Algorithm::EdDSA), IssuerKey::new("newer", Algorithm::ES256)]);
    let by_new = scene.issuer.keys()[1].sign(&scene.issuer.keys()[1].header(), &scene.issuer.claims(json!({})));
    assert_eq!(scene.answer(&by_old).await?.0, 200, "nobody has asked for the new keys yet");
    assert_eq!(scene.answer(&by_new).await?.0, 200);
    assert_eq!(scene.answer(&by_old).await?.0, 401);
    assert_eq!(scene.issuer.key_fetches(), 2);
    Ok(())
}

#[tokio::test]
async fn callers_of_several_issuers_never_meet() -> Result<()> {
    let (one, other) = (TestIssuer::start().await?, TestIssuer::start().await?);
    let config = format!("{}name = 'one'\n{}name = 'other'\nsubject_claim = 'email'", one.config(), other.config());
    let signer = signer(&config).await?;
    for (token, expected) in [
        (one.token(json!({ "sub": "me" })), "private/one:me/"),
        (one.token(json!({ "sub": "other:me" })), "private/one:other:me/"),
        (other.token(json!({ "sub": "you", "email": "me" })), "private/other:me/"),
    ] {
        let key = key_of(signer.addr(), &token).await?;
        assert!(key.starts_with(expected), "{key}");
    }
    // The key of the one under the name of the other, with and without the other's name of it.
    let claims = other.claims(json!({ "email": "me" }));
    let key = &one.keys()[0];
    assert_eq!(other.keys()[0].id, key.id);
    assert_eq!(answer(signer.addr(), &key.sign(&key.header(), &claims)).await?.0, 401);
    Ok(())
}
