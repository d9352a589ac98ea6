//! A running S3 with one bucket, and AWS's client for it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nearput_dev::{EmbeddedS3, EmbeddedS3Options};
use tempfile::TempDir;

pub(crate) const BUCKET: &str = "uploads";
pub(crate) const PAGE: &str = "http://127.0.0.1:4400";
pub(crate) const MIN_PART_SIZE: usize = 5 << 20;

pub(crate) struct Bucket {
    pub(crate) server: EmbeddedS3,
    pub(crate) client: Client,
    pub(crate) data: TempDir,
}

impl Bucket {
    pub(crate) async fn start() -> Result<Self> {
        let data = tempfile::tempdir()?;
        let options = EmbeddedS3Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            listen_tls: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            data: data.path().to_owned(),
            buckets: vec![BUCKET.to_owned()],
            access_key: "test-key".to_owned(),
            secret_key: "test-secret".to_owned(),
            allowed_origins: vec![PAGE.to_owned()],
        };
        let server = EmbeddedS3::start(options).await?;
        let client = client(server.addr(), "test-secret");
        Ok(Self { server, client, data })
    }

    /// Opens an upload that wants CRC64NVME.
    pub(crate) async fn open(&self, key: &str) -> Result<Upload<'_>> {
        let create = self.client.create_multipart_upload().bucket(BUCKET).key(key).content_type("image/png");
        let created = create.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await?;
        let id = created.upload_id.unwrap_or_default();
        Ok(Upload { bucket: self, key: key.to_owned(), id, sent: Vec::new() })
    }
}

/// An open upload and the parts it was sent.
pub(crate) struct Upload<'a> {
    pub(crate) bucket: &'a Bucket,
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) sent: Vec<CompletedPart>,
}

impl Upload<'_> {
    pub(crate) async fn send(&mut self, number: i32, bytes: &[u8]) -> Result<()> {
        let part = self.part(number, bytes, crc64nvme(bytes)).send().await?;
        let sent = CompletedPart::builder().part_number(number).set_e_tag(part.e_tag);
        self.sent.push(sent.checksum_crc64_nvme(crc64nvme(bytes)).build());
        Ok(())
    }

    pub(crate) fn part(
        &self,
        number: i32,
        bytes: &[u8],
        checksum: String,
    ) -> aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder {
        let part = self.bucket.client.upload_part().bucket(BUCKET).key(&self.key).upload_id(&self.id);
        part.part_number(number).checksum_crc64_nvme(checksum).body(ByteStream::from(bytes.to_vec()))
    }

    pub(crate) fn complete(
        &self,
    ) -> aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.sent.clone())).build();
        let complete = self.bucket.client.complete_multipart_upload().bucket(BUCKET).key(&self.key);
        complete.upload_id(&self.id).multipart_upload(parts)
    }

    pub(crate) async fn stored_numbers(&self) -> Result<Vec<i32>> {
        let list = self.bucket.client.list_parts().bucket(BUCKET).key(&self.key).upload_id(&self.id);
        Ok(list.send().await?.parts().iter().filter_map(|part| part.part_number).collect())
    }
}

/// A client that computes no checksums of its own, so that a test says which are sent.
pub(crate) fn client(address: SocketAddr, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http_client())
        .credentials_provider(Credentials::new("test-key", secret, None, None, "test"))
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// S3's code for what went wrong.
pub(crate) fn code<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> String {
    match result {
        Ok(_) => "nothing went wrong".to_owned(),
        Err(SdkError::ServiceError(error)) => match error.err().code() {
            Some(code) => code.to_owned(),
            None => error.raw().status().to_string(),
        },
        Err(error) => format!("no answer: {error:?}", error = error.code()),
    }
}

pub(crate) fn crc64nvme(bytes: &[u8]) -> String {
    let checksum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    BASE64_STANDARD.encode(checksum.to_be_bytes())
}

/// Bytes without a pattern that a shifted or swapped part could hide behind.
pub(crate) fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..size.div_ceil(8)).flat_map(step).collect();
    bytes.truncate(size);
    bytes
}
