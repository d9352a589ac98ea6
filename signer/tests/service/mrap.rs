//! Multi-Region Access Points: one more path, by which requests are signed with SigV4A.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac as _};
use nearput_api::{
    AbortUpload, CreatedUpload, ErrorCode, ListParts, OpenFile, OpenUploads, OpenedUpload, OpenedUploads, PartToSign,
    PathKind, Plan, ReplicaState, SignParts, SignedPart, Sites, path,
};
use p256::SecretKey;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::redis::Redis;
use crate::scripted::{Answer, Script, ScriptedStorage, list_xml};
use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};
use crate::world::{METRICS_TOKEN, PART, Signer, bytes, checksum, done, failed, file, to_complete};

const ALGORITHM: &str = "AWS4-ECDSA-P256-SHA256";

/// In front of a bucket of AWS, where `storage` stands in for what the signer itself does.
async fn signer(storage: &Storage) -> Signer {
    let config = format!(
        "listen = '127.0.0.1:0'\n[[sites]]\nid = 'local'\nregion = 'eu-west-1'\nbucket = '{BUCKET}'
        credentials = 'environment'\nmrap = 'mfzwi23gnjvgw.mrap'\ninternal_endpoint = 'http://{}'",
        storage.address
    );
    Signer::of(&config, SECRET_KEY, None).await
}

/// A signed address, taken apart.
struct Signed<'a> {
    host: &'a str,
    path: &'a str,
    query: BTreeMap<&'a str, &'a str>,
}

impl<'a> Signed<'a> {
    fn parse(url: &'a str) -> Self {
        let (host, rest) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')).expect("a host");
        let (_, query) = rest.split_once('?').expect("a query");
        let pair = |pair: &'a str| pair.split_once('=').unwrap_or((pair, ""));
        let path = &url["https://".len() + host.len()..url.len() - query.len() - 1];
        Self { host, path, query: query.split('&').map(pair).collect() }
    }

    /// What the storage makes of the request, from its own point of view.
    fn string_to_sign(&self, method: &str, headers: &BTreeMap<&str, &str>) -> String {
        let names: Vec<_> = self.query["X-Amz-SignedHeaders"].split("%3B").collect();
        let headers: String = names.iter().map(|name| format!("{name}:{}\n", headers[name])).collect();
        let signed = self.query.iter().filter(|(name, _)| **name != "X-Amz-Signature");
        let query = signed.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let request = format!("{method}\n{}\n{query}\n{headers}\n{}\nUNSIGNED-PAYLOAD", self.path, names.join(";"));
        let date = self.query["X-Amz-Date"];
        format!("{ALGORITHM}\n{date}\n{}/s3/aws4_request\n{}", &date[..8], hex(&Sha256::digest(request)))
    }

    fn is_good(&self, method: &str, headers: &BTreeMap<&str, &str>) -> bool {
        let signature = self.query["X-Amz-Signature"];
        let byte = |at| u8::from_str_radix(&signature[at..at + 2], 16).expect("hexadecimal");
        let signature: Vec<u8> = (0..signature.len()).step_by(2).map(byte).collect();
        let signature = Signature::from_der(&signature).expect("a signature");
        key().verify(self.string_to_sign(method, headers).as_bytes(), &signature).is_ok()
    }
}

