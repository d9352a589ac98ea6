//! SigV4 for S3, with the signature in the address: whoever holds temporary credentials signs without asking the signer.
//!
//! A signature is good for one request to one host, with these headers and no other `x-amz-*`, until its time is over. The tests
//! hold it to AWS's own implementation, byte for byte.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

mod hash;
#[cfg(test)]
mod suite;

use hash::{Hash, hex, hmac, sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What AWS gives to those who may sign.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    /// Temporary credentials have one.
    pub session_token: Option<&'a str>,
}

/// A request that is to be signed, except for its body: that is held down by its length and its checksum, as headers.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// With its path and query escaped as AWS does: all but letters, digits and `-_.~`, and the slashes of the path.
    pub url: &'a str,
    /// By names in lower case, each there once. The host is signed as well.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Signs for one region, at one time.
pub struct Presigner<'a> {
    credentials: Credentials<'a>,
    time: &'a str,
    scope: String,
    key: Hash,
    payload: &'a str,
}

impl<'a> Presigner<'a> {
    /// `time` is written as AWS does: `20130524T000000Z`.
    pub fn new(credentials: Credentials<'a>, region: &str, time: &'a str) -> Self {
        Self::of_service("s3", "UNSIGNED-PAYLOAD", credentials, region, time)
    }

    fn of_service(service: &str, payload: &'a str, credentials: Credentials<'a>, region: &str, time: &'a str) -> Self {
        let date = time.split('T').next().unwrap_or_default();
        let secret = ["AWS4", credentials.secret_access_key].concat();
        let key = hmac(&hmac(&hmac(secret.as_bytes(), date), region), service);
        let scope = [date, "/", region, "/", service, "/aws4_request"].concat();
        Self { credentials, time, scope, key: hmac(&key, "aws4_request"), payload }
    }

    /// The signed address, good for `expires_in` seconds, and a secret for as long.
    pub fn sign(&self, request: &Request<'_>, expires_in: u32) -> String {
        let (host, path, query) = split(request.url);
        let mut headers = request.headers.to_vec();
        headers.push(("host", host));
        sort(&mut headers);
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");

        let Credentials { access_key_id, session_token, .. } = self.credentials;
        let mut parameters = vec![
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", escape(&[access_key_id, "/", &self.scope].concat())),
            ("X-Amz-Date", self.time.to_owned()),
            ("X-Amz-Expires", decimal(expires_in)),
            ("X-Amz-SignedHeaders", escape(&names)),
        ];
        parameters.extend(session_token.map(|token| ("X-Amz-Security-Token", escape(token))));

        let given = query.split('&').filter(|pair| !pair.is_empty());
        let mut pairs: Vec<_> = given.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        pairs.extend(parameters.iter().map(|(name, value)| (*name, value.as_str())));
        sort(&mut pairs);

        let mut canonical = [request.method, "\n/", path].concat();
        let mut separator = "\n";
        for (name, value) in pairs {
            canonical.extend([separator, name, "=", value]);
            separator = "&";
        }
        canonical.push('\n');
        for (name, value) in headers {
            canonical.extend([name, ":", value, "\n"]);
        }
        canonical.extend(["\n", &names, "\n", self.payload]);
        let hash = hex(&sha256(&[canonical.as_bytes()]));
        let to_sign = [ALGORITHM, "\n", self.time, "\n", &self.scope, "\n", &hash].concat();
        // AWS's implementation has it before the token.
        parameters.insert(5, ("X-Amz-Signature", hex(&hmac(&self.key, &to_sign))));

        let mut signed = request.url.to_owned();
        let mut separator = if signed.contains('?') { "&" } else { "?" };
        for (name, value) in parameters {
            signed.extend([separator, name, "=", &value]);
            separator = "&";
        }
        signed
    }
}

/// An address's host, its path without the first slash, and its query.
fn split(url: &str) -> (&str, &str, &str) {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut pieces = address.splitn(4, '/').skip(2);
    (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default(), query)
}

/// There are a dozen: the standard library's ways for thousands are larger than all else here.
fn sort<T: Ord>(items: &mut [T]) {
    for end in 1..items.len() {
        for index in (0..end).rev() {
            if items[index] > items[index + 1] {
                items.swap(index, index + 1);
            }
        }
    }
}

