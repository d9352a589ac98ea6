//! What a multipart upload is promised.

use anyhow::Result;
use aws_sdk_s3::types::{ChecksumMode, CompletedMultipartUpload, CompletedPart};

use crate::bucket::{BUCKET, Bucket, MIN_PART_SIZE, Upload, code, crc64nvme, noise};

/// Two parts, all of them sent.
async fn sent<'a>(bucket: &'a Bucket, key: &str) -> Result<(Upload<'a>, Vec<u8>)> {
    let bytes = noise(MIN_PART_SIZE + 1000, 7);
    let mut upload = bucket.open(key).await?;
    upload.send(2, &bytes[MIN_PART_SIZE..]).await?;
    upload.send(1, &bytes[..MIN_PART_SIZE]).await?;
    upload.sent.sort_by_key(|part| part.part_number);
    Ok((upload, bytes))
}

#[tokio::test]
async fn an_upload_becomes_the_object_that_was_sent() -> Result<()> {
    let bucket = Bucket::start().await?;
    let key = format!("public/{}/ü 100%.png", "long".repeat(60));
    let (upload, bytes) = sent(&bucket, &key).await?;
    assert_eq!(bucket.server.open_uploads()?, 1);

    let done = upload.complete().checksum_crc64_nvme(crc64nvme(&bytes)).send().await?;

    assert!(done.e_tag().is_some_and(|etag| etag.ends_with("-2\"")), "{:?}", done.e_tag());
    assert_eq!(done.checksum_crc64_nvme(), Some(crc64nvme(&bytes).as_str()));
    let path = bucket.server.object(BUCKET, &key).expect("the object is stored");
    assert_eq!(std::fs::read(path)?, bytes);
    assert_eq!(bucket.server.open_uploads()?, 0);
    let head = bucket.client.head_object().bucket(BUCKET).key(&key);
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await?;
    assert_eq!(head.content_type(), Some("image/png"));
    assert_eq!(head.content_length(), Some(bytes.len() as i64));
    assert_eq!(head.checksum_crc64_nvme(), Some(crc64nvme(&bytes).as_str()));
    assert_eq!(head.checksum_type().map(|kind| kind.as_str()), Some("FULL_OBJECT"));
    Ok(())
}

#[tokio::test]
async fn a_part_with_a_wrong_checksum_is_refused_and_not_stored() -> Result<()> {
    let bucket = Bucket::start().await?;
    let mut upload = bucket.open("key").await?;
    let refused = upload.part(1, b"other bytes", crc64nvme(b"some bytes")).send().await;
    assert_eq!(code(refused), "BadDigest");
    assert_eq!(upload.stored_numbers().await?, [0; 0]);

    upload.send(1, b"some bytes").await?;
    let refused = upload.part(1, b"other bytes", crc64nvme(b"some bytes")).send().await;
    assert_eq!(code(refused), "BadDigest");
    upload.complete().send().await?;
    let path = bucket.server.object(BUCKET, "key").expect("the object is stored");
    assert_eq!(std::fs::read(path)?, b"some bytes");
    Ok(())
}

#[tokio::test]
async fn a_part_without_a_checksum_is_refused_where_the_upload_named_the_algorithm() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let refused = upload.part(1, b"bytes", String::new()).set_checksum_crc64_nvme(None).send().await;
    assert_eq!(code(refused), "InvalidRequest");

    let plain = bucket.client.create_multipart_upload().bucket(BUCKET).key("key").send().await?;
    let id = plain.upload_id.unwrap_or_default();
    let plain = Upload { bucket: &bucket, key: "key".to_owned(), id, sent: Vec::new() };
    plain.part(1, b"bytes", String::new()).set_checksum_crc64_nvme(None).send().await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_checksum_of_the_whole_is_refused_and_the_upload_stays_open() -> Result<()> {
    let bucket = Bucket::start().await?;
    let (upload, bytes) = sent(&bucket, "key").await?;
    let refused = upload.complete().checksum_crc64_nvme(crc64nvme(b"another file")).send().await;
    assert_eq!(code(refused), "BadDigest");
    assert_eq!(bucket.server.object(BUCKET, "key"), None);
    assert_eq!(upload.stored_numbers().await?, [1, 2]);
    upload.complete().checksum_crc64_nvme(crc64nvme(&bytes)).send().await?;
    Ok(())
}

