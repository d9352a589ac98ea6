//! A file by a presigned POST.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nearput_api::{ErrorCode, Plan};
use nearput_tests::client::Request;

use crate::attempts::{Attempt, Exception, Watched, changed, other_digit, refuse_all};
use crate::garage::{BUCKET, Garage};
use crate::signer::{Signer, bytes, file, to_complete};

#[tokio::test]
async fn a_form_is_stored_as_it_was_signed_and_no_changed_one_is() {
    let garage = Garage::start().await;
    let signer = Signer::before(&garage, "").await;
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Form)).await;
    let part = &opened.parts[0];
    let url = &part.urls["custom"];
    let attempt = |what: String, fields: &BTreeMap<String, String>, content: &[u8]| Attempt {
        what,
        request: Request::form(url, fields, content),
    };

    let mut attempts = Vec::new();
    for (name, value) in &part.fields {
        let mut fields = part.fields.clone();
        fields.insert(name.clone(), changed(value));
        attempts.push(attempt(format!("{name}: another"), &fields, &content));
        fields.remove(name);
        attempts.push(attempt(format!("{name}: none"), &fields, &content));
    }
    for (name, value) in [
        ("acl", "public-read"),
        ("Cache-Control", "public"),
        ("Content-Encoding", "gzip"),
        ("success_action_redirect", "https://elsewhere.example"),
        ("tagging", "<Tagging/>"),
        ("x-amz-meta-further", "1"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-website-redirect-location", "https://elsewhere.example"),
    ] {
        let mut fields = part.fields.clone();
        fields.insert(name.to_owned(), value.to_owned());
        attempts.push(attempt(format!("{name}: added"), &fields, &content));
    }
    let longer = [&content[..], b"x"].concat();
    for (what, file) in [("one byte more", &longer[..]), ("one byte less", &content[1..]), ("none", &[])] {
        attempts.push(attempt(format!("file: {what}"), &part.fields, file));
    }
    for (what, policy) in policies(&part.fields["policy"]) {
        let mut fields = part.fields.clone();
        fields.insert("policy".to_owned(), policy);
        attempts.push(attempt(what, &fields, &content));
    }
    for at in 0..64 {
        let mut fields = part.fields.clone();
        let signature = fields.get_mut("x-amz-signature").expect("signed");
        let digit = other_digit(&signature[at..=at], at);
        signature.replace_range(at..=at, &digit);
        attempts.push(attempt("signature: one bit, at each of 64 places".to_owned(), &fields, &content));
    }
    let exceptions: [Exception; 0] = [];
    refuse_all(&garage, "A signed form, changed", attempts, &Watched::Objects, &exceptions).await;

    let reply = Request::form(url, &part.fields, &content).send().await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    let stored = garage.client.get_object().bucket(BUCKET).key(&opened.key).send().await.expect("it is there");
    assert_eq!(stored.content_type(), Some("image/jpeg"));
    assert_eq!(stored.body.collect().await.expect("a body").to_vec(), content);

    // Garage computes no checksum by itself: what a form has stored cannot be confirmed, and its profile must say `form = false`.
    let completed = signer.complete(to_complete(&opened, &content)).await;
    assert_eq!(completed.expect_err("nothing confirms it"), ErrorCode::StorageRefused);
}

/// The policy with one bit changed in each of its letters, and one that allows everything.
fn policies(signed: &str) -> Vec<(String, String)> {
    let policy = BASE64_STANDARD.decode(signed).expect("base64");
    let bits = (0..policy.len()).step_by(8).map(|at| {
        let mut other = policy.clone();
        other[at] ^= 1 << (at % 7);
        ("policy: one bit, in every eighth letter".to_owned(), BASE64_STANDARD.encode(other))
    });
    let everything = r#"{"expiration":"2099-01-01T00:00:00Z","conditions":[["starts-with","$key",""]]}"#;
    bits.chain([("policy: one that allows everything".to_owned(), BASE64_STANDARD.encode(everything))]).collect()
}

#[tokio::test]
async fn a_form_that_has_expired_is_refused() {
    let garage = Garage::start().await;
    let signer = Signer::before(&garage, "signing.expires = '1s'").await;
    let content = bytes(1000);
    let opened = signer.open(file(&content, Plan::Form)).await;
    // Times are in whole seconds.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let part = &opened.parts[0];
    let request = Request::form(&part.urls["custom"], &part.fields, &content);
    let late = vec![Attempt { what: "a second after its end".to_owned(), request }];
    refuse_all(&garage, "A signed form, late", late, &Watched::Objects, &[]).await;
}
