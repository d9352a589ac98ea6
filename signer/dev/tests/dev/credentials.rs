//! Credentials mode: the signer assumes a role for a browser, which then signs its parts itself.

use anyhow::{Context, Result};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use nearput_dev::{BUCKET, World, WorldOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket::{self, code, crc64nvme};
use crate::world::{FILE, call, complete, open_and_send, start_with};

async fn start() -> Result<(World, TempDir)> {
    start_with(WorldOptions { credentials: true, ..WorldOptions::default() }).await
}

/// S3 as whoever holds these credentials meets it.
fn client(world: &World, given: &Value) -> Client {
    let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
    let token = Some(text("session_token"));
    let credentials = Credentials::new(text("access_key_id"), text("secret_access_key"), token, None, "test");
    let config =
        bucket::client(world.sites[0].s3.addr(), "").config().to_builder().credentials_provider(credentials).build();
    Client::from_conf(config)
}

async fn ask(world: &World, upload: &Value) -> Result<Value> {
    call(world, "/v1/credentials", json!({ "ticket": upload["ticket"] })).await
}

#[tokio::test]
async fn credentials_put_the_parts_of_one_upload_and_nothing_else() -> Result<()> {
    let (world, _web) = start().await?;
    assert_eq!(call(&world, "/v1/sites", json!({})).await?["sites"][0]["credentials"], true);
    let (upload, other) = (open_and_send(&world).await?, open_and_send(&world).await?);
    let given = ask(&world, &upload).await?;
    let (key, prefix) = (upload["key"].as_str().context("a key")?, given["prefix"].as_str().context("a prefix")?);
    assert!(key.starts_with(prefix) && prefix.starts_with("private/developer/") && prefix.ends_with('/'), "{given}");
    assert_eq!((&given["bucket"], &given["region"]), (&json!(BUCKET), &json!("us-east-1")));
    let lifetime = given["expires_at"].as_u64().zip(given["server_time"].as_u64()).map(|(end, now)| end - now);
    assert!(lifetime.is_some_and(|left| (3_590_000..=3_660_000).contains(&left)), "{lifetime:?}");

    let client = client(&world, &given);
    let upload_id =
        upload["parts"][0]["urls"].as_object().and_then(|urls| urls.values().next()).and_then(Value::as_str);
    let upload_id = upload_id.and_then(|url| url.split_once("uploadId=")?.1.split('&').next()).context("an id")?;
    let body = || ByteStream::from_static(FILE);
    let part = client.upload_part().bucket(BUCKET).key(key).upload_id(upload_id).part_number(1);
    part.checksum_crc64_nvme(crc64nvme(FILE)).body(body()).send().await?;
    assert_eq!(complete(&world, &upload).await?["checksum"], crc64nvme(FILE));

    let elsewhere = other["key"].as_str().context("a key")?;
    assert_eq!(code(client.put_object().bucket(BUCKET).key(elsewhere).body(body()).send().await), "AccessDenied");
    assert_eq!(code(client.get_object().bucket(BUCKET).key(key).send().await), "AccessDenied");
    assert_eq!(code(client.delete_object().bucket(BUCKET).key(key).send().await), "AccessDenied");
    assert_eq!(code(client.list_objects_v2().bucket(BUCKET).send().await), "AccessDenied");
    Ok(())
}

#[tokio::test]
async fn whoever_asks_again_gets_the_same_credentials_and_another_upload_gets_others() -> Result<()> {
    let (world, _web) = start().await?;
    let (one, other) = (open_and_send(&world).await?, open_and_send(&world).await?);
    let id = async |upload: &Value| Ok::<_, anyhow::Error>(ask(&world, upload).await?["access_key_id"].clone());
    let first = id(&one).await?;
    assert!(first.is_string(), "{first}");
    assert_eq!(id(&one).await?, first);
    assert_ne!(id(&other).await?, first);
    Ok(())
}

#[tokio::test]
async fn a_signer_without_a_role_gives_out_none_and_says_so() -> Result<()> {
    let (world, _web) = start_with(WorldOptions::default()).await?;
    assert_eq!(call(&world, "/v1/sites", json!({})).await?["sites"][0]["credentials"], false);
    let upload = open_and_send(&world).await?;
    assert_eq!(ask(&world, &upload).await?["error"]["code"], "forbidden");
    Ok(())
}

#[tokio::test]
async fn without_a_ticket_of_the_signer_there_are_none() -> Result<()> {
    let (world, _web) = start().await?;
    assert_eq!(ask(&world, &json!({ "ticket": "a.b.c" })).await?["error"]["code"], "invalid_ticket");
    assert_eq!(call(&world, "/v1/credentials", json!({})).await?["error"]["code"], "invalid_request");
    Ok(())
}

#[tokio::test]
async fn where_roles_cannot_be_assumed_the_storage_is_called_unavailable() -> Result<()> {
    let (mut world, _web) = start().await?;
    let upload = open_and_send(&world).await?;
    world.sites[0].s3.stop().await;
    assert_eq!(ask(&world, &upload).await?["error"]["code"], "storage_unavailable");
    Ok(())
}
