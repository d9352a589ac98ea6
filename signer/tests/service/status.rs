//! Where an upload's object is by now.

use nearput_api::{AskStatus, ErrorCode, Plan, ReplicaState, UploadStatus, path};

use crate::client::{Reply, send};
use crate::scripted::{Answer, Script, ScriptedStorage};
use crate::world::{METRICS_TOKEN, Options, Signer, bytes, checksum, file};

use ReplicaState::{Completed, Failed, Pending};

const SIZE: u64 = 10;

/// What a site answers about the object.
fn head(status: Option<&str>, further: &[(&'static str, &str)]) -> Answer {
    let mut headers = vec![
        ("content-length", SIZE.to_string()),
        ("etag", "\"e\"".to_owned()),
        ("last-modified", "Wed, 25 Nov 2026 00:00:00 GMT".to_owned()),
        ("x-amz-checksum-crc64nvme", checksum(&bytes(SIZE))),
        ("x-amz-version-id", "v1".to_owned()),
    ];
    headers.extend(status.map(|status| ("x-amz-replication-status", status.to_owned())));
    for (name, value) in further {
        headers.retain(|(known, _)| known != name);
        headers.push((name, (*value).to_owned()));
    }
    Answer::Headers(headers)
}

fn copy() -> Answer {
    head(Some("REPLICA"), &[])
}

fn absent() -> Answer {
    Answer::Error(404, "NotFound")
}

struct World {
    own: ScriptedStorage,
    second: ScriptedStorage,
    third: ScriptedStorage,
    signer: Signer,
    ticket: String,
}

impl World {
    /// An upload to the site `local`, beside `second` and `third`.
    async fn open(own: Answer, second: Answer, third: Answer, top: &'static str) -> Self {
        Self::of([own, second, third], Options { top, ..Options::default() }).await
    }

    async fn of([own, second, third]: [Answer; 3], options: Options) -> Self {
        let storage = async |head| ScriptedStorage::start(Script { head, ..Script::default() }).await;
        let (own, second, third) = (storage(own).await, storage(second).await, storage(third).await);
        let site = |id: &str, storage: &ScriptedStorage| {
            format!(
                "[[sites]]\nid = '{id}'\nregion = 'region-{id}'\nbucket = 'bucket-{id}'\ncredentials = 'environment'
                endpoint = 'http://{}'\n",
                storage.address
            )
        };
        let tables = site("second", &second) + &site("third", &third) + &options.tables;
        let signer = Signer::start(own.address, Options { tables, ..options }).await;
        let asked = nearput_api::OpenUploads {
            site: Some("local".to_owned()),
            by_access_point: false,
            files: vec![file(&bytes(SIZE), Plan::Put)],
        };
        let mut opened: nearput_api::OpenedUploads = signer.call(path::OPEN, &asked).await.json();
        let ticket = crate::world::done(opened.uploads.remove(0)).ticket;
        Self { own, second, third, signer, ticket }
    }

    async fn status(&self) -> UploadStatus {
        self.ask(None).await.json()
    }

    async fn ask(&self, checksum: Option<&str>) -> Reply {
        let asked = AskStatus { ticket: self.ticket.clone(), checksum: checksum.map(str::to_owned) };
        self.signer.call(path::STATUS, &asked).await
    }

    async fn metrics(&self) -> String {
        let authorization = format!("Bearer {METRICS_TOKEN}");
        let headers = [("authorization", authorization.as_str())];
        let reply = send("GET", &self.signer.url(path::METRICS), &headers, "").await;
        String::from_utf8(reply.body.to_vec()).expect("text")
    }

    async fn states(&self) -> Vec<(String, ReplicaState)> {
        self.status().await.replicas.into_iter().map(|replica| (replica.site, replica.state)).collect()
    }
}

fn both(second: ReplicaState, third: ReplicaState) -> Vec<(String, ReplicaState)> {
    vec![("second".to_owned(), second), ("third".to_owned(), third)]
}

#[tokio::test]
async fn each_copy_is_where_its_own_site_shows_it_and_a_failed_one_is_named() {
    let refused = || Answer::Error(403, "AccessDenied");
    let older = || head(Some("REPLICA"), &[("x-amz-version-id", "v0")]);
    let other = || head(None, &[("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")]);
    for (own, second, third, expected) in [
        ("PENDING", copy(), absent(), both(Completed, Pending)),
        ("PENDING", older(), other(), both(Pending, Pending)),
        ("PENDING", refused(), copy(), both(Pending, Completed)),
        ("COMPLETED", copy(), refused(), both(Completed, Completed)),
        ("COMPLETED", copy(), absent(), vec![("second".to_owned(), Completed)]),
        ("FAILED", copy(), absent(), both(Completed, Failed)),
        ("FAILED", refused(), absent(), both(Pending, Failed)),
        ("REPLICA", copy(), absent(), both(Completed, Pending)),
    ] {
        let world = World::open(head(Some(own), &[]), second, third, "").await;
        assert_eq!(world.states().await, expected, "{own}");
    }
}

#[tokio::test]
async fn an_object_that_is_not_copied_has_no_copies_and_no_other_site_is_asked() {
    let world = World::open(head(None, &[]), copy(), copy(), "").await;
    let status = world.status().await;
    assert!(status.exists && status.replicas.is_empty());
    assert_eq!((status.site.as_str(), world.own.asked_for("head").len()), ("local", 1));
    assert_eq!((world.second.asked(), world.third.asked()), (0, 0));
    for own in [absent(), head(Some("COMPLETED"), &[("content-length", "11")])] {
        let world = World::open(own, copy(), copy(), "").await;
        let status = world.status().await;
        assert!(!status.exists && status.replicas.is_empty() && status.download_url.is_none());
    }
}

#[tokio::test]
async fn a_copy_is_told_with_region_and_bucket_and_read_at_the_home_site_only_once_it_is_there() {
    for (second, reads_at) in [(absent(), "local"), (copy(), "second"), (Answer::Error(403, "AccessDenied"), "local")] {
        // The source says that all have it, and only the site itself is believed.
        let world = World::open(head(Some("COMPLETED"), &[]), second, copy(), "home = 'second'").await;
        let status = world.status().await;
        let at = if reads_at == "second" { &world.second } else { &world.own };
        let url = status.download_url.expect("it is there");
        assert!(url.starts_with(&format!("http://{}/", at.address)), "{url}");
        let third = status.replicas.last().expect("a copy");
        assert_eq!((third.region.as_str(), third.bucket.as_str()), ("region-third", "bucket-third"));
    }
}

#[tokio::test]
async fn the_state_is_told_to_whoever_may_use_the_ticket_and_to_nobody_else() {
    let world = World::open(head(Some("PENDING"), &[]), copy(), copy(), "allow_anonymous = true").await;
    let body = serde_json::to_vec(&AskStatus { ticket: world.ticket.clone(), checksum: None }).expect("JSON");
    let reply = send("POST", &world.signer.url(path::STATUS), &[], body).await;
    assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket));
    let reply = world.signer.call(path::STATUS, &AskStatus { ticket: "x".to_owned(), checksum: None }).await;
    assert_eq!(reply.error(), (403, ErrorCode::InvalidTicket));
}

