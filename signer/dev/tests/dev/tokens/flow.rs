//! A whole upload by a caller whom an issuer knows.

use anyhow::{Context, Result};
use nearput_dev::{BUCKET, World, WorldOptions};
use serde_json::{Value, json};

use super::{answer, ask, status_and_code};
use crate::world::{FILE, call, complete, open_and_send, start_with};

async fn start() -> Result<(World, tempfile::TempDir)> {
    start_with(WorldOptions { issuer: true, ..WorldOptions::default() }).await
}

fn token(world: &World, claims: Value) -> Result<String> {
    Ok(world.issuer.as_ref().context("the world has an issuer")?.token(claims))
}

#[tokio::test]
async fn a_file_is_uploaded_by_whoever_has_a_token_of_the_issuer() -> Result<()> {
    let (world, _web) = start().await?;
    let upload = open_and_send(&world).await?;
    let done = complete(&world, &upload).await?;
    let key = done["key"].as_str().with_context(|| format!("not completed: {done}"))?;
    assert!(key.starts_with("private/developer/"), "{key}");
    assert_eq!(std::fs::read(world.object(BUCKET, key).context("the object is stored")?)?, FILE);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_upload_is_gone_on_with_by_any_token_of_its_caller_and_by_nobody_else_s() -> Result<()> {
    let (world, _web) = start().await?;
    let upload = open_and_send(&world).await?;
    let parts = async |token: &str| {
        let body = json!({ "ticket": upload["ticket"], "token": token }).to_string();
        status_and_code(&ask(world.sites[0].signer.addr(), "/v1/uploads/parts", Vec::new(), &body).await?)
    };
    let refused = Ok::<_, anyhow::Error>((403, "invalid_ticket".to_owned()));
    assert_eq!(parts(&token(&world, json!({ "sub": "developer", "jti": "another" }))?).await?, (200, String::new()));
    assert_eq!(parts(&token(&world, json!({ "sub": "somebody" }))?).await?, refused?);
    assert_eq!(
        parts(&token(&world, json!({ "sub": "developer", "exp": 1 }))?).await?,
        (401, "unauthenticated".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn a_world_with_an_issuer_has_no_other_way_in() -> Result<()> {
    let (world, _web) = start().await?;
    assert_eq!(answer(world.sites[0].signer.addr(), world.token()).await?.0, 200);
    assert!(call(&world, "/v1/sites", json!({})).await?["sites"].is_array());
    assert_eq!(answer(world.sites[0].signer.addr(), "developer").await?.0, 401);
    assert_eq!(ask(world.sites[0].signer.addr(), "/v1/sites", Vec::new(), "").await?.status, 401);
    Ok(())
}
