//! Signed forms: the POST of one file that a browser may send, without asking first, to any host name of the bucket.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::presign::{PresignError, Presigner};

/// The file that a form carries, and all that is to be stored with it.
pub(crate) struct Form<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) media_type: &'a str,
    pub(crate) attributes: &'a Attributes,
}

#[derive(Serialize)]
struct Policy<'a> {
    expiration: &'a str,
    conditions: Vec<Value>,
}

impl Presigner<'_> {
    /// The form's fields. Their policy allows exactly these, and a file of exactly this size.
    pub(crate) fn sign_form(&self, form: &Form<'_>) -> Result<BTreeMap<String, String>, PresignError> {
        let mut fields = self.signing_fields()?;
        fields.extend(form.fields());
        let policy = BASE64_STANDARD.encode(form.policy(&fields, &date_time(self.end().into())?));
        fields.push(("x-amz-signature".to_owned(), self.signature(policy.as_bytes())));
        fields.push(("policy".to_owned(), policy));
        Ok(fields.into_iter().collect())
    }

    fn signing_fields(&self) -> Result<Vec<(String, String)>, PresignError> {
        let date = date_time(self.now.into())?.replace(['-', ':'], "");
        let scope = format!("{}/{}/s3/aws4_request", &date[..8], self.region);
        let mut fields = vec![
            ("x-amz-algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential".to_owned(), format!("{}/{scope}", self.credentials.access_key_id())),
            ("x-amz-date".to_owned(), date),
        ];
        let token = self.credentials.session_token();
        fields.extend(token.map(|token| ("x-amz-security-token".to_owned(), token.to_owned())));
        Ok(fields)
    }

    fn signature(&self, policy: &[u8]) -> String {
        let key = v4::generate_signing_key(self.credentials.secret_access_key(), self.now, self.region, "s3");
        v4::calculate_signature(key, policy)
    }
}

impl Form<'_> {
    fn fields(&self) -> impl Iterator<Item = (String, String)> {
        let own = [("Content-Type", self.media_type), ("key", self.key)];
        own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain(self.attributes.fields())
    }

    /// What is the same for every file comes first: in base64 it then looks the same, and a reply of many forms compresses well.
    fn policy(&self, fields: &[(String, String)], expiration: &str) -> String {
        let mut conditions = vec![json!({ "bucket": self.bucket })];
        conditions.extend(fields.iter().map(|(name, value)| json!({ name: value })));
        conditions.push(json!(["content-length-range", self.size, self.size]));
        let policy = serde_json::to_string(&Policy { expiration, conditions }).expect("strings and numbers are JSON");
        // A policy gives `$` a meaning of its own, and has the same escape for it as JSON.
        policy.replace('$', r"\u0024")
    }
}

/// Such as `2026-11-25T17:30:00Z`.
fn date_time(time: DateTime) -> Result<String, PresignError> {
    time.fmt(DateTimeFormat::DateTime).map_err(|error| PresignError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::metadata::Metadata;
    use aws_sdk_s3::config::Credentials;

    /// 2015-12-29T00:00:00Z
    const EXAMPLE_TIME: Duration = Duration::from_secs(1_451_347_200);

    fn credentials(session_token: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, session_token.map(str::to_owned), None, "test")
    }

    fn presigner(credentials: &Credentials) -> Presigner<'_> {
        let now = UNIX_EPOCH + EXAMPLE_TIME;
        Presigner::new(credentials, "us-east-1", now, Duration::from_mins(15)).expect("credentials that last")
    }

    fn attributes() -> Attributes {
        Attributes {
            disposition: "attachment".to_owned(),
            cache_control: None,
            storage_class: None,
            encryption: None,
            tags: Default::default(),
            metadata: Default::default(),
        }
    }

    fn sign(credentials: &Credentials, metadata: &[(&str, &str)]) -> (BTreeMap<String, String>, Value) {
        let metadata = metadata.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let form = Form {
            bucket: "b",
            key: "private/me/1/ü.png",
            size: 7,
            media_type: "image/png",
            attributes: &Attributes { metadata: Metadata::parse(&metadata).expect("metadata"), ..attributes() },
        };
        let fields = presigner(credentials).sign_form(&form).expect("signs");
        let policy = BASE64_STANDARD.decode(&fields["policy"]).expect("base64");
        assert!(!policy.contains(&b'$'));
        (fields, serde_json::from_slice(&policy).expect("JSON"))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html>
    #[test]
    fn the_documented_policy_has_the_documented_signature() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1\
                      Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8i\
                      XSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDov\
                      L3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0\
                      YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUx\
                      MjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFy\
                      dHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZP\
                      RE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGht\
                      IjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let signature = presigner(&credentials(None)).signature(policy.as_bytes());
        assert_eq!(signature, "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    }

    #[test]
    fn a_policy_allows_its_own_fields_and_size_and_no_others() {
        let (fields, policy) = sign(&credentials(None), &[("album", "for $5")]);
        let scope = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request";
        assert_eq!(
            policy,
            json!({
                "expiration": "2015-12-29T00:15:00Z",
                "conditions": [
                    { "bucket": "b" },
                    { "x-amz-algorithm": "AWS4-HMAC-SHA256" },
                    { "x-amz-credential": scope },
                    { "x-amz-date": "20151229T000000Z" },
                    { "Content-Type": "image/png" },
                    { "key": "private/me/1/ü.png" },
                    { "Content-Disposition": "attachment" },
                    { "x-amz-meta-album": "for $5" },
                    ["content-length-range", 7, 7],
                ]
            })
        );
        let conditions = policy["conditions"].as_array().expect("conditions");
        for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "policy" | "x-amz-signature")) {
            assert!(conditions.contains(&json!({ name: value })), "{name}");
        }
    }

    #[test]
    fn a_session_token_is_a_field_that_the_policy_names() {
        let (fields, policy) = sign(&credentials(Some("to/ken==")), &[]);
        assert_eq!(fields["x-amz-security-token"], "to/ken==");
        let named = json!({ "x-amz-security-token": "to/ken==" });
        assert!(policy["conditions"].as_array().expect("conditions").contains(&named), "{policy}");
    }
}
