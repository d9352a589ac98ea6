//! A configuration that is read again while the signer runs.

use std::time::Duration;

use nearput_api::path;

use crate::client::{Reply, send};
use crate::program::{Serving, configuration};
use crate::storage::Storage;
use crate::world::TOKEN;

const LIMITED: &str = "[limits.rate]\nper_caller = '1/h'\nburst = 2\n";

async fn sites(serving: &Serving) -> Reply {
    send("GET", &serving.url(path::SITES), &[("authorization", &format!("Bearer {TOKEN}"))], "").await
}

async fn allows(serving: &Serving, origin: &str) -> bool {
    let reply = send("GET", &serving.url(path::HEALTH), &[("origin", origin)], "").await;
    reply.headers.contains_key("access-control-allow-origin")
}

/// Writes another configuration, and tells the signer to read it.
fn change(serving: &Serving, text: &str) {
    std::fs::write(&serving.config, text).expect("written");
    serving.tell("-HUP");
}

async fn until_allowed(serving: &Serving, origin: &str) {
    let allowed = async {
        while !allows(serving, origin).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), allowed).await.expect("in time");
}

#[tokio::test]
async fn a_good_configuration_takes_the_place_of_the_old_one_and_counts_go_on() {
    let storage = Storage::start().await;
    let serving = Serving::start(&storage, LIMITED);
    for expected in [200, 200, 429] {
        assert_eq!(sites(&serving).await.status, expected);
    }
    let further = format!("{LIMITED}[limits.daily]\nuploads = 7\n[server]\nidle_timeout = '9s'");
    change(&serving, &format!("allowed_origins = ['http://one.example']\n{}", configuration(&storage, &further)));
    until_allowed(&serving, "http://one.example").await;
    assert_eq!(sites(&serving).await.status, 429);

    change(&serving, &format!("allowed_origins = ['http://two.example']\n{}", configuration(&storage, "")));
    until_allowed(&serving, "http://two.example").await;
    assert!(!allows(&serving, "http://one.example").await);
    assert_eq!(sites(&serving).await.status, 200);

    let log = serving.end();
    assert_eq!(log.matches("the configuration was read again").count(), 2, "{log}");
    assert!(log.contains(r#""keys":"server.idle_timeout""#) && log.contains("counts from the next start on"), "{log}");
}

#[tokio::test]
async fn a_wrong_configuration_leaves_the_old_one_in_force_and_is_named_in_the_log() {
    let storage = Storage::start().await;
    let serving = Serving::start(&storage, "");
    change(&serving, &format!("allowed_origins = ['http://one.example']\n{}", configuration(&storage, "")));
    until_allowed(&serving, "http://one.example").await;

    for wrong in [
        "no TOML".to_owned(),
        configuration(&storage, "[limits]\nmax_file_size = 0"),
        // Its secrets are missing.
        configuration(&storage, "[[sites]]\nid = 'more'\nregion = 'x'\nbucket = 'bbb'\ncredentials = 'environment'"),
        // The development token stands against them.
        configuration(&storage, "[[issuers]]\nissuer = 'https://id.example'\naudience = ['a']"),
    ] {
        change(&serving, &wrong);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(allows(&serving, "http://one.example").await);
        assert_eq!(sites(&serving).await.status, 200);
    }
    std::fs::remove_file(&serving.config).expect("removed");
    serving.tell("-HUP");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(sites(&serving).await.status, 200);

    let log = serving.end();
    assert_eq!(log.matches("the old one stays in force").count(), 5, "{log}");
    for named in
        ["limits.max_file_size", "NEARPUT_SITE_MORE_ACCESS_KEY_ID", "NEARPUT_DEVELOPMENT_TOKEN", "cannot be read"]
    {
        assert!(log.contains(named), "{named} is not in the log: {log}");
    }
}
