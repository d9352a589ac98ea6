//! Temporary credentials: let in with their token, and until they end.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::presigning::PresigningConfig;
use nearput_dev::Session;

use crate::bucket::{BUCKET, Bucket, code};
use crate::raw::send_presigned;

fn client(bucket: &Bucket, token: Option<&str>) -> Client {
    let credentials = Credentials::new("temporary", "secret", token.map(str::to_owned), None, "test");
    Client::from_conf(bucket.client.config().to_builder().credentials_provider(credentials).build())
}

fn session(lifetime: Duration) -> Session {
    Session {
        access_key: "temporary".to_owned(),
        secret_key: "secret".to_owned(),
        token: "the/token+==".to_owned(),
        expires_at: SystemTime::now() + lifetime,
        may_put: None,
    }
}

#[tokio::test]
async fn a_session_is_known_by_its_key_and_its_token_together() -> Result<()> {
    let mut bucket = Bucket::start().await?;
    let put = |client: Client| async move { client.put_object().bucket(BUCKET).key("key").send().await };
    let right = Some("the/token+==");
    assert_eq!(code(put(client(&bucket, right)).await), "InvalidAccessKeyId");

    bucket.server.sessions().add(session(Duration::from_secs(60)));
    put(client(&bucket, right)).await?;
    assert_eq!(code(put(client(&bucket, None)).await), "InvalidToken");
    assert_eq!(code(put(client(&bucket, Some("another"))).await), "InvalidToken");
    bucket.server.restart().await?;
    put(client(&bucket, right)).await?;

    bucket.server.sessions().add(session(Duration::ZERO));
    assert_eq!(code(put(client(&bucket, right)).await), "ExpiredToken");
    Ok(())
}

#[tokio::test]
async fn what_a_session_presigns_ends_with_it() -> Result<()> {
    let bucket = Bucket::start().await?;
    bucket.server.sessions().add(session(Duration::from_secs(60)));
    let put = client(&bucket, Some("the/token+==")).put_object().bucket(BUCKET).key("key");
    let presigned = put.presigned(PresigningConfig::expires_in(Duration::from_secs(60))?).await?;
    assert_eq!(send_presigned(bucket.server.addr(), &presigned, b"bytes").await?.status, 200);
    bucket.server.sessions().add(session(Duration::ZERO));
    assert_eq!(send_presigned(bucket.server.addr(), &presigned, b"bytes").await?.code(), "ExpiredToken");
    Ok(())
}
