//! What single objects are promised.

use anyhow::Result;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;

use crate::bucket::{BUCKET, Bucket, code, crc64nvme, noise};

#[tokio::test]
async fn an_object_is_read_back_with_all_that_was_said_about_it() -> Result<()> {
    let bucket = Bucket::start().await?;
    let bytes = noise(300_000, 3);
    let put = bucket.client.put_object().bucket(BUCKET).key("folder/key").body(ByteStream::from(bytes.clone()));
    let put = put.content_type("image/png").content_disposition("attachment").metadata("camera", "old");
    put.checksum_crc64_nvme(crc64nvme(&bytes)).send().await?;

    let get = || bucket.client.get_object().bucket(BUCKET).key("folder/key").checksum_mode(ChecksumMode::Enabled);
    let whole = get().send().await?;
    assert_eq!(whole.content_type(), Some("image/png"));
    assert_eq!(whole.content_disposition(), Some("attachment"));
    assert_eq!(whole.metadata().and_then(|all| all.get("camera")).map(String::as_str), Some("old"));
    assert_eq!(whole.checksum_crc64_nvme(), Some(crc64nvme(&bytes).as_str()));
    assert_eq!(whole.body.collect().await?.to_vec(), bytes);

    let part = get().range("bytes=100-199").send().await?;
    assert_eq!(part.content_range(), Some("bytes 100-199/300000"));
    assert_eq!(part.checksum_crc64_nvme(), None);
    assert_eq!(part.body.collect().await?.to_vec(), &bytes[100..200]);
    assert_eq!(code(get().range("bytes=300000-").send().await), "InvalidRange");
    Ok(())
}

#[tokio::test]
async fn an_object_with_a_wrong_checksum_is_refused_and_the_old_one_stays() -> Result<()> {
    let bucket = Bucket::start().await?;
    let put = |bytes: &[u8], checksum: String| {
        let put = bucket.client.put_object().bucket(BUCKET).key("key").body(ByteStream::from(bytes.to_vec()));
        put.checksum_crc64_nvme(checksum).send()
    };
    assert_eq!(code(put(b"new", crc64nvme(b"old")).await), "BadDigest");
    assert_eq!(bucket.server.object(BUCKET, "key"), None);
    put(b"old", crc64nvme(b"old")).await?;
    assert_eq!(code(put(b"new", crc64nvme(b"old")).await), "BadDigest");
    let path = bucket.server.object(BUCKET, "key").expect("the old object is stored");
    assert_eq!(std::fs::read(path)?, b"old");
    Ok(())
}

#[tokio::test]
async fn the_sdk_with_its_own_checksums_is_understood() -> Result<()> {
    let bucket = Bucket::start().await?;
    let config = bucket.client.config().to_builder();
    let config = config.request_checksum_calculation(RequestChecksumCalculation::WhenSupported);
    let config = config.response_checksum_validation(ResponseChecksumValidation::WhenSupported);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    client.put_object().bucket(BUCKET).key("key").body(ByteStream::from_static(b"bytes")).send().await?;
    let got = client.get_object().bucket(BUCKET).key("key").send().await?;
    assert_eq!(got.body.collect().await?.to_vec(), b"bytes");
    Ok(())
}

#[tokio::test]
async fn an_object_is_put_only_where_there_is_none_if_so_asked() -> Result<()> {
    let bucket = Bucket::start().await?;
    let put = || bucket.client.put_object().bucket(BUCKET).key("key").if_none_match("*").send();
    put().await?;
    assert_eq!(code(put().await), "PreconditionFailed");
    Ok(())
}

#[tokio::test]
async fn a_key_never_leaves_its_bucket() -> Result<()> {
    let bucket = Bucket::start().await?;
    for key in ["../other", "a/../../b", "a//b", "./a", "/a"] {
        let put = bucket.client.put_object().bucket(BUCKET).key(key).send().await;
        assert_eq!(code(put), "InvalidArgument", "{key}");
    }
    let put = bucket.client.put_object().bucket(BUCKET).key("n".repeat(256)).send().await;
    assert_eq!(code(put), "KeyTooLongError");
    Ok(())
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_what_is_missing_is_named() -> Result<()> {
    let bucket = Bucket::start().await?;
    bucket.client.put_object().bucket(BUCKET).key("key").send().await?;
    let listed = bucket.client.list_objects_v2().bucket(BUCKET).send().await?;
    assert_eq!(listed.contents().iter().filter_map(|object| object.key()).collect::<Vec<_>>(), ["key"]);
    let delete = || bucket.client.delete_object().bucket(BUCKET).key("key").send();
    delete().await?;
    delete().await?;
    assert_eq!(code(bucket.client.get_object().bucket(BUCKET).key("key").send().await), "NoSuchKey");
    assert_eq!(code(bucket.client.put_object().bucket("elsewhere").key("key").send().await), "NoSuchBucket");
    Ok(())
}