/// The key that everybody derives from the credentials: one more than a hash (NIST SP 800-108, in counter mode) of their id.
fn key() -> VerifyingKey {
    let mut mac = Hmac::<Sha256>::new_from_slice(format!("AWS4A{SECRET_KEY}").as_bytes()).expect("any length");
    mac.update(&[0, 0, 0, 1]);
    mac.update(ALGORITHM.as_bytes());
    mac.update(&[0]);
    mac.update(ACCESS_KEY.as_bytes());
    mac.update(&[1, 0, 0, 1, 0]);
    let mut scalar = mac.finalize().into_bytes();
    for byte in scalar.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    VerifyingKey::from(SecretKey::from_bytes(&scalar).expect("below the order").public_key())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_put_by_an_access_point_is_signed_for_every_region_and_for_its_own_bytes() {
    let storage = Storage::start().await;
    let signer = signer(&storage).await;
    let sites: Sites = signer.call(path::SITES, &serde_json::json!({})).await.json();
    assert_eq!(sites.sites[0].paths.last().map(|path| path.kind), Some(PathKind::Mrap));

    let content = bytes(10);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let part = &opened.parts[0];
    let signed = Signed::parse(&part.urls["mrap"]);
    assert_eq!(signed.host, "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com");
    assert!(signed.path.ends_with("/photo_of_%C3%BC.jpg"), "{}", signed.path);
    assert_eq!(signed.query["X-Amz-Algorithm"], ALGORITHM);
    assert_eq!(signed.query["X-Amz-Region-Set"], "%2A");
    let scope = format!("{ACCESS_KEY}%2F{}%2Fs3%2Faws4_request", &signed.query["X-Amz-Date"][..8]);
    assert_eq!(signed.query["X-Amz-Credential"], scope);
    assert!(part.urls["regional"].contains("X-Amz-Algorithm=AWS4-HMAC-SHA256&"));

    let mut headers: BTreeMap<_, _> = part.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    headers.extend([("content-length", "10"), ("host", signed.host)]);
    assert!(signed.is_good("PUT", &headers) && !signed.is_good("POST", &headers));
    for name in headers.keys() {
        let mut other = headers.clone();
        other.insert(name, "11");
        assert!(!signed.is_good("PUT", &other), "another {name}");
    }
    for name in signed.query.keys().filter(|name| !["X-Amz-Signature", "X-Amz-SignedHeaders"].contains(name)) {
        let mut other = Signed::parse(&part.urls["mrap"]);
        other.query.insert(name, "20991231T000000Z");
        assert!(!other.is_good("PUT", &headers), "another {name}");
    }
}

#[tokio::test]
async fn what_belongs_to_one_bucket_does_not_go_by_an_access_point() {
    let storage = Storage::start().await;
    let signer = signer(&storage).await;
    for plan in [Plan::Form, Plan::Multipart { part_size: PART }] {
        let opened = signer.open(file(&bytes(PART + 1), plan)).await;
        for part in &opened.parts {
            let names: Vec<_> = part.urls.keys().map(String::as_str).collect();
            assert_eq!(names, ["dualstack", "path-style", "path-style-dualstack", "regional"], "{plan:?}");
        }
    }
}

const MULTIPART: Plan = Plan::Multipart { part_size: PART };

/// What a storage answers to ListParts.
type List = fn(&str) -> Answer;

/// Two buckets behind one access point, with storages that answer by script.
struct World {
    first: ScriptedStorage,
    second: ScriptedStorage,
    signer: Signer,
}

fn not_there(_: &str) -> Answer {
    Answer::Error(404, "NoSuchUpload")
}

fn there(_: &str) -> Answer {
    list_xml(&[], None)
}

fn down(_: &str) -> Answer {
    Answer::Error(400, "Refused")
}

impl World {
    async fn start(first: List, second: List, further: &str) -> Self {
        let storage = async |list| ScriptedStorage::start(Script { list, ..Script::default() }).await;
        let (first, second) = (storage(first).await, storage(second).await);
        let site = |id: &str, region: &str, storage: &ScriptedStorage| {
            format!(
                "[[sites]]\nid = '{id}'\nregion = '{region}'\nbucket = 'bucket-{id}'\ncredentials = 'environment'
                mrap = 'mfzwi23gnjvgw.mrap'\ninternal_endpoint = 'http://{}'\n",
                storage.address
            )
        };
        let sites = site("local", "eu-west-1", &first) + &site("second", "us-east-1", &second);
        let config = format!(
            "listen = '127.0.0.1:0'\ntopology = 'mrap'\n{sites}
            [[rules]]\naccess = 'private'\nkey = '{{sub}}/{{uuid}}/{{name}}'\ntags = {{ who = '{{sub}}' }}
            cache_control = 'private'\nstorage_class = 'STANDARD_IA'\nencryption = 'sse-kms'\nkms_key_id = 'alias/a'\n{further}"
        );
        Self { first, second, signer: Signer::of(&config, SECRET_KEY, Some(METRICS_TOKEN)).await }
    }

    async fn open(&self) -> OpenedUpload {
        let files = vec![file(&bytes(PART + 1), MULTIPART)];
        let asked = OpenUploads { site: Some("local".to_owned()), by_access_point: true, files };
        let mut opened: OpenedUploads = self.signer.call(path::OPEN, &asked).await.json();
        done(opened.uploads.remove(0))
    }

    async fn created(&self, ticket: &str, upload_id: &str) -> crate::client::Reply {
        let part = PartToSign { number: 1, checksum: Some("AAAAAAAAAAA=".to_owned()) };
        let asked = CreatedUpload { ticket: ticket.to_owned(), upload_id: upload_id.to_owned(), parts: vec![part] };
        self.signer.call(path::CREATED, &asked).await
    }
}

fn headers(part: &SignedPart) -> BTreeMap<&str, &str> {
    part.headers.iter().map(|(name, value)| (&**name, &**value)).collect()
}

#[tokio::test]
async fn create_is_signed_with_all_that_the_signers_own_would_have() {
    let world = World::start(there, not_there, "").await;
    let sites: Sites = world.signer.call(path::SITES, &json!({})).await.json();
    assert!(sites.sites.iter().all(|site| site.access_point));

    let opened = world.open().await;
    assert_eq!((world.first.asked(), world.second.asked()), (0, 0), "nobody was asked for it");
    assert!(opened.parts.is_empty());
    let create = opened.create.expect("to be sent by the browser");
    assert_eq!(
        (create.method.as_str(), create.urls.keys().map(String::as_str).collect::<Vec<_>>()),
        ("POST", vec!["mrap"])
    );
    let signed = Signed::parse(&create.urls["mrap"]);
    assert_eq!(signed.host, "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com");
    assert_eq!(signed.query["uploads"], "");
    let expected = [
        ("cache-control", "private"),
        ("content-disposition", "attachment; filename*=UTF-8''photo%20of%20%C3%BC.jpg"),
        ("content-type", "image/jpeg"),
        ("x-amz-checksum-algorithm", "CRC64NVME"),
        ("x-amz-checksum-type", "FULL_OBJECT"),
        ("x-amz-meta-album", "summer"),
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "alias/a"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-tagging", "who=developer"),
    ];
    assert_eq!(headers(&create).into_iter().collect::<Vec<_>>(), expected);

    let mut sent = headers(&create);
    sent.insert("host", signed.host);
    assert!(signed.is_good("POST", &sent) && !signed.is_good("PUT", &sent));
    for name in sent.keys() {
        let mut other = sent.clone();
        other.insert(name, "other");
        assert!(!signed.is_good("POST", &other), "another {name}");
    }

    // The signer's own, of the same file, says the same.
    let files = vec![file(&bytes(PART + 1), MULTIPART)];
    let asked = OpenUploads { site: Some("local".to_owned()), by_access_point: false, files };
    let mut own: OpenedUploads = world.signer.call(path::OPEN, &asked).await.json();
    let own = done(own.uploads.remove(0));
    assert!(own.create.is_none() && !own.parts[0].urls.contains_key("mrap"));
    let own = &world.first.asked_for("create")[0].headers;
    let is_of_the_object =
        |name: &&str| expected.iter().any(|(known, _)| known == name) || name.starts_with("x-amz-meta-");
    let own: Vec<_> = own.keys().map(http::HeaderName::as_str).filter(is_of_the_object).collect();
    assert_eq!(own.len(), expected.len(), "{own:?}");
}

#[tokio::test]
async fn an_upload_that_the_browser_has_created_goes_on_at_the_site_that_has_it() {
    for (first, second, at) in [(not_there as List, there as List, "second"), (there, not_there, "local")] {
        let world = World::start(first, second, "").await;
        let opened = world.open().await;
        let reply: OpenedUploads = world.created(&opened.ticket, "the/upload+id").await.json();
        let repeated: OpenedUploads = world.created(&opened.ticket, "the/upload+id").await.json();
        let [going_on, again] = [reply, repeated].map(|mut reply| done(reply.uploads.remove(0)));
        assert_eq!((going_on.site.as_str(), &going_on.key, going_on.plan), (at, &opened.key, opened.plan));
        assert_eq!((again.site, again.create), (at.to_owned(), None));

        let part = &going_on.parts[0];
        let paths: Vec<_> = part.urls.keys().map(String::as_str).collect();
        assert_eq!(paths, ["dualstack", "mrap", "path-style", "path-style-dualstack", "regional"]);
        assert!(part.urls["regional"].starts_with(&format!("https://bucket-{at}.s3.")), "{}", part.urls["regional"]);
        let signed = Signed::parse(&part.urls["mrap"]);
        assert_eq!((signed.query["partNumber"], signed.query["uploadId"]), ("1", "the%2Fupload%2Bid"));
        let mut sent = headers(part);
        let size = PART.to_string();
        sent.extend([("host", signed.host), ("content-length", size.as_str())]);
        assert!(signed.is_good("PUT", &sent));

        // From here on it is an upload like any other.
        let ticket = going_on.ticket.clone();
        let listed = world.signer.call(path::PARTS, &ListParts { ticket: ticket.clone() }).await;
        assert_eq!(listed.status, 200);
        let etags = vec![Some("e1".to_owned()), Some("e2".to_owned())];
        let outcome = world.signer.complete(to_complete(&going_on, &bytes(PART + 1), etags)).await;
        assert_eq!(failed(outcome), ErrorCode::UploadIncomplete, "the script has no object");
        let storage = if at == "second" { &world.second } else { &world.first };
        assert_eq!(storage.asked_for("complete").len(), 1);
        let twice = world.created(&ticket, "the/upload+id").await;
        assert_eq!(twice.error(), (403, ErrorCode::InvalidTicket));
    }
}

#[tokio::test]
async fn only_an_upload_of_the_tickets_own_key_is_gone_on_with() {
    for (first, second, expected) in [
        (not_there as List, not_there as List, (404, ErrorCode::UploadNotFound)),
        // It may be where nobody could be asked.
        (not_there, down, (502, ErrorCode::StorageRefused)),
        (of_another_key, not_there, (404, ErrorCode::UploadNotFound)),
    ] {
        let world = World::start(first, second, "").await;
        let opened = world.open().await;
        assert_eq!(world.created(&opened.ticket, "id").await.error(), expected);
    }
    let world = World::start(there, there, "").await;
    let opened = world.open().await;
    for wrong in ["", "a b", "a&x=y", "../x?", "a\r\nb", &"x".repeat(1025)] {
        assert_eq!(world.created(&opened.ticket, wrong).await.error(), (400, ErrorCode::InvalidRequest), "{wrong}");
    }
    assert_eq!((world.first.asked(), world.second.asked()), (0, 0));
}

fn of_another_key(_: &str) -> Answer {
    Answer::Xml("<ListPartsResult><Key>private/you/a.txt</Key><UploadId>id</UploadId></ListPartsResult>".to_owned())
}

#[tokio::test]
async fn a_ticket_that_awaits_its_creation_is_good_for_nothing_else() {
    let world = World::start(there, there, "").await;
    let OpenedUpload { ticket, .. } = world.open().await;
    let lost = (404, ErrorCode::UploadNotFound);
    let part = PartToSign { number: 1, checksum: Some("AAAAAAAAAAA=".to_owned()) };
    let signed = world.signer.call(path::SIGN, &SignParts { ticket: ticket.clone(), parts: vec![part] }).await;
    assert_eq!(signed.error(), lost);
    assert_eq!(world.signer.call(path::PARTS, &ListParts { ticket: ticket.clone() }).await.error(), lost);
    assert_eq!(world.signer.call(path::CREDENTIALS, &json!({ "ticket": ticket })).await.error(), lost);
    let complete = json!({ "uploads": [{ "ticket": ticket, "checksum": "AAAAAAAAAAA=" }] });
    let reply: nearput_api::CompletedUploads = world.signer.call(path::COMPLETE, &complete).await.json();
    assert_eq!(failed(reply.uploads.into_iter().next().expect("one")), ErrorCode::UploadNotFound);
    assert_eq!((world.first.asked(), world.second.asked()), (0, 0));
    assert_eq!(world.signer.call(path::ABORT, &AbortUpload { ticket }).await.status, 200);

    // Of an ordinary upload's ticket nothing is created.
    let ordinary = world.signer.open(file(&bytes(1), MULTIPART)).await;
    assert_eq!(world.created(&ordinary.ticket, "id").await.error(), (403, ErrorCode::InvalidTicket));
}

#[tokio::test]
async fn nobody_whom_a_residency_pins_goes_by_an_access_point() {
    // Behind it may be buckets of which the signer knows nothing, so it does not matter which sites are left.
    for left in ["'local'", "'local', 'second'"] {
        let world = World::start(there, there, &format!("[[residency]]\nsites = [{left}]\n")).await;
        let sites: Sites = world.signer.call(path::SITES, &json!({})).await.json();
        let is_led = |site: &nearput_api::Site| site.paths.iter().any(|path| path.kind == PathKind::Mrap);
        assert!(sites.sites.iter().all(|site| !site.access_point && !is_led(site)), "{left}");
        let open = async |plan: Plan| {
            let files = vec![OpenFile { ..file(&bytes(10), plan) }];
            let asked = OpenUploads { site: None, by_access_point: true, files };
            let mut opened: OpenedUploads = world.signer.call(path::OPEN, &asked).await.json();
            opened.uploads.remove(0)
        };
        assert_eq!(failed(open(MULTIPART).await), ErrorCode::InvalidPlan);
        let put = done(open(Plan::Put).await);
        assert!(!put.parts[0].urls.contains_key("mrap"), "it could be stored elsewhere");
    }
}

#[tokio::test]
async fn what_awaits_its_creation_counts_nothing_and_each_upload_that_comes_of_it_counts_once() {
    let redis = [Redis::start().await, Redis::start().await];
    let shared = |redis: &Redis| format!("[limits.redis]\nurl = '{}'\n", redis.url());
    let stores = [[String::new(), String::new()], [shared(&redis[0]), shared(&redis[1])]];
    for [one, other] in stores {
        counts_once(&format!("[limits]\nopen_uploads = 1\n{one}"), 200).await;
        counts_once(&format!("[limits.daily]\nuploads = 1\n{other}"), 429).await;
    }
}

async fn counts_once(limits: &str, once_given_up: u16) {
    let world = World::start(there, not_there, limits).await;
    let opened = world.open().await;
    world.open().await;
    let mut created: OpenedUploads = world.created(&opened.ticket, "one").await.json();
    let ticket = done(created.uploads.remove(0)).ticket;
    assert_eq!(world.created(&opened.ticket, "one").await.status, 200, "repeated, it is the same one");
    assert_eq!(world.first.asked_for("abort").len(), 0);
    assert_eq!(world.created(&opened.ticket, "other").await.error(), (429, ErrorCode::QuotaExceeded));
    assert_eq!(world.first.asked_for("abort").len(), 1, "what is too much is not left there");

    assert_eq!(world.signer.call(path::ABORT, &AbortUpload { ticket }).await.status, 200);
    assert_eq!((world.first.asked_for("abort").len(), world.second.asked_for("abort").len()), (2, 0));
    let third = world.created(&opened.ticket, "third").await;
    assert_eq!(third.status, once_given_up, "{limits}");
}

#[tokio::test]
async fn an_upload_that_is_too_much_is_refused_also_where_it_cannot_be_taken_away() {
    let world = World::start(there, not_there, "[limits.daily]\nbytes = 1\n").await;
    let opened = world.open().await;
    world.first.set_abort(Answer::Error(403, "AccessDenied"));
    assert_eq!(world.created(&opened.ticket, "id").await.error(), (429, ErrorCode::QuotaExceeded));
    assert_eq!(world.first.asked_for("abort").len(), 1);
}

#[tokio::test]
async fn a_file_that_an_access_point_took_elsewhere_is_found_there() {
    let world = World::start(not_there, not_there, "").await;
    let content = bytes(10);
    let opened = world.signer.open(file(&content, Plan::Put)).await;
    let complete = async || world.signer.complete(to_complete(&opened, &content, Vec::new())).await;
    assert_eq!(failed(complete().await), ErrorCode::UploadIncomplete);
    let object = |status: &str| {
        Answer::Headers(vec![
            ("content-length", "10".to_owned()),
            ("etag", "\"e\"".to_owned()),
            ("x-amz-checksum-crc64nvme", checksum(&content)),
            ("x-amz-replication-status", status.to_owned()),
        ])
    };
    world.second.set_head(Answer::Error(403, "AccessDenied"));
    assert_eq!(failed(complete().await), ErrorCode::StorageRefused, "it may be there");

    world.second.set_head(object("PENDING"));
    let completed = done(complete().await);
    assert_eq!((completed.site.as_str(), completed.region.as_str()), ("second", "us-east-1"));
    assert!(completed.download_url.starts_with("https://bucket-second.s3.us-east-1."), "{}", completed.download_url);
    let status = async || {
        let asked = nearput_api::AskStatus { ticket: opened.ticket.clone(), checksum: None };
        let status: nearput_api::UploadStatus = world.signer.call(path::STATUS, &asked).await.json();
        let replicas: Vec<_> = status.replicas.into_iter().map(|replica| (replica.site, replica.state)).collect();
        (status.site, replicas)
    };
    let copy = |site: &str, state| (site.to_owned(), state);
    assert_eq!(status().await, ("second".to_owned(), vec![copy("local", ReplicaState::Pending)]));
    world.first.set_head(object("REPLICA"));
    assert_eq!(status().await, ("local".to_owned(), vec![copy("second", ReplicaState::Completed)]));
}
