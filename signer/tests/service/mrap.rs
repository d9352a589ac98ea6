//! Multi-Region Access Points: one more path, by which requests are signed with SigV4A.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac as _};
use nearput_api::{PathKind, Plan, Sites, path};
use p256::SecretKey;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY, Storage};
use crate::world::{PART, Signer, bytes, file};

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
        let path = &url["https://".len() + host.len()..url.len() - query.len() - 1];
        Self { host, path, query: query.split('&').map(|pair| pair.split_once('=').expect("a value")).collect() }
    }

    /// What the storage makes of the request, from its own point of view.
    fn string_to_sign(&self, headers: &BTreeMap<&str, &str>) -> String {
        let names: Vec<_> = self.query["X-Amz-SignedHeaders"].split("%3B").collect();
        let headers: String = names.iter().map(|name| format!("{name}:{}\n", headers[name])).collect();
        let signed = self.query.iter().filter(|(name, _)| **name != "X-Amz-Signature");
        let query = signed.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let request = format!("PUT\n{}\n{query}\n{headers}\n{}\nUNSIGNED-PAYLOAD", self.path, names.join(";"));
        let date = self.query["X-Amz-Date"];
        format!("{ALGORITHM}\n{date}\n{}/s3/aws4_request\n{}", &date[..8], hex(&Sha256::digest(request)))
    }

    fn is_good(&self, headers: &BTreeMap<&str, &str>) -> bool {
        let signature = self.query["X-Amz-Signature"];
        let byte = |at| u8::from_str_radix(&signature[at..at + 2], 16).expect("hexadecimal");
        let signature: Vec<u8> = (0..signature.len()).step_by(2).map(byte).collect();
        let signature = Signature::from_der(&signature).expect("a signature");
        key().verify(self.string_to_sign(headers).as_bytes(), &signature).is_ok()
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
    assert!(signed.is_good(&headers));
    for name in headers.keys() {
        let mut other = headers.clone();
        other.insert(name, "11");
        assert!(!signed.is_good(&other), "another {name}");
    }
    for name in signed.query.keys().filter(|name| !["X-Amz-Signature", "X-Amz-SignedHeaders"].contains(name)) {
        let mut other = Signed::parse(&part.urls["mrap"]);
        other.query.insert(name, "20991231T000000Z");
        assert!(!other.is_good(&headers), "another {name}");
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
