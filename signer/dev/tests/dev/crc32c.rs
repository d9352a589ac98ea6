//! CRC32C, for clients of services that know no CRC64NVME.

use anyhow::Result;
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::bucket::{BUCKET, Bucket, MIN_PART_SIZE, code, crc64nvme, noise};

fn crc32c(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(crc_fast::crc32_iscsi(bytes).to_be_bytes())
}

async fn open(bucket: &Bucket) -> Result<String> {
    let create = bucket.client.create_multipart_upload().bucket(BUCKET).key("key");
    let create = create.checksum_algorithm(ChecksumAlgorithm::Crc32C).checksum_type(ChecksumType::FullObject);
    Ok(create.send().await?.upload_id.unwrap_or_default())
}

fn part(bucket: &Bucket, id: &str, number: i32, bytes: &[u8]) -> UploadPartFluentBuilder {
    let part = bucket.client.upload_part().bucket(BUCKET).key("key").upload_id(id).part_number(number);
    part.body(ByteStream::from(bytes.to_vec()))
}

fn complete(bucket: &Bucket, id: &str, parts: Vec<CompletedPart>) -> CompleteMultipartUploadFluentBuilder {
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    bucket.client.complete_multipart_upload().bucket(BUCKET).key("key").upload_id(id).multipart_upload(parts)
}

#[tokio::test]
async fn an_upload_of_crc32c_is_checked_part_by_part_and_as_a_whole() -> Result<()> {
    let bucket = Bucket::start().await?;
    let bytes = noise(MIN_PART_SIZE + 1000, 7);
    let id = open(&bucket).await?;
    let (first, last) = bytes.split_at(MIN_PART_SIZE);

    assert_eq!(
        code(part(&bucket, &id, 1, b"few").checksum_crc64_nvme(crc64nvme(b"few")).send().await),
        "InvalidRequest"
    );
    assert_eq!(code(part(&bucket, &id, 1, first).checksum_crc32_c(crc32c(last)).send().await), "BadDigest");
    let mut parts = Vec::new();
    for (number, bytes) in [(1, first), (2, last)] {
        let sent = part(&bucket, &id, number, bytes).checksum_crc32_c(crc32c(bytes)).send().await?;
        assert_eq!(sent.checksum_crc32_c(), Some(crc32c(bytes).as_str()));
        let named = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).checksum_crc32_c(crc32c(bytes));
        parts.push(named.build());
    }
    let listed = bucket.client.list_parts().bucket(BUCKET).key("key").upload_id(&id).send().await?;
    assert_eq!(listed.parts()[1].checksum_crc32_c(), Some(crc32c(last).as_str()));
    assert_eq!(listed.parts()[1].checksum_crc64_nvme(), None);

    let wrong = CompletedPart::builder().part_number(1).set_e_tag(parts[0].e_tag.clone()).checksum_crc32_c(crc32c(b""));
    let refused = complete(&bucket, &id, vec![wrong.build(), parts[1].clone()]).send().await;
    assert_eq!(code(refused), "InvalidPart");
    let full = |of: &[u8]| {
        complete(&bucket, &id, parts.clone()).checksum_type(ChecksumType::FullObject).checksum_crc32_c(crc32c(of))
    };
    assert_eq!(code(full(b"another file").send().await), "BadDigest");
    let done = full(&bytes).send().await?;
    assert_eq!(done.checksum_crc32_c(), Some(crc32c(&bytes).as_str()));
    assert_eq!(full(&bytes).send().await?.checksum_crc32_c(), done.checksum_crc32_c());

    let head = bucket.client.head_object().bucket(BUCKET).key("key").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await?;
    assert_eq!(head.checksum_crc32_c(), Some(crc32c(&bytes).as_str()));
    assert_eq!((head.checksum_crc64_nvme(), head.checksum_type()), (None, Some(&ChecksumType::FullObject)));
    Ok(())
}

#[tokio::test]
async fn an_object_that_was_put_with_crc32c_shows_it() -> Result<()> {
    let bucket = Bucket::start().await?;
    let put = bucket.client.put_object().bucket(BUCKET).key("key").body(ByteStream::from_static(b"bytes"));
    put.checksum_crc32_c(crc32c(b"bytes")).send().await?;
    let head = bucket.client.head_object().bucket(BUCKET).key("key").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await?;
    assert_eq!(head.checksum_crc32_c(), Some(crc32c(b"bytes").as_str()));
    assert_eq!(head.checksum_crc64_nvme(), None);
    Ok(())
}

#[tokio::test]
async fn composite_checksums_are_not_kept() -> Result<()> {
    let bucket = Bucket::start().await?;
    let create = || bucket.client.create_multipart_upload().bucket(BUCKET).key("key");
    let composite = create().checksum_algorithm(ChecksumAlgorithm::Crc32C).send().await;
    assert_eq!(code(composite), "NotImplemented");
    let composite = create().checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).checksum_type(ChecksumType::Composite);
    assert_eq!(code(composite.send().await), "InvalidRequest");
    Ok(())
}