#[tokio::test]
async fn an_object_that_may_be_anothers_is_shown_to_nobody_but_who_has_the_file() {
    let mine = checksum(&bytes(SIZE));
    for overwrite in [false, true] {
        let tables = format!("[[rules]]\naccess = 'shared'\nkey = 'shared/{{name}}'\noverwrite = {overwrite}\n");
        let options = || Options { tables: tables.clone(), ..Options::default() };
        let world = World::of([head(Some("PENDING"), &[]), copy(), copy()], options()).await;
        for wrong in [None, Some("x")] {
            assert_eq!(world.ask(wrong).await.error(), (400, ErrorCode::InvalidChecksum), "{wrong:?}");
        }
        assert_eq!(world.own.asked(), 0);
        let hidden = |status: UploadStatus| {
            assert!(!status.exists && status.replicas.is_empty() && status.download_url.is_none(), "{overwrite}");
        };
        hidden(world.ask(Some("AAAAAAAAAAA=")).await.json());
        assert_eq!(world.second.asked(), 0);
        let status: UploadStatus = world.ask(Some(&mine)).await.json();
        assert!(status.exists && status.replicas.len() == 2 && status.download_url.is_some(), "{overwrite}");

        // What nobody can tell apart is nobody's.
        let plain = Answer::Headers(vec![("content-length", SIZE.to_string()), ("etag", "\"e\"".to_owned())]);
        world.own.set_head(plain);
        hidden(world.ask(Some(&mine)).await.json());
        if overwrite {
            let site = "profile = { checksum = 'none' }".to_owned();
            let world = World::of([head(None, &[]), copy(), copy()], Options { site, ..options() }).await;
            assert_eq!(world.ask(Some(&mine)).await.error(), (502, ErrorCode::StorageRefused));
            assert_eq!(world.own.asked(), 0);
        }
    }
    // Keys with an id of their own have no other's.
    let world = World::open(head(None, &[]), absent(), absent(), "").await;
    assert!(world.status().await.exists && world.ask(Some(&mine)).await.json::<UploadStatus>().exists);
    assert!(!world.ask(Some("AAAAAAAAAAA=")).await.json::<UploadStatus>().exists);
}

#[tokio::test]
async fn a_failed_copy_is_counted_once_however_often_it_is_asked_for() {
    let world = World::open(head(Some("FAILED"), &[]), copy(), absent(), "").await;
    for _ in 0..3 {
        assert_eq!(world.states().await, both(Completed, Failed));
    }
    let text = world.metrics().await;
    assert!(text.contains(r#"nearput_replication_failures_total{site="third"} 1"#), "{text}");
    assert!(text.contains(r#"nearput_replication_failures_total{site="second"} 0"#), "{text}");
}

#[tokio::test]
async fn the_lag_of_a_copy_is_counted_once_when_it_is_there_that_was_not() {
    let world = World::open(head(Some("PENDING"), &[]), copy(), absent(), "").await;
    assert_eq!(world.states().await, both(Completed, Pending));
    world.own.set_head(head(Some("COMPLETED"), &[]));
    world.third.set_head(copy());
    for _ in 0..2 {
        assert_eq!(world.states().await, both(Completed, Completed));
    }
    let text = world.metrics().await;
    assert!(text.contains(r#"nearput_replication_lag_seconds_count{site="third"} 1"#), "{text}");
    assert!(!text.contains(r#"nearput_replication_lag_seconds_count{site="second"}"#), "nobody saw it come: {text}");
    assert!(
        !text.contains("nearput_replication_lag_seconds_sum{site=\"third\"} 0"),
        "since the object was stored: {text}"
    );
}
