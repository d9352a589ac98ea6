//! A world of several sites, with a visitor at some distance from each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nearput_dev::{Place, SiteOptions, Visitor, World, WorldOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::raw::{Reply, Request, send};
use crate::world::start_with;

const SITES: [&str; 3] = ["tokyo", "virginia", "ireland"];

async fn start() -> Result<(World, TempDir)> {
    let visitor = Some(Visitor { place: Place::Tokyo, window: 1 << 20 });
    start_with(WorldOptions { sites: SiteOptions::three(), visitor, ..WorldOptions::default() }).await
}

/// What the signer at this address tells a browser of the sites.
async fn sites(world: &World, signer: SocketAddr) -> Result<Value> {
    let headers = vec![("authorization".to_owned(), format!("Bearer {}", world.token()))];
    let reply = send(signer, Request { method: "GET", path: "/v1/sites", headers, body: b"" }).await?;
    Ok(serde_json::from_str(&reply.body)?)
}

async fn command(page: SocketAddr, path: &str, body: Value) -> Result<Reply> {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    send(page, Request { method: "POST", path, headers, body: body.to_string().as_bytes() }).await
}

#[tokio::test]
async fn every_signer_prefers_its_own_site_and_knows_all_others() -> Result<()> {
    let (world, _web) = start().await?;
    let signers: Vec<String> = world.sites.iter().map(|site| site.signer_url()).collect();
    for (site, id) in world.sites.iter().zip(SITES) {
        let told = sites(&world, site.signer.addr()).await?;
        assert_eq!(told["home"], id);
        assert_eq!(told["signers"], json!(signers));
        let ids = told["sites"].as_array().context("sites")?.iter().map(|site| &site["id"]);
        assert_eq!(ids.collect::<Vec<_>>(), SITES);
        let lines = site.lines.as_ref().context("the visitor has lines")?;
        let told =
            told["sites"].as_array().and_then(|sites| sites.iter().find(|site| site["id"] == id)).context("it")?;
        let probes = told["paths"].as_array().context("paths")?.iter().map(|path| &path["probe_url"]);
        for (probe, line) in probes.zip(&lines.storage) {
            let probe = probe.as_str().context("a probe's address")?;
            assert!(probe.starts_with(&format!("{}/uploads-{id}", line.url())), "{probe}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_visitor_is_as_far_from_each_site_as_the_place_says() -> Result<()> {
    let (mut world, _web) = start().await?;
    for place in Place::ALL {
        world.move_to(place)?;
        for site in &world.sites {
            let distance = place.round_trip_to(&site.region).context("a known distance")?;
            let line = &site.lines.as_ref().context("a line")?.storage[0];
            let started = Instant::now();
            send(line.addr(), Request { method: "GET", path: "/", headers: vec![], body: b"" }).await?;
            // One for the connection, and one for the question.
            assert!(started.elapsed() >= 2 * distance - Duration::from_millis(2), "{place:?} {}", site.id);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_visitor_is_led_to_the_nearest_signer_that_is_not_down() -> Result<()> {
    let (mut world, _web) = start().await?;
    let signers: Vec<String> = world.sites.iter().map(|site| site.signer_url()).collect();
    for (place, nearest) in [(Place::London, 2), (Place::NewYork, 1), (Place::Tokyo, 0)] {
        world.move_to(place)?;
        assert_eq!(world.signer_url(), signers[nearest], "{place:?}");
    }
    world.sites[0].take_down().await?;
    assert_eq!(world.signer_url(), signers[1]);
    world.sites[0].bring_back().await?;
    assert_eq!(world.signer_url(), signers[0]);
    Ok(())
}

#[tokio::test]
async fn a_region_that_is_down_answers_nobody_until_it_is_back() -> Result<()> {
    let (mut world, _web) = start().await?;
    let addresses = |world: &World| {
        let lines = world.sites[1].lines.as_ref().expect("the visitor has lines");
        [lines.storage[0].addr(), lines.storage[1].addr(), lines.signer.addr(), world.sites[1].s3.addr()]
    };
    world.sites[1].take_down().await?;
    let ask = || Request { method: "GET", path: "/", headers: vec![], body: b"" };
    for address in addresses(&world) {
        assert!(send(address, ask()).await.is_err(), "{address}");
    }
    sites(&world, world.sites[0].signer.addr()).await?;
    world.sites[1].bring_back().await?;
    for address in addresses(&world) {
        send(address, ask()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_page_moves_the_visitor_and_takes_regions_down() -> Result<()> {
    let (mut world, _web) = start().await?;
    let page = world.page.addr();
    let signers: Vec<String> = world.sites.iter().map(|site| site.signer_url()).collect();
    let steps = async {
        let told = async |reply: Reply| Ok::<Value, anyhow::Error>(serde_json::from_str(&reply.body)?);
        let moved = told(command(page, "/demo/place", json!({ "place": "new-york" })).await?).await?;
        assert_eq!((&moved["world"]["place"], &moved["signer"]), (&json!("new-york"), &json!(signers[1])));
        let downed = told(command(page, "/demo/down", json!({ "site": "virginia", "down": true })).await?).await?;
        let downs = downed["world"]["sites"].as_array().context("sites")?.iter().map(|site| &site["down"]);
        assert_eq!(downs.collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(downed["signer"], json!(signers[2]));
        let back = told(command(page, "/demo/down", json!({ "site": "virginia", "down": false })).await?).await?;
        assert_eq!(back["signer"], json!(signers[1]));
        let nowhere = command(page, "/demo/down", json!({ "site": "atlantis", "down": true })).await?;
        assert_eq!(nowhere.status, 404);
        let simple = Request { method: "POST", path: "/demo/down", headers: vec![], body: b"{}" };
        assert_eq!(send(page, simple).await?.status, 415);
        Ok::<_, anyhow::Error>(())
    };
    tokio::select! {
        done = steps => done,
        obeyed = world.obey() => obeyed.and(Err(anyhow::anyhow!("the page was stopped"))),
    }
}

#[tokio::test]
async fn the_page_is_told_what_each_path_has_carried_so_far() -> Result<()> {
    let (world, _web) = start().await?;
    let path = async || {
        let asked = Request { method: "GET", path: "/demo.json", headers: vec![], body: b"" };
        let demo: Value = serde_json::from_str(&send(world.page.addr(), asked).await?.body)?;
        Ok::<_, anyhow::Error>(demo["world"]["sites"][0]["paths"][0].clone())
    };
    let line = &world.sites[0].lines.as_ref().context("the visitor has lines")?.storage[0];
    assert_eq!(path().await?, json!({ "host": line.addr().to_string(), "sent": 0 }));
    send(line.addr(), Request { method: "GET", path: "/", headers: vec![], body: b"" }).await?;
    assert_eq!(path().await?["sent"], line.meter().bytes());
    assert!(line.meter().bytes() > 0);
    Ok(())
}

#[tokio::test]
async fn what_is_replicated_is_at_every_site() -> Result<()> {
    let visitor = Some(Visitor { place: Place::Tokyo, window: 1 << 20 });
    let replication = Some(Duration::ZERO);
    let options = WorldOptions { sites: SiteOptions::three(), visitor, replication, ..WorldOptions::default() };
    let (world, _web) = start_with(options).await?;
    let file = json!({ "name": "a.txt", "size": 1, "type": "text/plain", "plan": { "kind": "form" } });
    let opened = crate::world::call(&world, "/v1/uploads", json!({ "files": [file], "site": "ireland" })).await?;
    let upload = &opened["uploads"][0];
    let fields = upload["parts"][0]["fields"].as_object().with_context(|| format!("no form: {opened}"))?;
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    let ireland = &world.sites[2];
    assert_eq!(crate::forms::post_to(ireland.s3.addr(), &ireland.bucket, fields, b"x").await?.status, 204);
    let key = upload["key"].as_str().context("a key")?;
    let copied = async {
        while !world.sites.iter().all(|site| site.s3.object(&site.bucket, key).is_some()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    Ok(tokio::time::timeout(Duration::from_secs(20), copied).await?)
}

#[tokio::test]
async fn a_region_of_unknown_distance_is_refused() -> Result<()> {
    let visitor = Some(Visitor { place: Place::Tokyo, window: 1 << 20 });
    let sites = vec![SiteOptions::new("moon", "moon-1")];
    let refused = start_with(WorldOptions { sites, visitor, ..WorldOptions::default() }).await;
    let refused = refused.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(refused.contains("how far moon-1 is from Tokyo is not known"), "{refused}");
    Ok(())
}
