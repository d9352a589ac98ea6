//! What a rule says of an object is signed, and reaches the storage by each way of sending.

use anyhow::{Context, Result};
use nearput_dev::{BUCKET, World, WorldOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket::crc64nvme;
use crate::forms;
use crate::raw::{Reply, Request, send};
use crate::world::{FILE, call, start_with};

const RULES: &str = r#"
    [[rules]]
    access = "full"
    key = "full/{sub}/{uuid}/{name}"
    metadata = ["album"]
    tags = { owner = "{sub}", kind = "a b" }
    disposition = "inline"
    cache_control = "private, max-age=7"
    storage_class = "STANDARD_IA"
    encryption = "sse-kms"
    kms_key_id = "alias/uploads"
    [[rules]]
    access = "once"
    key = "once/{name}"
    overwrite = false
    [[rules]]
    access = "again"
    key = "again/{name}"
    overwrite = true
"#;

async fn start() -> Result<(World, TempDir)> {
    start_with(WorldOptions { credentials: true, further_config: RULES.to_owned(), ..WorldOptions::default() }).await
}

fn multipart() -> Value {
    json!({ "kind": "multipart", "part_size": 8 << 20 })
}

async fn open(world: &World, access: &str, plan: Value, content: &[u8]) -> Result<Value> {
    let parts = json!([{ "number": 1, "checksum": crc64nvme(content) }]);
    let file = json!({ "name": "a.png", "size": content.len(), "type": "image/png", "access": access, "plan": plan,
        "metadata": { "album": "summer" }, "parts": parts });
    Ok(call(world, "/v1/uploads", json!({ "files": [file] })).await?["uploads"][0].clone())
}

async fn send_part(world: &World, upload: &Value, content: &[u8]) -> Result<Reply> {
    let part = &upload["parts"][0];
    let pairs = |name: &str| {
        let pairs = part[name].as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect::<Vec<_>>()
    };
    let fields = pairs("fields");
    if !fields.is_empty() {
        let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        return forms::post(world.sites[0].s3.addr(), fields, content).await;
    }
    let url = part["urls"]["custom"].as_str().with_context(|| format!("nothing was signed: {upload}"))?;
    let path = &url[url.find("/uploads/").context("a path")?..];
    send(world.sites[0].s3.addr(), Request { method: "PUT", path, headers: pairs("headers"), body: content }).await
}

async fn complete(world: &World, upload: &Value, content: &[u8]) -> Result<Value> {
    let parts = if upload["plan"]["kind"] == "multipart" { json!([{ "number": 1 }]) } else { json!([]) };
    let upload = json!({ "ticket": upload["ticket"], "parts": parts, "checksum": crc64nvme(content) });
    Ok(call(world, "/v1/uploads/complete", json!({ "uploads": [upload] })).await?["uploads"][0].clone())
}

async fn upload(world: &World, access: &str, plan: Value, content: &[u8]) -> Result<Value> {
    let opened = open(world, access, plan, content).await?;
    let reply = send_part(world, &opened, content).await?;
    assert!(matches!(reply.status, 200 | 204 | 412), "{} {}", reply.status, reply.body);
    complete(world, &opened, content).await
}

#[tokio::test]
async fn all_that_a_rule_says_of_an_object_is_stored_with_it() -> Result<()> {
    let (world, _web) = start().await?;
    for plan in [json!({ "kind": "put" }), json!({ "kind": "form" }), multipart()] {
        let done = upload(&world, "full", plan.clone(), FILE).await?;
        let url = done["download_url"].as_str().with_context(|| format!("not completed: {done}"))?;
        let path = &url[url.find("/uploads/").context("a path")?..];
        let stored =
            send(world.sites[0].s3.addr(), Request { method: "GET", path, headers: vec![], body: b"" }).await?;
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-disposition", "inline; filename*=UTF-8''a.png"),
            ("cache-control", "private, max-age=7"),
            ("x-amz-storage-class", "STANDARD_IA"),
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "alias/uploads"),
            ("x-amz-tagging-count", "2"),
            ("x-amz-meta-album", "summer"),
        ] {
            assert_eq!(stored.header(name), value, "{name} by {plan}");
        }
        assert!(done["key"].as_str().is_some_and(|key| key.starts_with("full/developer/")), "{done}");
    }
    Ok(())
}