#[tokio::test]
async fn a_complete_that_names_other_parts_than_are_stored_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let (mut upload, _) = sent(&bucket, "key").await?;
    let sent = upload.sent.clone();
    let named = |part: &CompletedPart| {
        CompletedPart::builder()
            .set_part_number(part.part_number)
            .set_e_tag(part.e_tag.clone())
            .set_checksum_crc64_nvme(part.checksum_crc64_nvme.clone())
    };

    upload.sent = vec![sent[0].clone(), named(&sent[1]).e_tag("\"0123\"").build()];
    assert_eq!(code(upload.complete().send().await), "InvalidPart", "another ETag");
    upload.sent = vec![sent[0].clone(), named(&sent[1]).checksum_crc64_nvme(crc64nvme(b"else")).build()];
    assert_eq!(code(upload.complete().send().await), "InvalidPart", "another checksum");
    upload.sent = vec![sent[0].clone(), sent[1].clone(), named(&sent[1]).part_number(3).build()];
    assert_eq!(code(upload.complete().send().await), "InvalidPart", "a part that is missing");
    upload.sent = vec![sent[1].clone(), sent[0].clone()];
    assert_eq!(code(upload.complete().send().await), "InvalidPartOrder");
    upload.sent = vec![sent[0].clone(), sent[0].clone()];
    assert_eq!(code(upload.complete().send().await), "InvalidPartOrder", "twice the same");
    upload.send(3, b"more").await?;
    let third = upload.sent.pop().expect("it was sent");
    upload.sent = vec![sent[0].clone(), third];
    assert_eq!(code(upload.complete().send().await), "InvalidPart", "a gap, with checksums");
    let nothing = CompletedMultipartUpload::builder().build();
    assert_eq!(code(upload.complete().multipart_upload(nothing).send().await), "MalformedXML");

    upload.sent = sent;
    upload.complete().send().await?;
    Ok(())
}

#[tokio::test]
async fn only_the_last_part_may_be_small() -> Result<()> {
    let bucket = Bucket::start().await?;
    let mut upload = bucket.open("key").await?;
    upload.send(1, &noise(MIN_PART_SIZE - 1, 1)).await?;
    upload.send(2, b"the last").await?;
    assert_eq!(code(upload.complete().send().await), "EntityTooSmall");
    Ok(())
}

#[tokio::test]
async fn a_complete_that_names_another_size_is_refused() -> Result<()> {
    let bucket = Bucket::start().await?;
    let (upload, bytes) = sent(&bucket, "key").await?;
    let size = bytes.len() as i64;
    assert_eq!(code(upload.complete().mpu_object_size(size + 1).send().await), "InvalidRequest");
    upload.complete().mpu_object_size(size).send().await?;
    Ok(())
}

#[tokio::test]
async fn a_complete_without_overwriting_is_refused_where_the_object_exists() -> Result<()> {
    let bucket = Bucket::start().await?;
    let (upload, _) = sent(&bucket, "key").await?;
    bucket.client.put_object().bucket(BUCKET).key("key").send().await?;
    assert_eq!(code(upload.complete().if_none_match("*").send().await), "PreconditionFailed");
    assert_eq!(upload.stored_numbers().await?, [1, 2]);
    Ok(())
}

#[tokio::test]
async fn a_repeated_complete_answers_as_the_first_one() -> Result<()> {
    let bucket = Bucket::start().await?;
    let (upload, bytes) = sent(&bucket, "key").await?;
    let complete = || upload.complete().checksum_crc64_nvme(crc64nvme(&bytes)).send();
    let (one, other) = tokio::join!(complete(), complete());
    let (one, other, again) = (one?, other?, complete().await?);
    assert_eq!(one.e_tag(), other.e_tag());
    assert_eq!(one.e_tag(), again.e_tag());
    assert_eq!(again.checksum_crc64_nvme(), Some(crc64nvme(&bytes).as_str()));
    assert_eq!(code(upload.complete().key("another key").send().await), "NoSuchUpload");
    Ok(())
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() -> Result<()> {
    let bucket = Bucket::start().await?;
    let (upload, _) = sent(&bucket, "key").await?;
    let abort = || bucket.client.abort_multipart_upload().bucket(BUCKET).key("key").upload_id(&upload.id);
    abort().send().await?;
    assert_eq!(bucket.server.open_uploads()?, 0);
    assert_eq!(code(abort().send().await), "NoSuchUpload");
    assert_eq!(code(upload.part(3, b"late", crc64nvme(b"late")).send().await), "NoSuchUpload");
    assert_eq!(code(upload.complete().send().await), "NoSuchUpload");
    Ok(())
}

#[tokio::test]
async fn an_upload_is_known_by_its_id_and_its_key_together() -> Result<()> {
    let bucket = Bucket::start().await?;
    let mut upload = bucket.open("key").await?;
    upload.key = "another key".to_owned();
    assert_eq!(code(upload.part(1, b"", crc64nvme(b"")).send().await), "NoSuchUpload");
    upload.key = "key".to_owned();
    upload.id = "../../uploads".to_owned();
    assert_eq!(code(upload.part(1, b"", crc64nvme(b"")).send().await), "NoSuchUpload");
    Ok(())
}

#[tokio::test]
async fn part_numbers_go_from_1_to_10_000() -> Result<()> {
    let bucket = Bucket::start().await?;
    let mut upload = bucket.open("key").await?;
    for number in [0, 10_001] {
        assert_eq!(code(upload.part(number, b"", crc64nvme(b"")).send().await), "InvalidArgument", "{number}");
    }
    upload.send(10_000, b"").await?;
    Ok(())
}
