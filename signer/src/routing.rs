//! Where a bucket is found.

use nearput_api::PathKind;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::Origin;

/// Everything but the unreserved characters of RFC 3986 and the slashes between a key's segments, as SigV4 has it.
const ESCAPED_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A bucket and its address.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) region: String,
    /// Where the S3-compatible service is; none for AWS.
    pub(crate) endpoint: Option<Origin>,
}

impl Bucket {
    /// The kinds of host name by which the bucket can be reached.
    pub(crate) fn paths(&self) -> Vec<PathKind> {
        vec![self.default_path()]
    }

    pub(crate) fn default_path(&self) -> PathKind {
        if self.endpoint.is_some() {
            PathKind::Custom
        } else if self.name.contains('.') {
            // The certificate's wildcard covers no further dots.
            PathKind::PathStyle
        } else {
            PathKind::Regional
        }
    }

    /// The address of a key; none where the bucket cannot be reached by that path.
    pub(crate) fn url(&self, path: PathKind, key: &str) -> Option<String> {
        let Self { name, region, endpoint } = self;
        let partition = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let base = match (path, endpoint) {
            (PathKind::Custom, Some(endpoint)) => format!("{endpoint}/{name}"),
            (PathKind::Regional, None) if !name.contains('.') => format!("https://{name}.s3.{region}.{partition}"),
            (PathKind::PathStyle, None) if name.contains('.') => format!("https://s3.{region}.{partition}/{name}"),
            (PathKind::Custom | PathKind::Regional | PathKind::PathStyle, _)
            | (PathKind::Dualstack | PathKind::Accelerate | PathKind::Mrap, _) => return None,
        };
        Some(format!("{base}/{}", utf8_percent_encode(key, ESCAPED_IN_PATH)))
    }
}

/// Escapes a value of a query.
pub(crate) fn escape_query(value: &str) -> String {
    const ESCAPED_IN_QUERY: &AsciiSet = &ESCAPED_IN_PATH.add(b'/');
    utf8_percent_encode(value, ESCAPED_IN_QUERY).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(name: &str, region: &str, endpoint: Option<&str>) -> Bucket {
        let endpoint = endpoint.map(|text| text.to_owned().try_into().expect("an origin"));
        Bucket { name: name.to_owned(), region: region.to_owned(), endpoint }
    }

    #[test]
    fn each_bucket_has_the_address_that_its_storage_answers_at() {
        for (bucket, path, url) in [
            (bucket("b", "eu-west-1", None), PathKind::Regional, "https://b.s3.eu-west-1.amazonaws.com/k"),
            (bucket("b.c", "eu-west-1", None), PathKind::PathStyle, "https://s3.eu-west-1.amazonaws.com/b.c/k"),
            (bucket("b", "cn-north-1", None), PathKind::Regional, "https://b.s3.cn-north-1.amazonaws.com.cn/k"),
            (bucket("b.c", "auto", Some("http://[::1]:9")), PathKind::Custom, "http://[::1]:9/b.c/k"),
        ] {
            assert_eq!(bucket.paths(), [path]);
            assert_eq!(bucket.url(path, "k").as_deref(), Some(url));
        }
    }

    #[test]
    fn a_path_that_a_bucket_does_not_have_has_no_address() {
        let custom = bucket("b", "auto", Some("http://localhost:9"));
        assert_eq!(custom.url(PathKind::Regional, "k"), None);
        assert_eq!(bucket("b", "eu-west-1", None).url(PathKind::Accelerate, "k"), None);
    }

    #[test]
    fn keys_are_escaped_once_and_slashes_stay() {
        let url = bucket("b", "eu-west-1", None).url(PathKind::Regional, "a/ü (1)+@%2F.txt");
        assert_eq!(url.as_deref(), Some("https://b.s3.eu-west-1.amazonaws.com/a/%C3%BC%20%281%29%2B%40%252F.txt"));
    }
}