#[tokio::test]
async fn each_attribute_is_in_what_is_signed() -> Result<()> {
    let (world, _web) = start().await?;
    let put = open(&world, "full", json!({ "kind": "put" }), FILE).await?;
    let headers = put["parts"][0]["headers"].as_object().with_context(|| format!("not signed: {put}"))?;
    let mut names: Vec<_> = headers.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "cache-control",
        "content-disposition",
        "content-type",
        "if-none-match",
        "x-amz-checksum-crc64nvme",
        "x-amz-meta-album",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-storage-class",
        "x-amz-tagging",
    ];
    assert_eq!(names, expected);
    assert_eq!(headers["x-amz-tagging"], "kind=a%20b&owner=developer");
    let url = put["parts"][0]["urls"]["custom"].as_str().context("a URL")?;
    let signed = url.split("X-Amz-SignedHeaders=").nth(1).and_then(|rest| rest.split('&').next()).context("names")?;
    for name in expected {
        assert!(signed.contains(name), "{name} is not signed");
        let mut changed = put.clone();
        changed["parts"][0]["headers"][name] = json!("AAAAAAAAAAA=");
        assert_eq!(send_part(&world, &changed, FILE).await?.status, 403, "another {name}");
        changed["parts"][0]["headers"].as_object_mut().context("headers")?.remove(name);
        assert_eq!(send_part(&world, &changed, FILE).await?.status, 403, "no {name}");
    }
    let form = open(&world, "full", json!({ "kind": "form" }), FILE).await?;
    let fields = &form["parts"][0]["fields"];
    let tagging = "<Tagging><TagSet><Tag><Key>kind</Key><Value>a b</Value></Tag>\
                   <Tag><Key>owner</Key><Value>developer</Value></Tag></TagSet></Tagging>";
    assert_eq!(fields["tagging"], tagging);
    for name in [
        "Cache-Control",
        "Content-Disposition",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-storage-class",
        "tagging",
    ] {
        let mut changed = form.clone();
        assert!(fields[name].is_string(), "{name}");
        changed["parts"][0]["fields"][name] = json!("other");
        assert!(matches!(send_part(&world, &changed, FILE).await?.status, 400 | 403), "another {name}");
    }
    Ok(())
}

#[tokio::test]
async fn an_object_that_may_not_be_replaced_is_not() -> Result<()> {
    let (world, _web) = start().await?;
    let form = open(&world, "once", json!({ "kind": "form" }), FILE).await?;
    assert_eq!(form["error"]["code"], "invalid_plan", "no form can hold it down");
    let sites = call(&world, "/v1/sites", json!({})).await?;
    assert_eq!(sites["sites"][0]["profile"]["form"], false, "so none is offered");
    assert_eq!(sites["sites"][0]["credentials"], false, "nor credentials, which could not use the key of `full`");

    let put = || json!({ "kind": "put" });
    let first = upload(&world, "once", put(), FILE).await?;
    assert_eq!(first["key"], "once/a.png", "{first}");
    let other: &[u8] = b"another file";
    for plan in [put(), multipart()] {
        let opened = open(&world, "once", plan.clone(), other).await?;
        let expected = if plan == put() { 412 } else { 200 };
        assert_eq!(send_part(&world, &opened, other).await?.status, expected, "{plan}");
        assert_eq!(complete(&world, &opened, other).await?["error"]["code"], "object_exists", "{plan}");
    }
    let stored = world.object(BUCKET, "once/a.png").context("an object")?;
    assert_eq!(std::fs::read(&stored)?, FILE);

    // Whoever sends the same again has what it wanted.
    for plan in [put(), multipart()] {
        let again = upload(&world, "once", plan.clone(), FILE).await?;
        assert_eq!(again["checksum"], crc64nvme(FILE), "{plan}: {again}");
    }
    for content in [FILE, other] {
        let done = upload(&world, "again", put(), content).await?;
        assert_eq!((&done["key"], &done["checksum"]), (&json!("again/a.png"), &json!(crc64nvme(content))), "{done}");
    }
    Ok(())
}

#[tokio::test]
async fn credentials_for_a_key_in_a_shared_folder_are_good_for_that_key_only() -> Result<()> {
    let (world, _web) = start().await?;
    let opened = open(&world, "again", multipart(), FILE).await?;
    let given = call(&world, "/v1/credentials", json!({ "ticket": opened["ticket"] })).await?;
    assert_eq!(given["prefix"], "again/a.png", "{given}");
    Ok(())
}

#[tokio::test]
async fn there_are_no_credentials_where_they_could_do_what_the_rule_forbids() -> Result<()> {
    let (world, _web) = start().await?;
    // They could replace an object that is to be kept, or store one without its encryption.
    for access in ["once", "full"] {
        let opened = open(&world, access, multipart(), FILE).await?;
        let given = call(&world, "/v1/credentials", json!({ "ticket": opened["ticket"] })).await?;
        assert_eq!(given["error"]["code"], "forbidden", "{access}: {given}");
    }
    Ok(())
}
