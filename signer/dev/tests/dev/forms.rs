//! What a posted form is promised, and who may post one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::ChecksumMode;
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nearput_dev::Session;
use serde_json::{Value, json};

use crate::bucket::{BUCKET, Bucket, PAGE, crc64nvme, noise};
use crate::raw::{Reply, Request, send};

const BOUNDARY: &str = "----the-boundary";

/// A form as a client has made it.
struct Form {
    access_key: &'static str,
    secret_key: &'static str,
    begin: SystemTime,
    /// Of the policy, from its beginning on.
    lifetime: Duration,
    /// Beside those that name the signature.
    conditions: Vec<Value>,
    fields: Vec<(&'static str, String)>,
}

impl Form {
    /// For `key`, exactly this size, and nothing else.
    fn new(key: &'static str, size: usize) -> Self {
        Self {
            access_key: "test-key",
            secret_key: "test-secret",
            begin: SystemTime::now(),
            lifetime: Duration::from_secs(60),
            conditions: vec![
                json!({ "bucket": BUCKET }),
                json!(["eq", "$key", key]),
                json!(["content-length-range", size, size]),
            ],
            fields: vec![("key", key.to_owned())],
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.conditions.push(json!({ name: value }));
        self.fields.push((name, value.to_owned()));
        self
    }

    fn signed(&self) -> Result<BTreeMap<String, String>> {
        let now = DateTime::from(self.begin).fmt(DateTimeFormat::DateTime)?;
        let now = format!("{}Z", now[..19].replace(['-', ':'], ""));
        let expiration = DateTime::from(self.begin + self.lifetime).fmt(DateTimeFormat::DateTime)?;
        let credential = format!("{}/{}/us-east-1/s3/aws4_request", self.access_key, &now[..8]);
        let mut fields: BTreeMap<_, _> =
            self.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut conditions = self.conditions.clone();
        for (name, value) in
            [("x-amz-algorithm", "AWS4-HMAC-SHA256"), ("x-amz-credential", &credential), ("x-amz-date", &now)]
        {
            conditions.push(json!({ name: value }));
            fields.insert(name.to_owned(), value.to_owned());
        }
        let policy = json!({ "expiration": expiration, "conditions": conditions }).to_string();
        let policy = BASE64_STANDARD.encode(policy);
        let key = v4::generate_signing_key(self.secret_key, self.begin, "us-east-1", "s3");
        fields.insert("x-amz-signature".to_owned(), v4::calculate_signature(key, policy.as_bytes()));
        fields.insert("policy".to_owned(), policy);
        Ok(fields)
    }

    async fn post(&self, bucket: &Bucket, bytes: &[u8]) -> Result<Reply> {
        post(bucket.server.addr(), pairs(&self.signed()?), bytes).await
    }
}

fn pairs(fields: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Posts a form as a browser does.
pub(crate) async fn post(
    address: SocketAddr,
    fields: impl Iterator<Item = (&str, &str)>,
    bytes: &[u8],
) -> Result<Reply> {
    post_to(address, BUCKET, fields, bytes).await
}

/// Posts a form to a bucket of another name.
pub(crate) async fn post_to(
    address: SocketAddr,
    bucket: &str,
    fields: impl Iterator<Item = (&str, &str)>,
    bytes: &[u8],
) -> Result<Reply> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let field = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    let file = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n");
    body.extend_from_slice(file.as_bytes());
    body.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let headers = vec![
        ("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")),
        ("origin".to_owned(), PAGE.to_owned()),
    ];
    send(address, Request { method: "POST", path: &format!("/{bucket}"), headers, body: &body }).await
}

#[tokio::test]
async fn a_posted_form_becomes_the_object_with_a_checksum_of_the_storages_own() -> Result<()> {
    let bucket = Bucket::start().await?;
    for size in [0, 1, 300_000, 25 << 20] {
        let bytes = noise(size, 5);
        let form = Form::new("public/ü 100%.png", size)
            .with("Content-Type", "image/png")
            .with("Content-Disposition", "attachment")
            .with("x-amz-meta-camera", "old");
        let reply = form.post(&bucket, &bytes).await?;
        assert_eq!((reply.status, reply.code()), (204, "nothing went wrong"));
        assert_eq!(reply.header("access-control-allow-origin"), PAGE);

        let head = bucket.client.head_object().bucket(BUCKET).key("public/ü 100%.png");
        let head = head.checksum_mode(ChecksumMode::Enabled).send().await?;
        assert_eq!(head.content_length(), Some(size as i64));
        assert_eq!(head.checksum_crc64_nvme(), Some(crc64nvme(&bytes).as_str()));
        assert_eq!(head.content_type(), Some("image/png"));
        assert_eq!(head.content_disposition(), Some("attachment"));
        assert_eq!(head.metadata().and_then(|all| all.get("camera")).map(String::as_str), Some("old"));
    }
    Ok(())
}

#[tokio::test]
async fn a_form_that_its_policy_does_not_allow_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let prefixed = |key: &str| {
        let mut form = Form::new("public/", 4);
        form.conditions[1] = json!(["starts-with", "$key", "public/"]);
        form.fields[0].1 = key.to_owned();
        form
    };
    prefixed("public/mine").post(&bucket, b"four").await?;
    assert!(bucket.server.object(BUCKET, "public/mine").is_some());

