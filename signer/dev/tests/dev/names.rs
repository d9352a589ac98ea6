//! The names by which the server is found: its own, and those that AWS gives a bucket.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::presigning::PresigningConfig;

use crate::bucket::{BUCKET, Bucket};
use crate::raw::{Request, send_by, send_by_name};
use crate::tls;

/// A PUT that is signed as for S3 itself: host, and path with query.
async fn presign(bucket: &Bucket, name: impl FnOnce(Builder) -> Builder) -> Result<(String, String)> {
    let mut config = bucket.client.config().to_builder().force_path_style(false);
    config.set_endpoint_url(None);
    let put = Client::from_conf(name(config).build()).put_object().bucket(BUCKET).key("a/key");
    let presigned = put.presigned(PresigningConfig::expires_in(Duration::from_secs(60))?).await?;
    let url = presigned.uri().strip_prefix("https://").context("S3 itself has TLS")?;
    let (host, path) = url.split_once('/').context("there is a key")?;
    Ok((host.to_owned(), format!("/{path}")))
}

fn put(path: &str) -> Request<'_> {
    Request { method: "PUT", path, headers: Vec::new(), body: b"bytes" }
}

#[tokio::test]
async fn a_bucket_is_found_by_every_name_that_aws_gives_it() -> Result<()> {
    let bucket = Bucket::start().await?;
    let found = [
        (presign(&bucket, |config| config).await?, "uploads.s3.us-east-1.amazonaws.com"),
        (presign(&bucket, |config| config.use_dual_stack(true)).await?, "uploads.s3.dualstack.us-east-1.amazonaws.com"),
        (presign(&bucket, |config| config.force_path_style(true)).await?, "s3.us-east-1.amazonaws.com"),
        (presign(&bucket, |config| config.accelerate(true)).await?, "uploads.s3-accelerate.amazonaws.com"),
    ];
    for ((host, path), name) in found {
        assert_eq!(host, name);
        let reply = send_by_name(bucket.server.addr(), &host, put(&path)).await?;
        assert_eq!((reply.status, reply.code()), (200, "nothing went wrong"), "{host}");
        let other = send_by_name(bucket.server.addr(), "s3.eu-west-1.amazonaws.com", put(&path)).await?;
        assert_ne!(other.status, 200, "what is signed for {host} is not good by another name");
        assert!(bucket.server.object(BUCKET, "a/key").is_some());
        bucket.client.delete_object().bucket(BUCKET).key("a/key").send().await?;
    }
    Ok(())
}

#[tokio::test]
async fn tls_is_spoken_without_http_2_and_again_after_a_restart() -> Result<()> {
    let mut bucket = Bucket::start().await?;
    for _ in 0..2 {
        let (host, path) = presign(&bucket, |config| config).await?;
        let address = bucket.server.tls_addr().context("it speaks TLS")?;
        let connection = tls::connect(address, &host).await?;
        assert_eq!(connection.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(send_by(connection, &host, put(&path)).await?.status, 200);
        bucket.server.restart().await?;
        assert_eq!(bucket.server.tls_addr(), Some(address));
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_that_does_not_greet_holds_up_no_other() -> Result<()> {
    let bucket = Bucket::start().await?;
    let address = bucket.server.tls_addr().context("it speaks TLS")?;
    let _silent = tokio::net::TcpStream::connect(address).await?;
    tls::connect(address, "localhost").await?;
    Ok(())
}
