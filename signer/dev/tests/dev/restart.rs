//! What a stop and a new start do.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bucket::{BUCKET, Bucket, MIN_PART_SIZE, Upload, crc64nvme, noise};

#[tokio::test]
async fn objects_and_open_uploads_survive_a_restart() -> Result<()> {
    let mut bucket = Bucket::start().await?;
    let bytes = noise(MIN_PART_SIZE + 5, 9);
    let mut upload = bucket.open("key").await?;
    upload.send(1, &bytes[..MIN_PART_SIZE]).await?;
    let (id, sent) = (upload.id, upload.sent);
    bucket.client.put_object().bucket(BUCKET).key("object").send().await?;
    let address = bucket.server.addr();

    bucket.server.restart().await?;

    assert_eq!(bucket.server.addr(), address);
    bucket.client.head_object().bucket(BUCKET).key("object").send().await?;
    let mut upload = Upload { bucket: &bucket, key: "key".to_owned(), id, sent };
    assert_eq!(upload.stored_numbers().await?, [1]);
    upload.send(2, &bytes[MIN_PART_SIZE..]).await?;
    upload.complete().checksum_crc64_nvme(crc64nvme(&bytes)).send().await?;
    let (id, sent) = (upload.id, upload.sent);

    bucket.server.restart().await?;

    Upload { bucket: &bucket, key: "key".to_owned(), id, sent }.complete().send().await?;
    let path = bucket.server.object(BUCKET, "key").expect("the object is stored");
    assert_eq!(std::fs::read(path)?, bytes);
    Ok(())
}

#[tokio::test]
async fn a_stop_drops_open_connections_and_frees_the_port() -> Result<()> {
    let mut bucket = Bucket::start().await?;
    let address = bucket.server.addr();
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(b"PUT /uploads/key HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf").await?;

    bucket.server.stop().await;

    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(1), connection.read_to_end(&mut answer)).await?;
    assert!(TcpStream::connect(address).await.is_err());
    bucket.server.restart().await?;
    bucket.client.put_object().bucket(BUCKET).key("key").send().await?;
    Ok(())
}

#[tokio::test]
async fn what_a_killed_process_was_receiving_is_deleted_at_the_next_start() -> Result<()> {
    let mut bucket = Bucket::start().await?;
    let half = bucket.data.path().join(".nearput/incoming/half");
    std::fs::write(&half, "half a part")?;
    bucket.server.restart().await?;
    assert!(!half.exists());
    Ok(())
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_no_part() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let presigned = upload.part(1, b"", String::new()).set_checksum_crc64_nvme(None);
    let expiry = aws_sdk_s3::presigning::PresigningConfig::expires_in(Duration::from_secs(60))?;
    let url = presigned.checksum_crc64_nvme(crc64nvme(b"some")).presigned(expiry).await?;
    let address = bucket.server.addr();
    let path = url.uri().trim_start_matches(&format!("http://{address}")).to_owned();
    let mut connection = TcpStream::connect(address).await?;
    let head =
        format!("PUT {path} HTTP/1.1\r\nhost: {address}\r\nx-amz-checksum-crc64nvme: {}\r\n", crc64nvme(b"some"));
    connection.write_all(format!("{head}content-length: 100\r\n\r\nsome").as_bytes()).await?;
    connection.shutdown().await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    assert_eq!(upload.stored_numbers().await?, [0; 0]);
    let incoming = bucket.data.path().join(".nearput/incoming");
    let nothing_is_left = async {
        while std::fs::read_dir(&incoming).is_ok_and(|mut files| files.next().is_some()) {
            tokio::task::yield_now().await;
        }
    };
    Ok(timeout(Duration::from_secs(5), nothing_is_left).await?)
}
