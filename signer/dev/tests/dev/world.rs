//! The whole world: a page, its signer and its storage.

use std::path::Path;

use anyhow::{Context, Result};
use nearput_dev::{BUCKET, SiteOptions, StorageNames, World, WorldOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket::crc64nvme;
use crate::forms;
use crate::raw::{Reply, Request, send, send_by_name};

pub(crate) const FILE: &[u8] = b"the file";

/// A world with a page of its own.
async fn start(further_config: &str) -> Result<(World, TempDir)> {
    start_with(WorldOptions { further_config: further_config.to_owned(), ..WorldOptions::default() }).await
}

pub(crate) async fn start_with(options: WorldOptions) -> Result<(World, TempDir)> {
    let web = tempfile::tempdir()?;
    for (name, content) in [("index.html", "<p>hello"), ("a.js", ""), ("a.mjs", ""), ("a.wasm", ""), ("a.css", "")] {
        std::fs::write(web.path().join(name), content)?;
    }
    Ok((World::start(WorldOptions { web: web.path().to_owned(), ..options }).await?, web))
}

async fn get(world: &World, path: &str) -> Result<Reply> {
    send(world.page.addr(), Request { method: "GET", path, headers: Vec::new(), body: b"" }).await
}

pub(crate) async fn call(world: &World, path: &str, body: Value) -> Result<Value> {
    let headers = vec![
        ("authorization".to_owned(), format!("Bearer {}", world.token())),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let body = body.to_string();
    let reply =
        send(world.sites[0].signer.addr(), Request { method: "POST", path, headers, body: body.as_bytes() }).await?;
    serde_json::from_str(&reply.body).with_context(|| format!("{path} answered {}: {}", reply.status, reply.body))
}

/// Opens an upload of one part and sends that part.
pub(crate) async fn open_and_send(world: &World) -> Result<Value> {
    let part = json!({ "number": 1, "checksum": crc64nvme(FILE) });
    let plan = json!({ "kind": "multipart", "part_size": 8 << 20 });
    let file = json!({ "name": "ü.png", "size": FILE.len(), "type": "image/png", "plan": plan, "parts": [part] });
    let reply = call(world, "/v1/uploads", json!({ "files": [file] })).await?;
    let upload = reply["uploads"][0].clone();
    let part = &upload["parts"][0];
    let urls = part["urls"].as_object().with_context(|| format!("nothing was signed: {reply}"))?;
    let url = urls.values().next_back().and_then(Value::as_str).context("signed for no path")?;
    let (_, address) = url.split_once("://").context("an address")?;
    let (host, path) = address.split_once('/').context("a path")?;
    let headers = part["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let request = Request { method: "PUT", path: &format!("/{path}"), headers, body: FILE };
    let reply = send_by_name(world.sites[0].s3.addr(), host, request).await?;
    assert_eq!((reply.status, reply.code()), (200, "nothing went wrong"));
    Ok(upload)
}

pub(crate) async fn complete(world: &World, upload: &Value) -> Result<Value> {
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
async fn a_file_goes_in_a_form_and_its_checksum_is_confirmed() -> Result<()> {
    let (world, _web) = start("").await?;
    let file = json!({ "name": "ü.png", "size": FILE.len(), "type": "image/png", "metadata": { "album": "$5" },
        "plan": { "kind": "form" } });
    let opened = call(&world, "/v1/uploads", json!({ "files": [file] })).await?;
    let upload = &opened["uploads"][0];
    let confirm = async |checksum: String| {
        let upload = json!({ "ticket": upload["ticket"], "checksum": checksum });
        Ok::<_, anyhow::Error>(
            call(&world, "/v1/uploads/complete", json!({ "uploads": [upload] })).await?["uploads"][0].clone(),
        )
    };
    assert_eq!(confirm(crc64nvme(FILE)).await?["error"]["code"], "upload_incomplete");

    let fields = upload["parts"][0]["fields"].as_object().with_context(|| format!("no form: {opened}"))?;
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    let reply = forms::post(world.sites[0].s3.addr(), fields, FILE).await?;
    assert_eq!((reply.status, reply.code()), (204, "nothing went wrong"));

    assert_eq!(confirm(crc64nvme(b"else")).await?["error"]["code"], "checksum_mismatch");
    let done = confirm(crc64nvme(FILE)).await?;
    assert_eq!((&done["checksum"], &done["size"]), (&json!(crc64nvme(FILE)), &json!(FILE.len())), "{done}");
    Ok(())
}

#[tokio::test]
async fn two_completes_at_once_make_one_object_and_answer_the_same() -> Result<()> {
    let (world, _web) = start("").await?;
    let upload = open_and_send(&world).await?;
    let (one, other) = tokio::join!(complete(&world, &upload), complete(&world, &upload));
    let (one, other) = (one?, other?);
    for key in ["key", "etag", "checksum", "size"] {
        assert_eq!(one[key], other[key], "{one} {other}");
    }
    assert!(!one["etag"].is_null(), "{one}");
    Ok(())
}

#[tokio::test]
async fn an_abort_is_repeated_without_harm() -> Result<()> {
    let (world, _web) = start("").await?;
    let upload = open_and_send(&world).await?;
    for _ in 0..2 {
        let aborted = call(&world, "/v1/uploads/abort", json!({ "ticket": upload["ticket"] })).await?;
        assert!(aborted["server_time"].is_u64(), "{aborted}");
        assert_eq!(world.open_uploads()?, 0);
    }
    assert_eq!(complete(&world, &upload).await?["error"]["code"], "upload_not_found");
    Ok(())
}

#[tokio::test]
async fn browsers_find_the_storage_by_the_names_they_are_told() -> Result<()> {
    let ids = |sites: &Value| -> Vec<String> {
        let paths = sites["sites"][0]["paths"].as_array().into_iter().flatten();
        paths.map(|path| path["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (world, _web) = start("").await?;
    assert_eq!(ids(&call(&world, "/v1/sites", json!({})).await?), ["custom", "custom-2"]);

    let proxy = "http://127.0.0.1:9".to_owned();
    let storage = Some(StorageNames::At(vec![proxy.clone()]));
    let site = SiteOptions { storage, ..SiteOptions::default() };
    let (world, _web) = start_with(WorldOptions { sites: vec![site], ..WorldOptions::default() }).await?;
    assert_eq!(ids(&call(&world, "/v1/sites", json!({})).await?), ["custom"]);
    assert!(get(&world, "/").await?.header("content-security-policy").contains(&proxy));

    let site = SiteOptions {
        storage: Some(StorageNames::Aws),
        config: "accelerate = true\nprofile.second_copies = false".to_owned(),
        ..SiteOptions::default()
    };
    let (world, _web) = start_with(WorldOptions { sites: vec![site], tls: true, ..WorldOptions::default() }).await?;
    let sites = call(&world, "/v1/sites", json!({})).await?;
    assert_eq!(ids(&sites), ["regional", "dualstack", "path-style", "path-style-dualstack", "accelerate"]);
    assert_eq!(sites["sites"][0]["profile"]["second_copies"], false);
    assert!(get(&world, "/").await?.header("content-security-policy").contains("https://*.amazonaws.com"));
    assert!(world.sites[0].s3.tls_addr().is_some());

    let upload = open_and_send(&world).await?;
    let done = complete(&world, &upload).await?;
    assert_eq!(done["checksum"], crc64nvme(FILE), "{done}");
    Ok(())
}

#[tokio::test]
async fn an_upload_outlives_a_restart_of_every_server() -> Result<()> {
    let (mut world, _web) = start("").await?;
    let upload = open_and_send(&world).await?;
    let (page, signer) = (world.page_url(), world.signer_url());
    world.page.restart().await?;
    world.sites[0].signer.restart().await?;
    world.sites[0].s3.restart().await?;
    assert_eq!((world.page_url(), world.signer_url()), (page, signer));
    assert_eq!(get(&world, "/").await?.status, 200);
    let done = complete(&world, &upload).await?;
    assert_eq!(done["checksum"], crc64nvme(FILE), "{done}");
    Ok(())
}

#[tokio::test]
async fn each_server_stops_on_its_own() -> Result<()> {
    let (mut world, _web) = start("").await?;
    world.sites[0].s3.stop().await;
    let refused = call(&world, "/v1/sites", json!({})).await?;
    assert_eq!(refused["home"], "local", "{refused}");
    world.sites[0].signer.stop().await;
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
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self' {} \
         http://127.0.0.1:{port} http://localhost:{port}; style-src 'self'; img-src 'self' blob: data:",
        world.signer_url(),
        port = world.sites[0].s3.addr().port(),
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
        for server in [world.sites[0].signer.addr(), world.sites[0].s3.addr()] {
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
    // The signer's port comes first; but the storage starts before.
    options.ports.sites = world.sites[0].s3.addr().port() - 1;
    let taken = error(options.clone()).await;
    assert!(taken.contains("the embedded S3 has not started"), "{taken}");
    assert!(taken.contains(&format!("it cannot listen on {}", world.sites[0].s3.addr())), "{taken}");
    options.ports.sites = 0;
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
