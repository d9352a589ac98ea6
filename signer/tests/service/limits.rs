//! A caller, and an address, over each limit: as one signer counts in memory, and as it counts in Redis.

use nearput_api::{ErrorCode, ErrorReply, OpenedUpload, Outcome, Plan, path};
use serde_json::json;

use crate::client::{Reply, send};
use crate::redis::Redis;
use crate::scripted::{Answer, Script, ScriptedStorage};
use crate::storage::Storage;
use crate::world::{Options, PART, Signer, TOKEN, bytes, done, failed, file, to_complete};

/// The signers that a limit must hold in: one counts in memory, one in Redis.
struct Counting {
    signers: [Signer; 2],
    _storage: Storage,
    _redis: Redis,
}

impl Counting {
    async fn start(limits: &'static str, tables: &str) -> Self {
        let (storage, redis) = (Storage::start().await, Redis::start().await);
        let in_memory = signer(&storage, limits, tables).await;
        let in_redis = signer(&storage, limits, &format!("{tables}\n[limits.redis]\nurl = '{}'", redis.url())).await;
        Self { signers: [in_memory, in_redis], _storage: storage, _redis: redis }
    }
}

pub(crate) async fn signer(storage: &Storage, limits: &'static str, tables: &str) -> Signer {
    let tables = tables.to_owned();
    Signer::start(storage.address, Options { limits, tables, ..Options::default() }).await
}

pub(crate) async fn sites(signer: &Signer) -> Reply {
    signer.call(path::SITES, &json!({})).await
}

pub(crate) async fn open(signer: &Signer, size: u64) -> Outcome<OpenedUpload> {
    signer.open_all(vec![file(&bytes(size), Plan::Put)]).await.remove(0)
}

/// The code of a refusal, and after how many seconds it may be asked again.
fn refused(outcome: Outcome<OpenedUpload>) -> (ErrorCode, u64) {
    match outcome {
        Outcome::Done(opened) => panic!("{} is open", opened.key),
        Outcome::Failed(ErrorReply { error }) => (error.code, error.retry_after.expect("a time")),
    }
}

fn is_limited(reply: &Reply) {
    assert_eq!(reply.error(), (429, ErrorCode::RateLimited));
    let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
    let seconds = body["error"]["retry_after"].as_u64().expect("seconds");
    assert!((1..=3600).contains(&seconds), "{seconds}");
    assert_eq!(reply.headers["retry-after"], seconds.to_string());
}

#[tokio::test]
async fn a_caller_may_call_so_often_and_no_more() {
    let counting = Counting::start("", "[limits.rate]\nper_caller = '1/h'\nburst = 3").await;
    for signer in &counting.signers {
        for _ in 0..3 {
            assert_eq!(sites(signer).await.status, 200);
        }
        is_limited(&sites(signer).await);
        // Who does not say who he is has not called as that caller.
        assert_eq!(send("POST", &signer.url(path::SITES), &[], "").await.status, 401);
    }
}

#[tokio::test]
async fn a_call_for_many_items_counts_as_several() {
    let counting = Counting::start("", "[limits.rate]\nper_caller = '1/h'\nburst = 3").await;
    let files: Vec<_> = (0..150).map(|_| file(&bytes(1), Plan::Put)).collect();
    for signer in &counting.signers {
        let opened = signer.call(path::OPEN, &json!({ "files": files })).await;
        assert_eq!(opened.status, 200);
        assert_eq!(sites(signer).await.status, 200);
        is_limited(&sites(signer).await);
    }
}

#[tokio::test]
async fn a_call_that_weighs_more_than_the_burst_is_let_in_when_nothing_else_was() {
    let counting = Counting::start("", "[limits.rate]\nper_caller = '1/h'\nburst = 1").await;
    let files: Vec<_> = (0..150).map(|_| file(&bytes(1), Plan::Put)).collect();
    for signer in &counting.signers {
        assert_eq!(signer.call(path::OPEN, &json!({ "files": files })).await.status, 200);
        is_limited(&sites(signer).await);
    }
}

#[tokio::test]
async fn the_rate_lets_in_again_after_the_time_that_was_said() {
    let counting = Counting::start("", "[limits.rate]\nper_caller = '1/s'").await;
    for signer in &counting.signers {
        assert_eq!(sites(signer).await.status, 200);
        let reply = sites(signer).await;
        assert_eq!(reply.headers["retry-after"], "1");
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(sites(signer).await.status, 200);
    }
}

