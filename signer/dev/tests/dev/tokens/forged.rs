//! Tokens that no issuer has signed.

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use nearput_dev::IssuerKey;
use serde_json::{Value, json};

use super::{ALL, Scene};

fn base64(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

async fn start() -> Result<Scene> {
    let keys = vec![IssuerKey::new("rsa", Algorithm::RS256), IssuerKey::new("ec", Algorithm::ES256)];
    Scene::start(keys, ALL).await
}

fn case(name: impl Into<String>, token: impl Into<String>) -> (String, String) {
    (name.into(), token.into())
}

#[tokio::test]
async fn what_is_not_signed_by_a_key_of_the_issuer_is_refused() -> Result<()> {
    let scene = start().await?;
    let claims = scene.issuer.claims(json!({}));
    let mut cases = Vec::new();
    for key in scene.issuer.keys() {
        let token = key.sign(&key.header(), &claims);
        assert_eq!(scene.answer(&token).await?.0, 200, "{}", key.id);
        let parts: Vec<_> = token.split('.').collect();
        let [header, body, signature] = [parts[0], parts[1], parts[2]];
        let other_claims = base64(scene.issuer.claims(json!({ "sub": "you" })).to_string());
        let zeros = base64(vec![0; if key.id == "rsa" { 256 } else { 64 }]);
        for (name, token) in [
            ("other claims", format!("{header}.{other_claims}.{signature}")),
            ("no signature", format!("{header}.{body}.")),
            ("nor a dot", format!("{header}.{body}")),
            ("a signature of zeros", format!("{header}.{body}.{zeros}")),
            ("half a signature", format!("{header}.{body}.{}", &signature[..signature.len() / 2])),
            ("a longer signature", format!("{header}.{body}.{signature}AAAA")),
            ("the payload for a signature", format!("{header}.{body}.{body}")),
            ("padding", format!("{header}.{body}.{signature}==")),
            ("a fourth part", format!("{token}.{signature}")),
            ("five parts, as JWE has", format!("{header}.{body}.{body}.{body}.{signature}")),
            ("a part twice", format!("{header}.{header}.{body}.{signature}")),
        ] {
            cases.push(case(format!("{}: {name}", key.id), token));
        }
    }
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let other = IssuerKey::new("ec", algorithm);
        cases.push(case(format!("another key of the same name: {algorithm:?}"), other.sign(&other.header(), &claims)));
    }
    let zeros = scene.issuer.keys()[1].sign_text(r#"{"alg":"ES256","kid":"rsa"}"#, &claims.to_string());
    cases.push(case("signed by the other key", zeros));
    scene.assert_refused(cases).await
}

#[tokio::test]
async fn a_token_cannot_say_that_it_needs_no_signature_or_only_a_secret() -> Result<()> {
    let scene = start().await?;
    let claims = scene.issuer.claims(json!({}));
    let mut cases = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS1", "ES256K", "dir"] {
        let header = base64(json!({ "alg": alg, "kid": "rsa", "typ": "JWT" }).to_string());
        let message = format!("{header}.{}", base64(claims.to_string()));
        cases.push(case(format!("{alg:?} and nothing"), format!("{message}.")));
        cases.push(case(format!("{alg:?} and something"), format!("{message}.AAAA")));
    }
    for key in scene.issuer.keys() {
        let mut secrets = key.public.clone();
        secrets.push(key.jwk.to_string().into_bytes());
        secrets
            .extend(["n", "x"].iter().filter_map(|name| BASE64_URL_SAFE_NO_PAD.decode(key.jwk[name].as_str()?).ok()));
        secrets.push(Vec::new());
        for (index, secret) in secrets.iter().enumerate() {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let header = Header { kid: Some(key.id.clone()), ..Header::new(algorithm) };
                let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret))?;
                cases.push(case(format!("{algorithm:?} by {} as secret, form {index}", key.id), token));
            }
        }
    }
    scene.assert_refused(cases).await
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_looked_at() -> Result<()> {
    let scene = start().await?;
    let attacker = Scene::start(vec![IssuerKey::new("mine", Algorithm::ES256)], "").await?.issuer;
    let key = &attacker.keys()[0];
    let fetches = attacker.key_fetches();
    let claims = scene.issuer.claims(json!({})).to_string();
    let mut cases = Vec::new();
    for kid in [json!("mine"), json!("ec"), Value::Null] {
        for (name, value) in [
            ("jwk", key.jwk.clone()),
            ("jku", format!("{}/keys", attacker.url()).into()),
            ("x5u", format!("{}/keys", attacker.url()).into()),
            ("x5c", json!([base64(&key.public[2])])),
        ] {
            let mut header = json!({ "alg": "ES256", name: value });
            if !kid.is_null() {
                header["kid"] = kid.clone();
            }
            cases.push(case(format!("{header}"), key.sign_text(&header.to_string(), &claims)));
        }
    }
    scene.assert_refused(cases).await?;
    assert_eq!(attacker.key_fetches(), fetches);
    Ok(())
}

#[tokio::test]
async fn a_signature_in_another_form_than_the_one_of_jwts_is_refused() -> Result<()> {
    let scene = start().await?;
    let key = &scene.issuer.keys()[1];
    let token = key.sign(&key.header(), &scene.issuer.claims(json!({})));
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let raw = BASE64_URL_SAFE_NO_PAD.decode(signature)?;
    let der = p256::ecdsa::Signature::from_slice(&raw)?.to_der();
    scene.assert_refused(vec![case("DER", format!("{message}.{}", base64(der.as_bytes())))]).await
}

#[tokio::test]
async fn an_algorithm_other_than_the_key_s_own_is_refused() -> Result<()> {
    let keys = vec![IssuerKey::new("ps", Algorithm::PS256), IssuerKey::new("ec", Algorithm::ES256)];
    let scene = Scene::start(keys, ALL).await?;
    let claims = scene.issuer.claims(json!({}));
    let ps = &scene.issuer.keys()[0];
    assert_eq!(scene.answer(&ps.sign(&ps.header(), &claims)).await?.0, 200);
    let rs = IssuerKey::new("ps", Algorithm::RS256);
    assert_eq!(rs.public, ps.public, "they are one key");
    let mut cases = vec![case("RS256 by a key for PS256", rs.sign(&rs.header(), &claims))];
    for (header, signer) in [
        (r#"{"alg":"PS256","kid":"ps"}"#, &rs),
        (r#"{"alg":"RS256","kid":"ps"}"#, ps),
        (r#"{"alg":"PS384","kid":"ps"}"#, ps),
        (r#"{"alg":"ES256","kid":"ps"}"#, ps),
        (r#"{"alg":"PS256","kid":"ec"}"#, ps),
        (r#"{"alg":"RS256"}"#, &rs),
    ] {
        cases.push(case(header, signer.sign_text(header, &claims.to_string())));
    }
    scene.assert_refused(cases).await
}
