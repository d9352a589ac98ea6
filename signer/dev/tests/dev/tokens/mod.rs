//! Tokens of OpenID Connect providers, right ones and those that an attacker would try: a signer on a port, and issuers
//! on others.

mod flow;
mod forged;
mod good;
mod issuers;
mod mutated;
mod requests;
mod wrong;

use std::net::SocketAddr;

use anyhow::Result;
use nearput_dev::{IssuerKey, SignerOptions, SignerServer, SignerSite, StorageNames, TestIssuer};
use serde_json::{Value, json};

use crate::raw::{Reply, Request, send};

/// Every algorithm that an issuer may be allowed.
const ALL: &str = "algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA']";
const REFUSED: (u16, &str) = (401, "unauthenticated");
const UNAVAILABLE: (u16, &str) = (503, "issuer_unavailable");

/// An issuer, and a signer that takes its tokens.
struct Scene {
    issuer: TestIssuer,
    signer: SignerServer,
}

impl Scene {
    /// With these keys, and further keys of the issuer's table.
    async fn start(keys: Vec<IssuerKey>, config: &str) -> Result<Self> {
        let issuer = TestIssuer::with_keys(keys).await?;
        let signer = signer(&format!("{}{config}", issuer.config())).await?;
        Ok(Self { issuer, signer })
    }

    /// The status and the code with which a token is answered; 200 has none.
    async fn answer(&self, token: &str) -> Result<(u16, String)> {
        answer(self.signer.addr(), token).await
    }

    async fn assert_refused(&self, cases: Vec<(String, String)>) -> Result<()> {
        for (name, token) in cases {
            let (status, code) = self.answer(&token).await?;
            assert_eq!((status, code.as_str()), REFUSED, "{name}");
        }
        Ok(())
    }
}

/// A signer with these issuers. Its storage does not run, as nothing here gets so far.
async fn signer(issuers: &str) -> Result<SignerServer> {
    let nowhere = "http://127.0.0.1:9".to_owned();
    let site = SignerSite::only(StorageNames::At(vec![nowhere.clone()]), nowhere);
    SignerServer::start(SignerOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        allowed_origins: Vec::new(),
        home: site.id.clone(),
        sites: vec![site],
        signers: Vec::new(),
        access_key: "id".to_owned(),
        secret_key: "secret".to_owned(),
        token: None,
        ticket_key: vec![7; 32],
        further_config: issuers.to_owned(),
    })
    .await
}

async fn answer(signer: SocketAddr, token: &str) -> Result<(u16, String)> {
    let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    status_and_code(&ask(signer, "/v1/sites", headers, "").await?)
}

async fn ask(signer: SocketAddr, path: &str, headers: Vec<(String, String)>, body: &str) -> Result<Reply> {
    send(signer, Request { method: "POST", path, headers, body: body.as_bytes() }).await
}

fn status_and_code(reply: &Reply) -> Result<(u16, String)> {
    let body: Value = serde_json::from_str(&reply.body)?;
    Ok((reply.status, body["error"]["code"].as_str().unwrap_or_default().to_owned()))
}

/// The key under which whoever shows this token may store a file.
async fn key_of(signer: SocketAddr, token: &str) -> Result<String> {
    let part = json!({ "number": 1, "checksum": "AAAAAAAAAAA=" });
    let file = json!({ "name": "a", "size": 1, "type": "image/png", "plan": { "kind": "put" }, "parts": [part] });
    let body = json!({ "files": [file], "token": token }).to_string();
    let reply = ask(signer, "/v1/uploads", Vec::new(), &body).await?;
    let body: Value = serde_json::from_str(&reply.body)?;
    Ok(body["uploads"][0]["key"].as_str().map_or_else(|| reply.body.clone(), str::to_owned))
}
