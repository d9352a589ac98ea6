//! Where a token may stand in a request, and where it counts for nothing.

use anyhow::Result;
use jsonwebtoken::Algorithm;
use nearput_dev::IssuerKey;
use serde_json::json;

use super::{REFUSED, Scene, ask, status_and_code};

#[tokio::test]
async fn a_token_counts_in_one_header_or_in_the_body_and_nowhere_else() -> Result<()> {
    let scene = Scene::start(vec![IssuerKey::new("a", Algorithm::ES256)], "").await?;
    let token = scene.issuer.token(json!({}));
    let other = scene.issuer.token(json!({ "sub": "you" }));
    let header = |value: String| ("authorization".to_owned(), value);
    let bearer = |token: &str| header(format!("Bearer {token}"));
    let body = |token: &str| json!({ "token": token }).to_string();
    let sites = "/v1/sites";
    let (good, invalid) = ((200, ""), (400, "invalid_request"));

    for (path, headers, body, expected) in [
        (sites, vec![bearer(&token)], String::new(), good),
        (sites, vec![header(format!("bEARER {token}"))], String::new(), good),
        (sites, vec![], body(&token), good),
        (&format!("{sites}?access_token={token}"), vec![], String::new(), REFUSED),
        (&format!("{sites}?token={token}"), vec![], "{}".to_owned(), REFUSED),
        (sites, vec![("cookie".to_owned(), format!("token={token}"))], String::new(), REFUSED),
        (sites, vec![("x-authorization".to_owned(), format!("Bearer {token}"))], String::new(), REFUSED),
        (sites, vec![header(token.clone())], String::new(), REFUSED),
        (sites, vec![header(format!("DPoP {token}"))], String::new(), REFUSED),
        (sites, vec![header(format!("Bearer\t{token}"))], String::new(), REFUSED),
        (sites, vec![header(format!("Bearer  {token}"))], String::new(), REFUSED),
        (sites, vec![header(format!("Bearer {token} {token}"))], String::new(), REFUSED),
        (sites, vec![header(format!("Bearer {token},{token}"))], String::new(), REFUSED),
        (sites, vec![header("Bearer ".to_owned())], String::new(), REFUSED),
        (sites, vec![bearer(&token), bearer(&token)], String::new(), REFUSED),
        (sites, vec![bearer(&token), bearer(&other)], String::new(), REFUSED),
        (sites, vec![bearer("x"), bearer(&token)], String::new(), REFUSED),
        (sites, vec![bearer(&token)], body(&other), invalid),
        (sites, vec![bearer(&token)], body(&token), invalid),
        (sites, vec![bearer("x")], body(&token), REFUSED),
        (sites, vec![], body(&format!(" {token}")), REFUSED),
        (sites, vec![], body(&format!("{token}\n")), REFUSED),
        (sites, vec![], body(&token.replacen('.', ".\n", 1)), REFUSED),
        (sites, vec![], body(&format!("Bearer {token}")), REFUSED),
        (sites, vec![], body(&format!("{token}\0")), REFUSED),
        (sites, vec![], body(""), REFUSED),
        (sites, vec![], json!({ "token": null }).to_string(), REFUSED),
        (sites, vec![], json!({ "token": [token] }).to_string(), invalid),
        (sites, vec![], json!({ "a": { "token": token } }).to_string(), REFUSED),
        (sites, vec![], String::new(), REFUSED),
    ] {
        let reply = ask(scene.signer.addr(), path, headers.clone(), &body).await?;
        let (status, code) = status_and_code(&reply)?;
        assert_eq!((status, code.as_str()), expected, "{path} {headers:?} {body}");
        assert_eq!(reply.headers.contains_key("www-authenticate"), status == 401);
        assert!(!reply.body.contains(&token[..40]), "{}", reply.body);
    }
    Ok(())
}
