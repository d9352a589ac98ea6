//! Several signers that count together in one Redis, and what becomes of calls when it is away.

use std::time::Duration;

use nearput_api::{ErrorCode, Outcome, Plan, path};

use crate::client::send;
use crate::limits::{open, signer, sites};
use crate::program::Serving;
use crate::redis::Redis;
use crate::storage::Storage;
use crate::tls::certify;
use crate::world::{Options, Signer, TOKEN, bytes, done, failed, file};

fn shared(redis: &Redis, more: &str) -> String {
    format!("[limits.redis]\nurl = '{}'\n{more}", redis.url())
}

#[tokio::test]
async fn two_signers_never_give_the_last_place_twice() {
    let (storage, redis) = (Storage::start().await, Redis::start().await);
    let tables = shared(&redis, "[limits.daily]\nuploads = 25\n[limits.rate]\nper_caller = '3/h'\nburst = 3");
    let (one, two) = (signer(&storage, "", &tables).await, signer(&storage, "", &tables).await);
    let files = || vec![file(&bytes(1), Plan::Put); 40];
    let (first, second) = tokio::join!(one.open_all(files()), two.open_all(files()));
    let opened = first.iter().chain(&second).filter(|outcome| matches!(outcome, Outcome::Done(_))).count();
    assert_eq!(opened, 25);
    assert_eq!(sites(&one).await.status, 200);
    assert_eq!(sites(&two).await.status, 429);
}

#[tokio::test]
async fn what_is_kept_in_redis_has_its_prefix_and_an_end() {
    let (storage, redis) = (Storage::start().await, Redis::start_with_password("a-password").await);
    let tables = shared(
        &redis,
        "prefix = 'mine'\n[limits.daily]\nuploads = 5\n[limits.rate]\nper_caller = '1/h'\nper_address = '2/h'",
    );
    let options = Options {
        limits: "open_uploads = 5",
        tables,
        redis_password: Some("a-password".to_owned()),
        ..Options::default()
    };
    let signer = Signer::start(storage.address, options).await;
    done(open(&signer, 7).await);
    let keys = redis.ask("KEYS *").await.expect("keys");
    let keys: Vec<_> = keys.lines().filter(|line| line.contains(':')).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("mine:{caller:developer}:") || key == "mine:{address:127.0.0.1}:rate", "{key}");
        let ttl = redis.ask(&format!("TTL {key}")).await.expect("a time");
        let ttl: i64 =
            ttl.lines().find_map(|line| line.strip_prefix(':')).expect("a number").parse().expect("a number");
        assert!((1..=2 * 86_400).contains(&ttl), "{key}: {ttl}");
    }
}

#[tokio::test]
async fn without_redis_calls_pass_or_do_not_as_configured_and_are_counted_again_when_it_is_back() {
    let (storage, mut redis) = (Storage::start().await, Redis::start().await);
    let limits = "[limits.daily]\nuploads = 1\n[limits.rate]\nper_caller = '100/h'";
    let open_one = signer(&storage, "", &shared(&redis, limits)).await;
    let closed_one = signer(&storage, "", &shared(&redis, &format!("on_failure = 'closed'\n{limits}"))).await;
    done(open(&open_one, 1).await);
    assert_eq!(failed(open(&closed_one, 1).await), ErrorCode::QuotaExceeded);

    redis.stop();
    for _ in 0..3 {
        done(open(&open_one, 1).await);
        let reply = sites(&closed_one).await;
        assert_eq!(reply.error(), (503, ErrorCode::Busy));
        assert_eq!(reply.headers["retry-after"], "1");
    }

    redis.restart().await;
    let counted = async {
        while sites(&closed_one).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        done(open(&closed_one, 1).await);
        while !matches!(open(&open_one, 1).await, Outcome::Failed(_)) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), counted).await.expect("in time");
}

#[tokio::test]
async fn redis_is_spoken_to_by_tls_if_its_certificate_is_trusted() {
    let (storage, directory) = (Storage::start().await, tempfile::tempdir().expect("a directory"));
    certify(directory.path());
    let redis = Redis::start_with_tls(directory.path()).await;
    let url = format!("rediss://localhost:{}", redis.address.port());
    let limits = format!("[limits.rate]\nper_caller = '1/h'\n[limits.redis]\nurl = '{url}'\non_failure = 'closed'");
    let trusted = directory.path().join("certificate.pem");
    let authorization = format!("Bearer {TOKEN}");
    for (trusted, statuses) in [(Some(trusted), [200, 429]), (None, [503, 503])] {
        let variables = trusted.iter().map(|path| ("SSL_CERT_FILE", path.to_str().expect("text")));
        let serving = Serving::start_with(&storage, &limits, variables);
        for status in statuses {
            let reply = send("GET", &serving.url(path::SITES), &[("authorization", &authorization)], "").await;
            assert_eq!(reply.status, status, "{trusted:?}");
        }
    }
}

#[tokio::test]
async fn a_redis_that_says_nothing_holds_a_call_up_for_a_moment_only() {
    let storage = Storage::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    let tables = format!("[limits.rate]\nper_caller = '1/h'\n[limits.redis]\nurl = 'redis://{address}'");
    let signer = signer(&storage, "", &tables).await;
    let began = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(sites(&signer).await.status, 200);
    }
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}
