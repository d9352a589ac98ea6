//! Copies of objects at other servers, as S3 has them.

use std::time::Duration;

use anyhow::Result;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ReplicationStatus::{self, Completed, Failed, Pending, Replica};
use tokio::time::{sleep, timeout};

use crate::bucket::{BUCKET, Bucket, MIN_PART_SIZE, noise};

/// Long enough to be seen.
const DELAY: Duration = Duration::from_millis(500);

/// Two buckets, each of which is copied to the other.
async fn two() -> Result<[Bucket; 2]> {
    let buckets = [Bucket::start().await?, Bucket::start().await?];
    let [one, other] = &buckets;
    one.server.replicate_to(vec![other.server.destination(BUCKET)], DELAY);
    other.server.replicate_to(vec![one.server.destination(BUCKET)], DELAY);
    Ok(buckets)
}

async fn put(bucket: &Bucket, bytes: &'static [u8]) -> Result<String> {
    let put = bucket.client.put_object().bucket(BUCKET).key("a/key").body(ByteStream::from_static(bytes));
    let put = put.content_type("image/png").metadata("camera", "old");
    Ok(put.send().await?.version_id.unwrap_or_default())
}

async fn head(bucket: &Bucket) -> Result<HeadObjectOutput> {
    Ok(bucket.client.head_object().bucket(BUCKET).key("a/key").send().await?)
}

/// Waits until the object's status is this.
async fn until(bucket: &Bucket, status: ReplicationStatus) -> Result<()> {
    let reached = async {
        while head(bucket).await?.replication_status != Some(status.clone()) {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    timeout(Duration::from_secs(20), reached).await?
}

#[tokio::test]
async fn an_object_is_copied_with_all_that_is_known_of_it_and_the_copy_is_not_copied_again() -> Result<()> {
    let [one, other] = two().await?;
    let version = put(&one, b"the bytes").await?;
    assert_eq!(head(&one).await?.replication_status, Some(Pending));
    assert_eq!(other.server.object(BUCKET, "a/key"), None);

    until(&one, Completed).await?;
    let replica = other.client.get_object().bucket(BUCKET).key("a/key").send().await?;
    assert_eq!(replica.replication_status(), Some(&Replica));
    assert_eq!((replica.version_id(), version.is_empty()), (Some(version.as_str()), false));
    assert_eq!(replica.content_type(), Some("image/png"));
    assert_eq!(replica.metadata().and_then(|all| all.get("camera")).map(String::as_str), Some("old"));
    assert_eq!(replica.body.collect().await?.to_vec(), b"the bytes");
    sleep(2 * DELAY).await;
    assert_eq!(head(&other).await?.replication_status, Some(Replica));
    Ok(())
}

#[tokio::test]
async fn a_multipart_upload_is_copied_once_it_is_complete() -> Result<()> {
    let [one, other] = two().await?;
    let bytes = noise(MIN_PART_SIZE + 7, 1);
    let mut upload = one.open("a/key").await?;
    upload.send(1, &bytes[..MIN_PART_SIZE]).await?;
    upload.send(2, &bytes[MIN_PART_SIZE..]).await?;
    let version = upload.complete().send().await?.version_id;
    assert_eq!(upload.complete().send().await?.version_id, version);
    until(&one, Completed).await?;
    let copy = head(&other).await?;
    assert_eq!((copy.version_id, copy.e_tag), (version, head(&one).await?.e_tag));
    let path = other.server.object(BUCKET, "a/key").expect("the copy is stored");
    assert_eq!(std::fs::read(path)?, bytes);
    Ok(())
}

#[tokio::test]
async fn a_copy_that_is_refused_has_failed() -> Result<()> {
    let [one, other] = two().await?;
    other.server.refuse_replicas(true);
    put(&one, b"the bytes").await?;
    until(&one, Failed).await?;
    assert_eq!(other.server.object(BUCKET, "a/key"), None);
    Ok(())
}

#[tokio::test]
async fn a_copy_waits_for_a_server_that_is_down_be_it_the_source_or_the_destination() -> Result<()> {
    let [mut one, mut other] = two().await?;
    other.server.stop().await;
    put(&one, b"the bytes").await?;
    sleep(2 * DELAY).await;
    assert_eq!(head(&one).await?.replication_status, Some(Pending));
    one.server.stop().await;
    other.server.restart().await?;
    sleep(2 * DELAY).await;
    assert_eq!(other.server.object(BUCKET, "a/key"), None);
    one.server.restart().await?;
    until(&one, Completed).await?;
    assert_eq!(head(&other).await?.replication_status, Some(Replica));
    Ok(())
}

#[tokio::test]
async fn without_a_rule_there_are_no_versions_and_no_copies() -> Result<()> {
    let bucket = Bucket::start().await?;
    assert_eq!(put(&bucket, b"the bytes").await?, "");
    assert_eq!(head(&bucket).await?.replication_status, None);
    Ok(())
}