#[tokio::test]
async fn an_address_may_call_so_often_whoever_calls_from_there() {
    let tables = "[limits.rate]\nper_address = '1/h'\nburst = 2\n[server]\nclient_address_header = 'x-forwarded-for'";
    let counting = Counting::start("", tables).await;
    for signer in &counting.signers {
        let call = async |from: &str, token: &str| {
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str()), ("x-forwarded-for", from)];
            send("GET", &signer.url(path::SITES), &headers, "").await
        };
        assert_eq!(call("6.6.6.6, 192.0.2.1", "a guess").await.status, 401);
        assert_eq!(call("7.7.7.7, 192.0.2.1", TOKEN).await.status, 200);
        is_limited(&call("8.8.8.8, 192.0.2.1", TOKEN).await);
        assert_eq!(call("192.0.2.1, 192.0.2.2", TOKEN).await.status, 200);
        let health = send("GET", &signer.url(path::HEALTH), &[("x-forwarded-for", "192.0.2.1")], "").await;
        assert_eq!(health.status, 200);
    }
}

#[tokio::test]
async fn the_file_that_is_too_much_for_the_day_fails_alone() {
    let counting = Counting::start("", "[limits.daily]\nbytes = 100").await;
    for signer in &counting.signers {
        let files = [60, 50, 40, 1].map(|size| file(&bytes(size), Plan::Put));
        let outcomes = signer.open_all(files.to_vec()).await;
        let [first, second, third, fourth] = <[_; 4]>::try_from(outcomes).expect("four");
        done(first);
        done(third);
        for outcome in [second, fourth] {
            let (code, wait) = refused(outcome);
            assert!(code == ErrorCode::QuotaExceeded && (1..=86_400).contains(&wait), "{code:?} {wait}");
        }
    }
}

#[tokio::test]
async fn so_many_uploads_a_day_and_no_more() {
    let counting = Counting::start("", "[limits.daily]\nuploads = 2").await;
    for signer in &counting.signers {
        let files = vec![file(&bytes(1), Plan::Put); 3];
        let refused = signer.open_all(files).await.into_iter().filter(|outcome| matches!(outcome, Outcome::Failed(_)));
        assert_eq!(refused.map(failed).collect::<Vec<_>>(), [ErrorCode::QuotaExceeded]);
        assert_eq!(failed(open(signer, 1).await), ErrorCode::QuotaExceeded);
    }
}

#[tokio::test]
async fn an_upload_leaves_the_open_ones_when_it_is_completed_or_aborted() {
    let counting = Counting::start("open_uploads = 1", "").await;
    for signer in &counting.signers {
        let content = bytes(5);
        let opened = signer.open(file(&content, Plan::Put)).await;
        let (code, wait) = refused(open(signer, 1).await);
        assert!(code == ErrorCode::QuotaExceeded && (3590..=3600).contains(&wait), "{code:?} {wait}");

        assert_eq!(crate::client::send_part(&opened.parts[0], &content).await.status, 200);
        done(signer.complete(to_complete(&opened, &content, vec![])).await);
        let opened = signer.open(file(&bytes(9), Plan::Multipart { part_size: PART })).await;
        assert_eq!(failed(open(signer, 1).await), ErrorCode::QuotaExceeded);
        assert_eq!(signer.call(path::ABORT, &json!({ "ticket": opened.ticket })).await.status, 200);
        done(open(signer, 1).await);
    }
}

#[tokio::test]
async fn an_upload_leaves_the_open_ones_when_its_ticket_ends() {
    let (storage, redis) = (Storage::start().await, Redis::start().await);
    for tables in [String::new(), format!("[limits.redis]\nurl = '{}'", redis.url())] {
        let limits = "max_file_size = 100\nopen_uploads = 1";
        let options = Options { limits, tables, ticket_lifetime: "1s", ..Options::default() };
        let signer = Signer::start(storage.address, options).await;
        done(open(&signer, 1).await);
        assert_eq!(refused(open(&signer, 1).await), (ErrorCode::QuotaExceeded, 1));
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        done(open(&signer, 1).await);
    }
}

#[tokio::test]
async fn an_upload_that_could_not_be_opened_is_not_counted() {
    let redis = Redis::start().await;
    let script = Script { create: Answer::Error(403, "AccessDenied"), ..Script::default() };
    let storage = ScriptedStorage::start(script).await;
    for redis in [String::new(), format!("[limits.redis]\nurl = '{}'", redis.url())] {
        let options = Options {
            limits: "max_file_size = 100\nopen_uploads = 1",
            tables: format!("[limits.daily]\nuploads = 1\nbytes = 10\n{redis}"),
            ..Options::default()
        };
        let signer = Signer::start(storage.address, options).await;
        for _ in 0..3 {
            let outcome = signer.open_all(vec![file(&bytes(10), Plan::Multipart { part_size: PART })]).await.remove(0);
            assert_eq!(failed(outcome), ErrorCode::StorageRefused);
        }
        done(open(&signer, 10).await);
    }
}