/// Everything but the unreserved characters of RFC 3986.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            0..=255 => escaped.extend(["%", &hex(&[byte]).to_ascii_uppercase()]),
        }
    }
    escaped
}

fn decimal(number: u32) -> String {
    let digit = char::from(b'0' + (number % 10) as u8);
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    text.push(digit);
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use aws_sigv4::http_request::{
        PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    };
    use aws_sigv4::sign::v4;
    use proptest::prelude::*;

    use super::*;

    /// 2026-02-28T23:59:59Z, as both sides want it.
    const TIME: (u64, &str) = (1_772_323_199, "20260228T235959Z");

    fn as_aws_signs(credentials: Credentials<'_>, region: &str, request: &Request<'_>, expires_in: u32) -> String {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(expires_in.into()));
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let Credentials { access_key_id, secret_access_key, session_token } = credentials;
        let token = session_token.map(str::to_owned);
        let identity =
            aws_credential_types::Credentials::new(access_key_id, secret_access_key, token, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("s3")
            .time(UNIX_EPOCH + Duration::from_secs(TIME.0))
            .settings(settings);
        let parameters = parameters.build().expect("nothing is missing").into();
        let headers = request.headers.iter().copied();
        let signable = SignableRequest::new(request.method, request.url, headers, SignableBody::UnsignedPayload);
        let (instructions, _) = sign(signable.expect("a request"), &parameters).expect("it signs").into_parts();
        let mut signed = http::Request::builder().uri(request.url).body(()).expect("an address");
        instructions.apply_to_request_http1x(&mut signed);
        signed.uri().to_string()
    }

    /// Where a key can be found.
    fn url() -> impl Strategy<Value = String> {
        let host = prop::sample::select(vec![
            "https://bucket.s3.eu-central-1.amazonaws.com",
            "https://s3.dualstack.us-east-1.amazonaws.com/bu.cket",
            "http://127.0.0.1:4402/bucket",
            "http://[::1]:9000/bucket",
        ]);
        let key = prop::collection::vec("[ -~]{1,12}|\\PC{1,6}", 1..4);
        let query = prop::collection::vec(("[a-zA-Z0-9 -]{1,6}|[ -~]{1,6}", "[ -~]{0,20}|\\PC{0,6}"), 0..5);
        (host, key, query).prop_map(|(host, key, query)| {
            let key: Vec<_> = key.iter().map(|segment| escape(segment)).collect();
            let query: Vec<_> =
                query.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
            let question = if query.is_empty() { "" } else { "?" };
            format!("{host}/{}{question}{}", key.join("/"), query.join("&"))
        })
    }

    proptest! {
        #[test]
        fn any_request_is_signed_as_aws_signs_it(
            url in url(),
            method in prop::sample::select(vec!["PUT", "GET", "POST"]),
            headers in prop::collection::btree_map("x-amz-[a-z][a-z0-9-]{0,12}|content-[lt][a-z]{1,5}", "([!-~]{1,9}( [!-~]{1,9}){0,2})?", 0..5),
            (id, secret) in ("[A-Z0-9]{16,20}|[!-~]{1,30}", "[A-Za-z0-9/+]{40}|[ -~]{1,90}"),
            token in prop::option::of("[A-Za-z0-9/+=]{100,900}|[!-~]{1,40}"),
            region in "[a-z]{2}-[a-z]{4,9}-[1-9]|auto",
            expires_in in 1u32..604_800,
        ) {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let credentials =
                Credentials { access_key_id: &id, secret_access_key: &secret, session_token: token.as_deref() };
            let request = Request { method, url: &url, headers: &headers };
            let ours = Presigner::new(credentials, &region, TIME.1).sign(&request, expires_in);
            prop_assert_eq!(ours, as_aws_signs(credentials, &region, &request, expires_in));
        }
    }

    #[test]
    fn the_documented_example_is_signed_byte_for_byte() {
        let credentials = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session_token: None,
        };
        let url = "https://examplebucket.s3.amazonaws.com/test.txt";
        let presigner = Presigner::new(credentials, "us-east-1", "20130524T000000Z");
        assert_eq!(
            presigner.sign(&Request { method: "GET", url, headers: &[] }, 86_400),
            "https://examplebucket.s3.amazonaws.com/test.txt\
             ?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z\
             &X-Amz-Expires=86400\
             &X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }
}