    let mut other_key = Form::new("key", 4);
    other_key.fields[0].1 = "another".to_owned();
    let mut other_bucket = Form::new("key", 4);
    other_bucket.conditions[0] = json!({ "bucket": "elsewhere" });
    let mut unnamed = Form::new("key", 4);
    unnamed.fields.push(("x-amz-meta-a", "b".to_owned()));
    for (form, bytes, code) in [
        (other_key, &b"four"[..], "InvalidPolicyDocument"),
        (other_bucket, b"four", "InvalidPolicyDocument"),
        (prefixed("private/yours"), b"four", "InvalidPolicyDocument"),
        (unnamed, b"four", "AccessDenied"),
        (Form::new("key", 4), b"three", "EntityTooLarge"),
        (Form::new("key", 4), b"two", "EntityTooSmall"),
    ] {
        assert_eq!(form.post(&bucket, bytes).await?.code(), code);
    }
    assert_eq!(bucket.server.object(BUCKET, "key"), None);
    Ok(())
}

#[tokio::test]
async fn a_form_without_a_signature_that_is_good_now_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let wrong = Form { secret_key: "another-secret", ..Form::new("key", 4) };
    assert_eq!(wrong.post(&bucket, b"four").await?.code(), "SignatureDoesNotMatch");
    let expired = Form { begin: SystemTime::now() - Duration::from_secs(61), ..Form::new("key", 4) };
    let reply = expired.post(&bucket, b"four").await?;
    assert_eq!((reply.status, reply.code()), (403, "AccessDenied"));
    assert!(reply.body.contains("Request has expired"), "{}", reply.body);
    assert_eq!(reply.header("access-control-allow-origin"), PAGE);

    for missing in ["x-amz-signature", "policy"] {
        let mut fields = Form::new("key", 4).signed()?;
        fields.remove(missing);
        let reply = post(bucket.server.addr(), pairs(&fields), b"four").await?;
        assert!(matches!(reply.status, 400 | 403), "without {missing}: {}", reply.status);
    }
    assert_eq!(bucket.server.object(BUCKET, "key"), None);
    Ok(())
}

#[tokio::test]
async fn temporary_credentials_post_forms_with_their_token_until_they_end() -> Result<()> {
    let bucket = Bucket::start().await?;
    let session = |expires_at| Session {
        access_key: "temporary".to_owned(),
        secret_key: "secret".to_owned(),
        token: "the/token==".to_owned(),
        expires_at,
        may_put: None,
    };
    let form = || Form { access_key: "temporary", secret_key: "secret", ..Form::new("key", 4) };
    let with_token = |token: &str| form().with("x-amz-security-token", token);
    assert_eq!(with_token("the/token==").post(&bucket, b"four").await?.code(), "InvalidAccessKeyId");

    bucket.server.sessions().add(session(SystemTime::now() + Duration::from_secs(60)));
    assert_eq!(form().post(&bucket, b"four").await?.code(), "InvalidToken");
    assert_eq!(with_token("another").post(&bucket, b"four").await?.code(), "InvalidToken");
    let permanent = Form::new("key", 4).with("x-amz-security-token", "the/token==");
    assert_eq!(permanent.post(&bucket, b"four").await?.code(), "InvalidToken");
    assert_eq!(bucket.server.object(BUCKET, "key"), None);
    assert_eq!(with_token("the/token==").post(&bucket, b"four").await?.status, 204);

    bucket.server.sessions().add(session(SystemTime::now()));
    assert_eq!(with_token("the/token==").post(&bucket, b"four").await?.code(), "ExpiredToken");
    Ok(())
}
