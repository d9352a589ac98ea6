//! Which site a file goes to.

use anyhow::Result;
use nearput_dev::Place;
use nearput_tests::files;
use serde_json::{Value, json};

use super::scene::{MIB, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn from_every_place_a_file_goes_to_the_nearest_site_and_to_no_other() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = files::noise(folder.path(), "near.bin", 20 * MIB, 1)?;
    for (place, nearest) in [(Place::Tokyo, "tokyo"), (Place::London, "ireland"), (Place::NewYork, "virginia")] {
        let scene = Scene::start(place, None).await?;
        scene.tab.upload(&[&file]).await?;
        scene.stored_only_at(nearest, &file).await?;

        let measured = scene.tab.browser.run("return nearput.sites();").await?;
        println!("from {place:?}: {}", shown(&measured));
        let ids = |key: &str| -> Vec<&str> {
            let sites = measured.as_array().into_iter().flatten().filter(|site| site[key] == json!(true));
            sites.filter_map(|site| site["id"].as_str()).collect()
        };
        assert_eq!((ids("chosen"), ids("home")), (vec![nearest], vec!["tokyo"]), "{place:?} {measured}");
        assert_eq!(ids("alive").len(), 3, "{measured}");
        scene.tab.browser.close().await?;
    }
    Ok(())
}

fn shown(measured: &Value) -> String {
    let sites = measured.as_array().into_iter().flatten();
    let shown = sites.map(|site| format!("{} {} ms", site["id"].as_str().unwrap_or_default(), site["latency"]));
    shown.collect::<Vec<_>>().join(", ")
}
