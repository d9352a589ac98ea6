//! What is logged of whole uploads, and of what is refused, holds no secret. In a process of its own, since all of it has one log.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use nearput_dev::{World, WorldOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

const PART: u64 = 5 << 20;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A call with this token, whatever comes of it.
async fn call(world: &World, path: &str, token: &str, mut body: Value) -> Result<Value> {
    body["token"] = token.into();
    let body = body.to_string();
    let address = world.sites[0].signer.addr();
    let mut stream = TcpStream::connect(address).await?;
    let head = format!("POST {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let (_, body) = reply.split_once("\r\n\r\n").context("a reply has a body")?;
    Ok(serde_json::from_str(body)?)
}

#[tokio::test]
async fn the_log_of_every_call_holds_no_token_no_ticket_no_signature_and_no_key() -> Result<()> {
    let log = Log::default();
    let writer = log.clone();
    // As the program filters, but with all that the signer could say.
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target("nearput_signer", Level::TRACE);
    let output = tracing_subscriber::fmt::layer().json().with_writer(move || writer.clone());
    tracing_subscriber::registry().with(output).with(filter).init();

    let web = tempfile::tempdir()?;
    std::fs::write(web.path().join("index.html"), "")?;
    let options =
        WorldOptions { web: web.path().to_owned(), issuer: true, credentials: true, ..WorldOptions::default() };
    let world = World::start(options).await?;
    let token = world.token().to_owned();
    let forged = format!("{}x", &token[..token.len() - 1]);
    let issuer = world.issuer.as_ref().context("the world has an issuer")?;
    let stranger = issuer.token(json!({ "sub": "a stranger with spaces" }));

    let checksum = "AAAAAAAAAAA=";
    let part = json!({ "number": 1, "checksum": checksum });
    let file = |plan: Value| json!({ "name": "a.txt", "size": PART, "plan": plan, "parts": [part] });
    let files = json!([
        file(json!({ "kind": "put" })),
        file(json!({ "kind": "form" })),
        file(json!({ "kind": "multipart", "part_size": PART })),
        { "name": "a.html", "size": 1, "type": "text/html", "plan": { "kind": "put" } },
    ]);
    let opened = call(&world, "/v1/uploads", &token, json!({ "files": files })).await?;
    let mut secrets = vec![token.clone(), forged.clone(), stranger.clone()];
    for upload in opened["uploads"].as_array().context("uploads")?.iter().take(3) {
        let ticket = upload["ticket"].as_str().with_context(|| format!("not opened: {upload}"))?;
        secrets.push(ticket.to_owned());
        let signed = &upload["parts"][0];
        let url = signed["urls"]["custom"].as_str().context("a URL")?;
        secrets.extend(url.split_once("X-Amz-Signature=").map(|(_, signature)| signature.to_owned()));
        secrets.extend(
            ["policy", "x-amz-signature"].iter().filter_map(|name| Some(signed["fields"][name].as_str()?.to_owned())),
        );
    }
    let tickets: Vec<_> =
        opened["uploads"].as_array().context("uploads")?.iter().map(|one| one["ticket"].clone()).collect();
    let credentials = call(&world, "/v1/credentials", &token, json!({ "ticket": tickets[2] })).await?;
    for name in ["access_key_id", "secret_access_key", "session_token"] {
        secrets.push(credentials[name].as_str().with_context(|| format!("no credentials: {credentials}"))?.to_owned());
    }
    let changed = format!("{}x", tickets[0].as_str().context("a ticket")?);
    secrets.push(changed.clone());
    for (path, token, body) in [
        ("/v1/sites", &token, json!({})),
        ("/v1/uploads/sign", &token, json!({ "ticket": tickets[2], "parts": [part] })),
        ("/v1/uploads/sign", &token, json!({ "ticket": changed, "parts": [part] })),
        ("/v1/uploads/sign", &token, json!({ "ticket": tickets[2], "parts": tickets[2] })),
        ("/v1/uploads/parts", &token, json!({ "ticket": tickets[2] })),
        (
            "/v1/uploads/complete",
            &token,
            json!({ "uploads": [{ "ticket": tickets[0], "checksum": checksum }, { "ticket": tickets[2], "parts": [part], "checksum": checksum }] }),
        ),
        ("/v1/uploads/abort", &token, json!({ "ticket": tickets[2] })),
        ("/v1/uploads/abort", &forged, json!({ "ticket": tickets[2] })),
        ("/v1/uploads/abort", &stranger, json!({ "ticket": tickets[2] })),
    ] {
        call(&world, path, token, body).await?;
    }

    let log = log.text();
    assert!(log.matches("answered").count() >= 11, "{log}");
    // The start of a secret is as bad as the whole of it, and in base64 a token's claims are its middle.
    let pieces = secrets.iter().flat_map(|secret| secret.split('.')).filter(|piece| piece.len() >= 16);
    for piece in pieces.chain(["X-Amz-", "Bearer"]) {
        let start = &piece[..piece.len().min(60)];
        let is_header = start.starts_with("eyJ") && piece.len() < 80;
        assert!(is_header || !log.contains(start), "{start} is in the log: {log}");
    }
    world.stop().await;
    Ok(())
}
