//! The whole world: a page, its signer and its storage.

use std::path::Path;

use anyhow::{Context, Result};
use nearput_dev::{BUCKET, World, WorldOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket::crc64nvme;
use crate::raw::{Reply, Request, send};

const FILE: &[u8] = b"the file";

/// A world with a page of its own.
async fn start(further_config: &str) -> Result<(World, TempDir)> {
    let web = tempfile::tempdir()?;
    for (name, content) in [("index.html", "<p>hello"), ("a.js", ""), ("a.mjs", ""), ("a.wasm", ""), ("a.css", "")] {
        std::fs::write(web.path().join(name), content)?;
    }
    let options = WorldOptions {
        web: web.path().to_owned(),
        further_config: further_config.to_owned(),
        ..WorldOptions::default()
    };
    Ok((World::start(options).await?, web))
}

async fn get(world: &World, path: &str) -> Result<Reply> {
    send(world.page.addr(), Request { method: "GET", path, headers: Vec::new(), body: b"" }).await
}

async fn call(world: &World, path: &str, body: Value) -> Result<Value> {
    let headers = vec![
        ("authorization".to_owned(), format!("Bearer {}", world.token())),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let body = body.to_string();
    let reply = send(world.signer.addr(), Request { method: "POST", path, headers, body: body.as_bytes() }).await?;
    serde_json::from_str(&reply.body).with_context(|| format!("{path} answered {}: {}", reply.status, reply.body))
}

/// Opens an upload of one part and sends that part.
async fn open_and_send(world: &World) -> Result<Value> {
    let part = json!({ "number": 1, "checksum": crc64nvme(FILE) });
    let plan = json!({ "kind": "multipart", "part_size": 8 << 20 });
    let file = json!({ "name": "ü.png", "size": FILE.len(), "type": "image/png", "plan": plan, "parts": [part] });
    let reply = call(world, "/v1/uploads", json!({ "files": [file] })).await?;
    let upload = reply["uploads"][0].clone();
    let part = &upload["parts"][0];
    let url = part["url"].as_str().with_context(|| format!("nothing was signed: {reply}"))?;
    let path = url.strip_prefix(&format!("http://{}", world.s3.addr())).context("signed for another server")?;
    let headers = part["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let reply = send(world.s3.addr(), Request { method: "PUT", path, headers, body: FILE }).await?;
    assert_eq!((reply.status, reply.code()), (200, "nothing went wrong"));
    Ok(upload)
}

async fn complete(world: &World, upload: &Value) -> Result<Value> {
    let part = json!({ "number": 1, "checksum": crc64nvme(FILE) });
    let upload = json!({ "ticket": upload["ticket"], "parts": [part], "checksum": crc64nvme(FILE) });
    Ok(call(world, "/v1/uploads/complete", json!({ "uploads": [upload] })).await?["uploads"][0].clone())
}

#[tokio::test]
async fn a_file_goes_through_the_signer_into_the_bucket() -> Result<()> {
    let (world, _web) = start("").await?;
    let upload = open_and_send(&world).await?;
    assert_eq!(world.open_uploads()?, 1);
    let done = complete(&world, &upload).await?;
    assert_eq!(done["checksum"], crc64nvme(FILE), "{done}");
    assert_eq!(world.open_uploads()?, 0);
    let path = world.object(BUCKET, done["key"].as_str().unwrap_or_default()).context("the object is stored")?;
    assert_eq!(std::fs::read(path)?, FILE);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_upload_outlives_a_restart_of_every_server() -> Result<()> {
    let (mut world, _web) = start("").await?;
    let upload = open_and_send(&world).await?;
    let (page, signer) = (world.page_url(), world.signer_url());
    world.page.restart().await?;
    world.signer.restart().await?;
    world.s3.restart().await?;
    assert_eq!((world.page_url(), world.signer_url()), (page, signer));
    assert_eq!(get(&world, "/").await?.status, 200);
    let done = complete(&world, &upload).await?;
    assert_eq!(done["checksum"], crc64nvme(FILE), "{done}");
    Ok(())
}

#[tokio::test]
async fn each_server_stops_on_its_own() -> Result<()> {
    let (mut world, _web) = start("").await?;
    world.s3.stop().await;
    let refused = call(&world, "/v1/sites", json!({})).await?;
    assert_eq!(refused["home"], "local", "{refused}");
    world.signer.stop().await;
    assert!(call(&world, "/v1/sites", json!({})).await.is_err());
    assert_eq!(get(&world, "/").await?.status, 200);
    world.page.stop().await;
    assert!(get(&world, "/").await.is_err());
    Ok(())
}

#[tokio::test]
async fn the_page_is_served_with_its_types_and_a_policy_it_must_live_with() -> Result<()> {
    let (world, _web) = start("").await?;
    let index = get(&world, "/").await?;
    assert_eq!((index.header("content-type"), index.body.as_str()), ("text/html", "<p>hello"));
    assert_eq!(index.header("cache-control"), "no-cache");
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self' {} {}; \
         style-src 'self'; img-src 'self' blob: data:",
        world.signer_url(),
        format_args!("http://{}", world.s3.addr()),
    );
    assert_eq!(index.header("content-security-policy"), policy);
    for (path, kind) in [
        ("/a.js", "text/javascript"),
        ("/a.mjs", "application/javascript"),
        ("/a.wasm", "application/wasm"),
        ("/a.css", "text/css"),
    ] {
        assert_eq!(get(&world, path).await?.header("content-type"), kind, "{path}");
    }
    assert_eq!(get(&world, "/none").await?.status, 404);
    let demo: Value = serde_json::from_str(&get(&world, "/demo.json").await?.body)?;
    assert_eq!(demo, json!({ "signer": world.signer_url(), "token": world.token() }));
    Ok(())
}

#[tokio::test]
async fn the_pages_origin_may_ask_the_signer_and_the_storage() -> Result<()> {
    let (world, _web) = start("").await?;
    for host in ["127.0.0.1", "localhost"] {
        let origin = format!("http://{host}:{}", world.page.addr().port());
        for server in [world.signer.addr(), world.s3.addr()] {
            let headers = vec![("origin".to_owned(), origin.clone())];
            let reply = send(server, Request { method: "GET", path: "/", headers, body: b"" }).await?;
            assert_eq!(reply.header("access-control-allow-origin"), origin, "{server}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_signers_limits_can_be_set() -> Result<()> {
    let (world, _web) = start("[limits]\nmax_file_size = 7").await?;
    assert_eq!(call(&world, "/v1/sites", json!({})).await?["limits"]["max_file_size"], 7);
    Ok(())
}

#[tokio::test]
async fn what_cannot_start_is_named() -> Result<()> {
    let (world, web) = start("").await?;
    let mut options = WorldOptions { web: web.path().to_owned(), ..WorldOptions::default() };
    options.ports.s3 = world.s3.addr().port();
    let taken = error(options.clone()).await;
    assert!(taken.contains("the embedded S3 has not started"), "{taken}");
    assert!(taken.contains(&format!("it cannot listen on {}", world.s3.addr())), "{taken}");
    options.ports.s3 = 0;
    options.web = Path::new("/nowhere").to_owned();
    let missing = error(options).await;
    assert!(missing.contains("there is no index.html in /nowhere"), "{missing}");
    Ok(())
}

async fn error(options: WorldOptions) -> String {
    match World::start(options).await {
        Ok(_) => "everything has started".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}
