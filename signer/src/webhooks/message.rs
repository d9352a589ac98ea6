//! What a receiver is sent: `{"type": "upload.completed", "timestamp": …, "data": {…}}`, with its id and its signatures.

use std::time::SystemTime;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use nearput_api::CompletedUpload;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::clock::unix_seconds;

/// A message, the same however often it is sent.
pub(super) struct Message {
    /// By which a receiver knows that it has had the message before.
    pub(super) id: String,
    pub(super) body: String,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    site: &'a str,
    region: &'a str,
    bucket: &'a str,
    key: &'a str,
    size: u64,
    etag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<&'a str>,
    /// Whose upload it is; none for an anonymous caller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
}

impl Message {
    pub(super) fn completed(upload: &CompletedUpload, subject: Option<&str>, now: SystemTime) -> Self {
        let version_id = upload.version_id.as_deref();
        let checksum = upload.checksum.as_deref();
        let (site, bucket, key, etag) = (&*upload.site, &*upload.bucket, &*upload.key, &*upload.etag);
        let data =
            Data { site, region: &upload.region, bucket, key, size: upload.size, etag, version_id, checksum, subject };
        let timestamp = DateTime::from(now).fmt(DateTimeFormat::DateTime).expect("now has a date");
        let body = serde_json::to_string(&Body { r#type: "upload.completed", timestamp, data });
        let mut hash = Sha256::new();
        for part in [site, bucket, key, etag, version_id.unwrap_or_default()] {
            hash.update(part);
            hash.update([0]);
        }
        let id = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self { id: format!("upload_{id}"), body: body.expect("strings and numbers are JSON") }
    }

    /// The signature is one of the id, the time and the body, by each secret.
    pub(super) fn headers(&self, secrets: &[Vec<u8>], now: SystemTime) -> [(&'static str, String); 4] {
        let timestamp = unix_seconds(now).to_string();
        let sign = |secret: &Vec<u8>| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key may have any length");
            mac.update(format!("{}.{timestamp}.{}", self.id, self.body).as_bytes());
            format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
        };
        let signatures: Vec<_> = secrets.iter().map(sign).collect();
        [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", self.id.clone()),
            ("webhook-signature", signatures.join(" ")),
            ("webhook-timestamp", timestamp),
        ]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    pub(in super::super) fn completed(etag: &str) -> CompletedUpload {
        CompletedUpload {
            site: "local".to_owned(),
            region: "us-east-1".to_owned(),
            bucket: "b".to_owned(),
            key: "private/me/1/a.txt".to_owned(),
            size: 7,
            etag: etag.to_owned(),
            version_id: None,
            checksum: Some("AAAAAAAAAAA=".to_owned()),
            download_url: "https://signed.example/?X-Amz-Signature=1".to_owned(),
        }
    }

    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
    #[test]
    fn the_specifications_example_has_its_signature() {
        let message =
            Message { id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(), body: r#"{"test": 2432232314}"#.to_owned() };
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let headers = message.headers(&[secret], UNIX_EPOCH + Duration::from_secs(1_614_265_330));
        assert!(headers.contains(&("webhook-timestamp", "1614265330".to_owned())));
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned();
        assert!(headers.contains(&("webhook-signature", signature)), "{headers:?}");
    }

    #[test]
    fn a_message_tells_of_the_object_and_holds_no_signed_address() {
        let message = Message::completed(&completed("e"), Some("me"), UNIX_EPOCH + Duration::from_secs(1_451_347_200));
        assert_eq!(
            message.body,
            r#"{"type":"upload.completed","timestamp":"2015-12-29T00:00:00Z","data":{"site":"local","region":"us-east-1","bucket":"b","key":"private/me/1/a.txt","size":7,"etag":"e","checksum":"AAAAAAAAAAA=","subject":"me"}}"#
        );
    }

    #[test]
    fn an_upload_has_the_same_id_each_time_and_another_object_another() {
        let id = |etag| Message::completed(&completed(etag), None, SystemTime::now()).id;
        assert_eq!(id("e"), id("e"));
        assert_ne!(id("e"), id("f"));
        assert_eq!(id("e").len(), "upload_".len() + 32);
    }

    #[test]
    fn secrets_that_are_on_their_way_out_sign_as_well() {
        let message = Message { id: "1".to_owned(), body: "{}".to_owned() };
        let both = message.headers(&[vec![1; 24], vec![2; 24]], UNIX_EPOCH);
        let one = message.headers(&[vec![2; 24]], UNIX_EPOCH);
        assert_eq!(both[2].1.split(' ').nth(1), Some(one[2].1.as_str()));
    }
}
