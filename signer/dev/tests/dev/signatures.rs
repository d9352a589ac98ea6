//! Who is let in.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};

use crate::bucket::{BUCKET, Bucket, Upload, client, code, crc64nvme};
use crate::raw::{Request, send, send_presigned};

const BYTES: &[u8] = b"some bytes";

/// A part signed as the signer signs it: for these bytes and no others.
async fn presign(upload: &Upload<'_>, begin: SystemTime) -> Result<PresignedRequest> {
    let expiry = PresigningConfig::builder().start_time(begin).expires_in(Duration::from_secs(900)).build()?;
    let part = upload.bucket.client.upload_part().bucket(BUCKET).key(&upload.key).upload_id(&upload.id).part_number(1);
    let part = part.content_length(BYTES.len() as i64).checksum_crc64_nvme(crc64nvme(BYTES));
    let presigned = part.presigned(expiry).await?;
    assert!(presigned.uri().contains("content-length"), "the length is not signed");
    Ok(presigned)
}

#[tokio::test]
async fn a_wrong_secret_or_no_signature_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let stranger = client(bucket.server.addr(), "another-secret");
    assert_eq!(code(stranger.put_object().bucket(BUCKET).key("key").send().await), "SignatureDoesNotMatch");
    let put = Request { method: "PUT", path: "/uploads/key", headers: Vec::new(), body: BYTES };
    assert_eq!(send(bucket.server.addr(), put).await?.code(), "AccessDenied");
    assert_eq!(bucket.server.object(BUCKET, "key"), None);
    Ok(())
}

#[tokio::test]
async fn a_presigned_part_is_taken_as_it_was_signed() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let presigned = presign(&upload, SystemTime::now()).await?;
    let reply = send_presigned(bucket.server.addr(), &presigned, BYTES).await?;
    assert_eq!((reply.status, reply.code()), (200, "nothing went wrong"));
    assert_eq!(reply.header("x-amz-checksum-crc64nvme"), crc64nvme(BYTES));
    assert_eq!(upload.stored_numbers().await?, [1]);
    Ok(())
}

#[tokio::test]
async fn a_flipped_byte_is_refused_and_nothing_is_stored() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let presigned = presign(&upload, SystemTime::now()).await?;
    let reply = send_presigned(bucket.server.addr(), &presigned, b"some-bytes").await?;
    assert_eq!((reply.status, reply.code()), (400, "BadDigest"));
    assert_eq!(upload.stored_numbers().await?, [0; 0]);
    Ok(())
}

#[tokio::test]
async fn a_body_of_another_length_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let presigned = presign(&upload, SystemTime::now()).await?;
    let reply = send_presigned(bucket.server.addr(), &presigned, b"some more bytes").await?;
    assert_eq!((reply.status, reply.code()), (403, "SignatureDoesNotMatch"));
    Ok(())
}

#[tokio::test]
async fn a_header_that_is_not_signed_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let presigned = presign(&upload, SystemTime::now()).await?;
    let origin = format!("http://{}", bucket.server.addr());
    let mut headers = vec![("x-amz-meta-a".to_owned(), "b".to_owned())];
    headers.push(("x-amz-checksum-crc64nvme".to_owned(), crc64nvme(BYTES)));
    let path = presigned.uri().trim_start_matches(&origin);
    let reply = send(bucket.server.addr(), Request { method: "PUT", path, headers, body: BYTES }).await?;
    assert_eq!((reply.status, reply.code()), (403, "AccessDenied"));
    Ok(())
}

#[tokio::test]
async fn an_expired_url_and_one_from_the_future_are_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let expired = presign(&upload, SystemTime::now() - Duration::from_secs(901)).await?;
    let reply = send_presigned(bucket.server.addr(), &expired, BYTES).await?;
    assert_eq!((reply.status, reply.code()), (403, "AccessDenied"));
    assert!(reply.body.contains("Request has expired"), "{}", reply.body);
    let early = presign(&upload, SystemTime::now() + Duration::from_secs(1000)).await?;
    let reply = send_presigned(bucket.server.addr(), &early, BYTES).await?;
    assert_eq!((reply.status, reply.code()), (403, "RequestTimeTooSkewed"));
    Ok(())
}
