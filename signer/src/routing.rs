//! Where a bucket is found: every host name by which it can be reached.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>.

use nearput_api::PathKind;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::Origin;
use crate::partition::Partition;

/// Everything but the unreserved characters of RFC 3986 and the slashes between a key's segments, as SigV4 has it.
const ESCAPED_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A bucket and its paths.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) region: String,
    /// The first one is the default.
    pub(crate) paths: Vec<Path>,
}

/// One host name of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// Unlike that of every other path of the bucket.
    pub(crate) id: String,
    pub(crate) kind: PathKind,
    /// The bucket's address, without a slash at its end.
    pub(crate) address: String,
}

impl Bucket {
    /// A bucket of S3 itself.
    pub(crate) fn on_aws(name: &str, region: &str, accelerate: bool, mrap: Option<&str>) -> Self {
        let partition = Partition::of(region).dns_suffix;
        let mut paths = vec![
            (PathKind::Regional, format!("https://{name}.s3.{region}.{partition}")),
            (PathKind::Dualstack, format!("https://{name}.s3.dualstack.{region}.{partition}")),
            (PathKind::PathStyle, format!("https://s3.{region}.{partition}/{name}")),
            (PathKind::PathStyleDualstack, format!("https://s3.dualstack.{region}.{partition}/{name}")),
        ];
        if accelerate {
            paths.push((PathKind::Accelerate, format!("https://{name}.s3-accelerate.{partition}")));
        }
        // The certificate's wildcard covers no further dots.
        paths.retain(|(kind, _)| !name.contains('.') || is_path_style(*kind));
        paths.extend(mrap.map(|alias| (PathKind::Mrap, format!("https://{alias}.accesspoint.s3-global.{partition}"))));
        let path = |(kind, address)| Path { id: id(kind).to_owned(), kind, address };
        Self { name: name.to_owned(), region: region.to_owned(), paths: paths.into_iter().map(path).collect() }
    }

    /// A bucket of an S3-compatible service that answers at these endpoints.
    pub(crate) fn on_service<'a>(
        name: &str,
        region: &str,
        virtual_host: bool,
        endpoints: impl Iterator<Item = &'a Origin>,
    ) -> Self {
        let path = |(number, endpoint): (usize, &Origin)| Path {
            id: if number == 1 {
                id(PathKind::Custom).to_owned()
            } else {
                format!("{}-{number}", id(PathKind::Custom))
            },
            kind: PathKind::Custom,
            address: if virtual_host { endpoint.below(name) } else { format!("{endpoint}/{name}") },
        };
        Self { name: name.to_owned(), region: region.to_owned(), paths: (1..).zip(endpoints).map(path).collect() }
    }

    pub(crate) fn default_path(&self) -> &Path {
        &self.paths[0]
    }
}

impl Path {
    /// Whether what goes by it reaches this bucket and no other. An access point for several buckets sends each request where it
    /// is nearest.
    pub(crate) fn is_of_one_bucket(&self) -> bool {
        match self.kind {
            PathKind::Mrap => false,
            PathKind::Regional
            | PathKind::Dualstack
            | PathKind::PathStyle
            | PathKind::PathStyleDualstack
            | PathKind::Accelerate
            | PathKind::Custom => true,
        }
    }

    /// The address of a resource in the bucket: a key that is escaped already, with or without a query.
    pub(crate) fn url(&self, resource: &str) -> String {
        format!("{}/{resource}", self.address)
    }
}

/// A kind's own name, as on the wire.
fn id(kind: PathKind) -> &'static str {
    match kind {
        PathKind::Regional => "regional",
        PathKind::Dualstack => "dualstack",
        PathKind::PathStyle => "path-style",
        PathKind::PathStyleDualstack => "path-style-dualstack",
        PathKind::Accelerate => "accelerate",
        PathKind::Mrap => "mrap",
        PathKind::Custom => "custom",
    }
}

fn is_path_style(kind: PathKind) -> bool {
    match kind {
        PathKind::PathStyle | PathKind::PathStyleDualstack => true,
        PathKind::Regional | PathKind::Dualstack | PathKind::Accelerate | PathKind::Mrap | PathKind::Custom => false,
    }
}

/// Escapes a key once; the slashes stay.
pub(crate) fn escape_key(key: &str) -> String {
    utf8_percent_encode(key, ESCAPED_IN_PATH).to_string()
}

