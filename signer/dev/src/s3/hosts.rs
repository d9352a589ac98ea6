//! The host names that AWS gives a bucket, so that a browser which is led here by them finds it.

use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

/// `BUCKET.s3.REGION.amazonaws.com` and its siblings. By any other name, the bucket is in the path.
pub(super) struct AwsHosts;

impl S3Host for AwsHosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let named = VirtualHost::new(host);
        Ok(match bucket(host) {
            Some(bucket) => named.with_bucket(bucket),
            None => named,
        })
    }
}

fn bucket(host: &str) -> Option<&str> {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let name = name.strip_suffix(".cn").unwrap_or(name).strip_suffix(".amazonaws.com")?;
    let accelerated = || name.strip_suffix(".dualstack").unwrap_or(name).strip_suffix(".s3-accelerate");
    name.rsplit_once(".s3.").map(|(bucket, _)| bucket).or_else(accelerated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_by_the_host_or_by_the_path() {
        for (host, named) in [
            ("uploads.s3.us-east-1.amazonaws.com", Some("uploads")),
            ("uploads.s3.us-east-1.amazonaws.com:4402", Some("uploads")),
            ("uploads.s3.dualstack.us-east-1.amazonaws.com", Some("uploads")),
            ("uploads.s3.cn-north-1.amazonaws.com.cn", Some("uploads")),
            ("uploads.s3-accelerate.amazonaws.com", Some("uploads")),
            ("uploads.s3-accelerate.dualstack.amazonaws.com", Some("uploads")),
            ("s3.us-east-1.amazonaws.com", None),
            ("s3.dualstack.us-east-1.amazonaws.com", None),
            ("localhost:4402", None),
            ("uploads.s3.example.com", None),
        ] {
            assert_eq!(bucket(host), named, "{host}");
        }
    }
}
