//! Credentials for browsers on Cloudflare R2: signed here, and asked of nobody.
//!
//! See <https://developers.cloudflare.com/r2/api/s3/temporary-credentials/>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::Credentials;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Delegated;
use crate::clock::unix_seconds;
use crate::config::{Origin, r2_account};
use crate::ticket::Territory;

/// What browsers do with credentials: the signer does the rest.
const ACTIONS: [&str; 2] = ["PutObject", "UploadPart"];

/// Signs for one bucket.
pub(super) struct R2 {
    account: String,
    host: String,
    bucket: String,
    duration: Duration,
}

/// What credentials are good for, as R2 reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claims<'a> {
    bucket: &'a str,
    scope: &'a str,
    actions: [&'a str; 2],
    paths: Paths<'a>,
    sub: &'a str,
    iss: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paths<'a> {
    prefix_paths: Vec<&'a str>,
    object_paths: Vec<&'a str>,
}

impl R2 {
    /// None where the endpoint is not R2's.
    pub(super) fn at(endpoint: &Origin, bucket: &str, duration: Duration) -> Option<Self> {
        let (account, host) = (r2_account(endpoint)?.to_owned(), endpoint.authority().to_owned());
        Some(Self { account, host, bucket: bucket.to_owned(), duration })
    }

    /// Credentials that can put objects in one part of the bucket and nothing else. They end with those of the signer, if those are revoked.
    pub(super) fn sign(&self, own: &Credentials, territory: Territory<'_>, now: SystemTime) -> Delegated {
        let paths = match territory {
            Territory::Folder(prefix) => Paths { prefix_paths: vec![prefix], object_paths: Vec::new() },
            Territory::Key(key) => Paths { prefix_paths: Vec::new(), object_paths: vec![key] },
        };
        let iat = unix_seconds(now);
        let exp = iat + self.duration.as_secs();
        let claims = Claims {
            bucket: &self.bucket,
            scope: "object-read-write",
            actions: ACTIONS,
            paths,
            sub: &self.account,
            iss: own.access_key_id(),
            aud: &self.host,
            iat,
            exp,
        };
        let key = EncodingKey::from_secret(own.secret_access_key().as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
            .expect("claims are JSON, and any secret is a key");
        Delegated {
            access_key_id: own.access_key_id().to_owned(),
            secret_access_key: Sha256::digest(&token).iter().map(|byte| format!("{byte:02x}")).collect(),
            session_token: BASE64_STANDARD.encode(format!("jwt/{token}")),
            end: UNIX_EPOCH + Duration::from_secs(exp),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};
    use serde_json::{Value, json};

    use super::*;

    fn at(endpoint: &str) -> Option<R2> {
        R2::at(&endpoint.to_owned().try_into().expect("an origin"), "uploads", Duration::from_mins(15))
    }

    fn paths(territory: Territory<'_>) -> Value {
        let own = Credentials::new("parent", "the parent's secret", None, None, "test");
        let now = UNIX_EPOCH + Duration::from_millis(1_800_000_000_900);
        let given = at("https://acc0.eu.r2.cloudflarestorage.com").expect("R2").sign(&own, territory, now);
        let end = UNIX_EPOCH + Duration::from_secs(1_800_000_900);
        assert_eq!((given.access_key_id.as_str(), given.end), ("parent", end));

        let token = BASE64_STANDARD.decode(&given.session_token).expect("base64");
        let token = std::str::from_utf8(&token).expect("text").strip_prefix("jwt/").expect("the prefix").to_owned();
        let digest: String = Sha256::digest(&token).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(given.secret_access_key, digest);

        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.set_audience(&["acc0.eu.r2.cloudflarestorage.com"]);
        let key = DecodingKey::from_secret(b"the parent's secret");
        let mut decoded =
            jsonwebtoken::decode::<Value>(&token, &key, &validation).expect("signed by the parent's secret");
        assert_eq!(decoded.header.typ.as_deref(), Some("JWT"));
        let paths = decoded.claims["paths"].take();
        let expected = json!({
            "bucket": "uploads", "scope": "object-read-write", "actions": ["PutObject", "UploadPart"], "paths": null,
            "sub": "acc0", "iss": "parent", "aud": "acc0.eu.r2.cloudflarestorage.com",
            "iat": 1_800_000_000_u64, "exp": 1_800_000_900_u64,
        });
        assert_eq!(decoded.claims, expected);
        paths
    }

    #[test]
    fn credentials_are_what_the_documentation_says() {
        let folder = json!({ "prefixPaths": ["private/me/1/"], "objectPaths": [] });
        assert_eq!(paths(Territory::Folder("private/me/1/")), folder);
        let key = json!({ "prefixPaths": [], "objectPaths": ["private/me/a.txt"] });
        assert_eq!(paths(Territory::Key("private/me/a.txt")), key);
    }

    #[test]
    fn only_cloudflare_gives_credentials_of_this_kind() {
        assert!(at("https://acc0.r2.cloudflarestorage.com").is_some());
        for other in [
            "https://s3.example.com",
            "https://r2.cloudflarestorage.com",
            "https://acc0.r2.cloudflarestorage.com.example",
        ] {
            assert!(at(other).is_none(), "{other}");
        }
    }
}