/// Escapes a value of a query.
pub(crate) fn escape_query(value: &str) -> String {
    const ESCAPED_IN_QUERY: &AsciiSet = &ESCAPED_IN_PATH.add(b'/');
    utf8_percent_encode(value, ESCAPED_IN_QUERY).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(bucket: &Bucket) -> Vec<(&str, String)> {
        bucket.paths.iter().map(|path| (path.id.as_str(), path.url("k"))).collect()
    }

    fn expected<'a>(paths: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
        paths.iter().map(|&(id, url)| (id, url.to_owned())).collect()
    }

    #[test]
    fn a_bucket_on_aws_has_all_of_its_host_names() {
        let all = [
            ("regional", "https://b.s3.eu-west-1.amazonaws.com/k"),
            ("dualstack", "https://b.s3.dualstack.eu-west-1.amazonaws.com/k"),
            ("path-style", "https://s3.eu-west-1.amazonaws.com/b/k"),
            ("path-style-dualstack", "https://s3.dualstack.eu-west-1.amazonaws.com/b/k"),
            ("accelerate", "https://b.s3-accelerate.amazonaws.com/k"),
        ];
        assert_eq!(paths(&Bucket::on_aws("b", "eu-west-1", true, None)), expected(&all));
        assert_eq!(paths(&Bucket::on_aws("b", "eu-west-1", false, None)), expected(&all[..4]));
    }

    #[test]
    fn a_bucket_with_a_dot_has_only_the_names_that_the_certificate_covers() {
        let bucket = Bucket::on_aws("b.c", "eu-west-1", false, None);
        let path_style = [
            ("path-style", "https://s3.eu-west-1.amazonaws.com/b.c/k"),
            ("path-style-dualstack", "https://s3.dualstack.eu-west-1.amazonaws.com/b.c/k"),
        ];
        assert_eq!(paths(&bucket), expected(&path_style));
        assert_eq!(bucket.default_path().kind, PathKind::PathStyle);
    }

    #[test]
    fn a_bucket_in_china_is_in_a_partition_of_its_own() {
        let bucket = Bucket::on_aws("b", "cn-north-1", false, None);
        assert_eq!(paths(&bucket)[0].1, "https://b.s3.cn-north-1.amazonaws.com.cn/k");
        assert!(bucket.paths.iter().all(|path| path.address.contains(".cn-north-1.amazonaws.com.cn")));
    }

    #[test]
    fn a_multi_region_access_point_is_a_path_for_whatever_is_for_no_bucket_alone() {
        for name in ["b", "b.c"] {
            let bucket = Bucket::on_aws(name, "eu-west-1", false, Some("mfzwi23gnjvgw.mrap"));
            let mrap = bucket.paths.last().expect("a path");
            assert_eq!((mrap.kind, mrap.id.as_str()), (PathKind::Mrap, "mrap"));
            assert_eq!(mrap.url("k"), "https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/k");
            assert!(!mrap.is_of_one_bucket());
            assert!(bucket.paths.iter().rev().skip(1).all(Path::is_of_one_bucket));
        }
    }

    #[test]
    fn a_bucket_of_a_service_has_a_path_for_each_endpoint() {
        let endpoints = ["http://[::1]:9", "https://s3.example"].map(|text| Origin::try_from(text.to_owned()));
        let endpoints = endpoints.map(|endpoint| endpoint.expect("an origin"));
        let bucket = Bucket::on_service("b.c", "auto", false, endpoints.iter());
        let both = [("custom", "http://[::1]:9/b.c/k"), ("custom-2", "https://s3.example/b.c/k")];
        assert_eq!(paths(&bucket), expected(&both));
        assert!(bucket.paths.iter().all(|path| path.kind == PathKind::Custom));
        let bucket = Bucket::on_service("b", "auto", true, endpoints[1..].iter());
        assert_eq!(paths(&bucket), expected(&[("custom", "https://b.s3.example/k")]));
    }

    #[test]
    fn keys_are_escaped_once_and_slashes_stay() {
        assert_eq!(escape_key("a/ü (1)+@%2F.txt"), "a/%C3%BC%20%281%29%2B%40%252F.txt");
        assert_eq!(escape_query("a/b+c="), "a%2Fb%2Bc%3D");
    }
}
