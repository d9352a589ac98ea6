//! Clearing away what was left open, against a storage that has pages.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use nearput_signer::{Config, Secrets, SiteCredentials, SweepOptions, sweep};

use crate::bucket::{BUCKET, Bucket};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn stale_uploads_are_found_on_every_page_and_others_are_left() -> Result<()> {
    let bucket = Bucket::start().await?;
    bucket.open("b/other").await?;
    let open = async |number: i32| bucket.open(&format!("a/{number}")).await.map(drop);
    stream::iter((1..=1_001).map(open)).buffer_unordered(8).try_collect::<Vec<_>>().await?;

    let config = Config::parse(&format!(
        "listen = '127.0.0.1:0'\ntickets = {{ lifetime = '1h', max_lifetime = '1h' }}\n[[sites]]\nid = 'local'\nregion = 'us-east-1'\nbucket = '{BUCKET}'
        endpoint = 'http://{}'\ncredentials = 'environment'",
        bucket.server.addr()
    ))
    .context("a configuration")?;
    let credentials = SiteCredentials {
        access_key_id: "test-key".to_owned(),
        secret_access_key: "test-secret".to_owned(),
        session_token: None,
    };
    let secrets = Secrets { site_credentials: [("local".to_owned(), credentials)].into(), ..Secrets::default() };
    let swept = async |prefix: &str, abort: bool, now: SystemTime| {
        let options = SweepOptions { older_than: HOUR, site: None, prefix: prefix.to_owned(), abort };
        let mut found = Vec::new();
        sweep(&config, secrets.clone(), &options, now, |stale| found.push(stale.clone())).await?;
        anyhow::Ok(found)
    };
    let later = SystemTime::now() + 2 * HOUR;
    assert_eq!(swept("", true, SystemTime::now()).await?.len(), 0, "they are young");
    assert_eq!(swept("", false, later).await?.len(), 1_002);
    let aborted = swept("a/100", true, later).await?;
    assert_eq!(aborted.iter().map(|stale| &*stale.key).collect::<Vec<_>>(), ["a/100", "a/1000", "a/1001"]);
    assert!(aborted.iter().all(|stale| stale.site == "local" && stale.age >= HOUR), "{aborted:?}");
    assert_eq!(bucket.server.open_uploads()?, 999);
    Ok(())
}
