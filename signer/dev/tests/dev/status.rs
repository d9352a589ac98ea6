//! How a page learns of the copies of what it has uploaded.

use std::time::Duration;

use anyhow::{Context, Result};
use nearput_dev::{Site, SiteOptions, World, WorldOptions};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::bucket::crc64nvme;
use crate::raw::{Request, send};
use crate::world::{FILE, complete, open_and_send, start_with};

/// What the signer of this site says.
async fn status(world: &World, site: usize, upload: &Value) -> Result<Value> {
    let headers = vec![
        ("authorization".to_owned(), format!("Bearer {}", world.token())),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let body = json!({ "ticket": upload["ticket"], "checksum": crc64nvme(FILE) }).to_string();
    let request = Request { method: "POST", path: "/v1/uploads/status", headers, body: body.as_bytes() };
    let reply = send(world.sites[site].signer.addr(), request).await?;
    serde_json::from_str(&reply.body).with_context(|| format!("{}: {}", reply.status, reply.body))
}

fn states(status: &Value) -> Value {
    let replicas = status["replicas"].as_array().into_iter().flatten();
    replicas.map(|replica| json!([replica["site"], replica["state"]])).collect()
}

fn reads_at(status: &Value, site: &Site) -> bool {
    status["download_url"].as_str().is_some_and(|url| url.contains(&format!("/{}/", site.bucket)))
}

#[tokio::test]
async fn copies_are_pending_until_they_are_there_and_each_region_reads_at_home_from_then_on() -> Result<()> {
    let replication = Some(Duration::ZERO);
    let options = WorldOptions { sites: SiteOptions::three(), replication, ..WorldOptions::default() };
    let (mut world, _web) = start_with(options).await?;
    let [tokyo, virginia, ireland] = [0, 1, 2];
    world.sites[virginia].s3.refuse_replicas(true);
    world.sites[ireland].s3.stop().await;
    let upload = open_and_send(&world).await?;
    let before = status(&world, tokyo, &upload).await?;
    assert_eq!((&before["exists"], states(&before)), (&json!(false), json!([])));
    complete(&world, &upload).await?;

    // Nothing is settled before every destination has been asked, and one is not there.
    let pending = status(&world, ireland, &upload).await?;
    assert_eq!(states(&pending), json!([["virginia", "pending"], ["ireland", "pending"]]), "{pending}");
    assert!(reads_at(&pending, &world.sites[tokyo]), "{pending}");

    world.sites[ireland].s3.restart().await?;
    let settled = async {
        loop {
            let status = status(&world, ireland, &upload).await?;
            if !states(&status).to_string().contains("pending") {
                return Ok::<_, anyhow::Error>(status);
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let settled = timeout(Duration::from_secs(20), settled).await??;
    assert_eq!(states(&settled), json!([["virginia", "failed"], ["ireland", "completed"]]));
    assert_eq!(settled["replicas"][1]["region"], "eu-west-1");
    assert!(reads_at(&settled, &world.sites[ireland]), "{settled}");
    let at_virginia = status(&world, virginia, &upload).await?;
    assert!(reads_at(&at_virginia, &world.sites[tokyo]), "what has no copy reads at the source: {at_virginia}");
    Ok(())
}
