//! A file by one presigned PUT.

use std::time::Duration;

use nearput_api::Plan;
use nearput_tests::client::Request;

use crate::attempts::{
    Attempt, Exception, Watched, refuse_all, with_another_body, with_another_length, with_another_target,
    with_each_bit_of_the_signature, with_each_header_changed, with_each_parameter_changed, with_further_headers,
};
use crate::garage::{BUCKET, Garage};
use crate::signer::{Signer, bytes, checksum, file, request, to_complete};

/// Every `x-amz-*` header must be signed, and S3 takes others as they come:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.
const AS_S3: &str = "as S3 does: only x-amz-* headers must be signed";

#[tokio::test]
async fn a_put_is_stored_as_it_was_signed_and_no_changed_one_is() {
    let garage = Garage::start().await;
    let signer = Signer::before(&garage, "").await;
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let good = request(&opened.parts[0], &content);

    let mut attempts = with_another_target(&good);
    attempts.extend(with_each_parameter_changed(&good));
    attempts.extend(with_each_header_changed(&good));
    attempts.extend(with_further_headers(
        &good,
        &[
            ("cache-control", "public, max-age=31536000"),
            ("content-encoding", "gzip"),
            ("x-amz-acl", "public-read"),
            ("x-amz-copy-source", "/uploads/another"),
            ("x-amz-meta-further", "1"),
            ("x-amz-object-lock-mode", "COMPLIANCE"),
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-tagging", "a=b"),
            ("x-amz-website-redirect-location", "https://elsewhere.example"),
        ],
    ));
    attempts.extend(with_another_body(&good));
    attempts.extend(with_each_bit_of_the_signature(&good));
    let exceptions = [
        Exception { what: "cache-control: added", reason: AS_S3 },
        Exception { what: "content-encoding: added", reason: AS_S3 },
    ];
    refuse_all(&garage, "A signed PUT, changed", attempts, &Watched::Objects, &exceptions).await;

    assert_eq!(good.send().await.status, 200);
    let completed = signer.complete(to_complete(&opened, &content)).await.expect("it is there");
    assert_eq!((completed.size, completed.checksum), (1000, Some(checksum(&content))));
    let stored = garage.client.get_object().bucket(BUCKET).key(&opened.key).send().await.expect("it is there");
    assert_eq!(stored.content_type(), Some("image/jpeg"));
    assert_eq!(stored.content_disposition(), Some("attachment; filename*=UTF-8''photo%20of%20%C3%BC.jpg"));
    assert_eq!(stored.metadata().and_then(|metadata| metadata.get("album")).map(String::as_str), Some("summer"));
    assert_eq!(stored.body.collect().await.expect("a body").to_vec(), content);

    let download = Request {
        method: "GET".to_owned(),
        url: completed.download_url,
        headers: Default::default(),
        body: Vec::new(),
    };
    assert_eq!(download.send().await.body, content);
}

/// A checksum holds the length down as well, so here there is none.
#[tokio::test]
async fn the_length_is_held_down_by_itself() {
    let garage = Garage::start().await;
    let signer = Signer::with_profile(&garage, "", "checksum = 'none', form = false").await;
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let good = request(&opened.parts[0], &content);
    let exceptions = [Exception { what: "body: one bit", reason: "nothing was signed of it but its length" }];
    let mut attempts = with_another_length(&good);
    attempts.push(Attempt::new("body: one bit", &good, |request| request.body[0] ^= 1));
    refuse_all(&garage, "A signed PUT without a checksum, changed", attempts, &Watched::Objects, &exceptions).await;
    assert_eq!(good.send().await.status, 200);
}

/// So its profile must say that it knows no conditional writes.
#[tokio::test]
async fn garage_replaces_an_object_although_it_is_told_not_to() {
    let garage = Garage::start().await;
    let site = format!("region = 'us-east-1'\nbucket = '{BUCKET}'\nendpoint = 'http://{}'", garage.address);
    let signer = Signer::of("", &site).await.expect("a signer");
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let good = request(&opened.parts[0], &content);
    assert_eq!(good.headers["if-none-match"], "*");
    for _ in 0..2 {
        assert_eq!(good.send().await.status, 200);
    }
}

#[tokio::test]
async fn a_put_that_has_expired_is_refused() {
    let garage = Garage::start().await;
    let signer = Signer::before(&garage, "signing.expires = '1s'").await;
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let good = request(&opened.parts[0], &content);
    // Times are in whole seconds.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let late = vec![Attempt { what: "a second after its end".to_owned(), request: good }];
    refuse_all(&garage, "A signed PUT, late", late, &Watched::Objects, &[]).await;
}

#[tokio::test]
async fn what_a_rule_says_of_an_object_is_held_down_as_well() {
    let garage = Garage::start().await;
    let rule = "[[rules]]\naccess = 'files'\nkey = 'files/{sub}/{name}'\noverwrite = false\ncache_control = 'no-cache'
        tags = { kind = 'file' }\nstorage_class = 'STANDARD'";
    let signer = Signer::before(&garage, rule).await;
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Put)).await;
    let good = request(&opened.parts[0], &content);
    for name in ["cache-control", "if-none-match", "x-amz-storage-class", "x-amz-tagging"] {
        assert!(good.headers.contains_key(name), "{name} is signed");
    }
    let attempts = with_each_header_changed(&good);
    refuse_all(&garage, "A signed PUT by a rule, changed", attempts, &Watched::Objects, &[]).await;
    assert_eq!(good.send().await.status, 200);
    // Garage does not look at the condition, where S3 answers 412: its profile must say `conditional_writes = false`.
    assert_eq!(good.send().await.status, 200);
}
