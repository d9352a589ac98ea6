//! Which of S3's calls a request is, and what it is about.

use http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// A call to a bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) bucket: String,
    /// Empty where the call is about the bucket.
    pub(super) key: String,
    pub(super) verb: Verb,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// What a browser asks before a request that is not simple.
    Preflight,
    CreateUpload,
    UploadPart {
        upload_id: String,
        number: u32,
    },
    CompleteUpload {
        upload_id: String,
    },
    AbortUpload {
        upload_id: String,
    },
    /// Parts above this number.
    ListParts {
        upload_id: String,
        after: u32,
    },
    PutObject,
    PostForm,
    HeadObject,
    /// Nothing can be read back.
    GetObject,
    Unknown,
}

impl Call {
    pub(super) fn read(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let path = uri.path().trim_start_matches('/');
        let (bucket, key) = match bucket_of_host(host) {
            Some(bucket) => (bucket, path),
            None => path.split_once('/').unwrap_or((path, "")),
        };
        let verb = Verb::read(method, uri.query().unwrap_or_default(), key.is_empty());
        Self { bucket: bucket.to_owned(), key: percent_decode_str(key).decode_utf8_lossy().into_owned(), verb }
    }
}

impl Verb {
    fn read(method: &Method, query: &str, is_bucket: bool) -> Self {
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
        };
        let number = |name: &str| value(name).and_then(|value| value.parse().ok());
        match (method.as_str(), value("uploadId")) {
            ("OPTIONS", _) => Self::Preflight,
            ("PUT", Some(upload_id)) => {
                number("partNumber").map_or(Self::Unknown, |number| Self::UploadPart { upload_id, number })
            }
            ("POST", Some(upload_id)) => Self::CompleteUpload { upload_id },
            ("DELETE", Some(upload_id)) => Self::AbortUpload { upload_id },
            ("GET", Some(upload_id)) => Self::ListParts { upload_id, after: number("part-number-marker").unwrap_or(0) },
            ("POST", None) if value("uploads").is_some() => Self::CreateUpload,
            ("POST", None) if is_bucket => Self::PostForm,
            ("PUT", None) if !is_bucket => Self::PutObject,
            ("HEAD", None) if !is_bucket => Self::HeadObject,
            ("GET", None) => Self::GetObject,
            (_, _) => Self::Unknown,
        }
    }
}

/// The bucket, where a host name has it: `BUCKET.s3.REGION.amazonaws.com`, and the dual-stack and accelerated ones.
fn bucket_of_host(host: &str) -> Option<&str> {
    let host = host.split(':').next()?;
    let name = host.strip_suffix(".cn").unwrap_or(host).strip_suffix(".amazonaws.com")?;
    let service = [".s3.", ".s3-accelerate"].into_iter().filter_map(|service| name.rfind(service)).max()?;
    Some(&name[..service])
}
