//! The sink, asked by AWS's own client as a signer asks it, and over TLS as a browser does.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, CompletedMultipartUpload};
use nearput_tests::Sink;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const BUCKET: &str = "uploads";
/// Of "123456789", as every catalogue of checksums has it.
const CHECKSUM: &str = "rosUhgp5mIg=";

fn client(sink: &Sink) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("anyone", "anything", None, None, "test"))
        .endpoint_url(format!("http://{}", sink.http()))
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    Client::from_conf(config.build())
}

async fn open(client: &Client, key: &str) -> Result<String> {
    let created = client.create_multipart_upload().bucket(BUCKET).key(key).send().await?;
    created.upload_id.context("no upload id")
}

async fn put_part(client: &Client, key: &str, upload_id: &str, number: i32) -> Result<()> {
    client
        .upload_part()
        .bucket(BUCKET)
        .key(key)
        .upload_id(upload_id)
        .part_number(number)
        .checksum_crc64_nvme(CHECKSUM)
        .body(ByteStream::from_static(b"123456789"))
        .send()
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_multipart_upload_becomes_an_object_of_its_size_and_checksum() -> Result<()> {
    let sink = Sink::start().await?;
    let client = client(&sink);
    let key = "a folder/a+b & c=d.bin";
    let id = open(&client, key).await?;
    put_part(&client, key, &id, 1).await?;
    put_part(&client, key, &id, 2).await?;
    let complete = client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(&id);
    let parts = CompletedMultipartUpload::builder().build();
    complete.checksum_crc64_nvme("AAAAAAAAAAA=").multipart_upload(parts).send().await?;

    let head = client.head_object().bucket(BUCKET).key(key).checksum_mode(ChecksumMode::Enabled).send().await?;
    assert_eq!(head.content_length, Some(18));
    assert_eq!(head.checksum_crc64_nvme.as_deref(), Some("AAAAAAAAAAA="));
    assert_eq!(sink.object(BUCKET, key).map(|object| object.etag), head.e_tag);
    assert_eq!(sink.open_uploads(), 0);
    Ok(())
}

#[tokio::test]
async fn parts_are_listed_by_the_page() -> Result<()> {
    let sink = Sink::start().await?;
    let client = client(&sink);
    let id = open(&client, "many").await?;
    for number in 1..=1001 {
        put_part(&client, "many", &id, number).await?;
    }
    let list = client.list_parts().bucket(BUCKET).key("many").upload_id(&id);
    let parts = list.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await?;
    assert_eq!(parts.len(), 1001);
    assert_eq!(parts[1000].part_number, Some(1001));
    assert_eq!((parts[0].size, parts[0].checksum_crc64_nvme.as_deref()), (Some(9), Some(CHECKSUM)));
    Ok(())
}

#[tokio::test]
async fn an_aborted_upload_is_unknown() -> Result<()> {
    let sink = Sink::start().await?;
    let client = client(&sink);
    let id = open(&client, "given up").await?;
    client.abort_multipart_upload().bucket(BUCKET).key("given up").upload_id(&id).send().await?;
    let listed = client.list_parts().bucket(BUCKET).key("given up").upload_id(&id).send().await;
    let error = listed.err().context("it is still there")?;
    assert_eq!(error.into_service_error().meta().code(), Some("NoSuchUpload"));
    Ok(())
}

#[tokio::test]
async fn an_object_that_nobody_put_is_not_found() -> Result<()> {
    let sink = Sink::start().await?;
    let head = client(&sink).head_object().bucket(BUCKET).key("nothing").send().await;
    assert!(head.err().context("it is there")?.into_service_error().is_not_found());
    Ok(())
}

#[tokio::test]
async fn every_host_name_of_a_bucket_leads_to_it() -> Result<()> {
    let sink = Sink::start().await?;
    let mut browser = connect(&sink).await?;
    for (host, path) in [
        ("b.s3.eu-central-1.amazonaws.com", "/"),
        ("b.s3.dualstack.eu-central-1.amazonaws.com", "/"),
        ("b.s3-accelerate.amazonaws.com", "/"),
        ("b.s3-accelerate.dualstack.amazonaws.com", "/"),
        ("b.s3.cn-north-1.amazonaws.com.cn", "/"),
        ("s3.eu-central-1.amazonaws.com", "/b/"),
        ("s3.dualstack.eu-central-1.amazonaws.com", "/b/"),
    ] {
        let key = format!("by {host}");
        let put = format!(
            "PUT {path}{}?X-Amz-Signature=f HTTP/1.1\r\nhost: {host}\r\ncontent-length: 9\r\n\r\n123456789",
            key.replace(' ', "%20")
        );
        let answer = ask(&mut browser, &put).await?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(sink.object("b", &key).map(|object| object.size), Some(9), "{host}");
    }
    Ok(())
}

#[tokio::test]
async fn a_form_is_an_object_whose_checksum_was_computed() -> Result<()> {
    let sink = Sink::start().await?;
    let body = "--xYz\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nsmall.txt\r\n\
                --xYz\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n\
                --xYz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n\
                123456789\r\n--xYz--\r\n";
    let answer = ask(&mut connect(&sink).await?, &post(body)).await?;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let object = sink.object("b", "small.txt").context("no object")?;
    assert_eq!((object.size, object.checksum.as_deref()), (9, Some(CHECKSUM)));
    Ok(())
}

#[tokio::test]
async fn a_form_without_a_key_is_refused() -> Result<()> {
    let sink = Sink::start().await?;
    let body = "--xYz\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n1\r\n--xYz--\r\n";
    let answer = ask(&mut connect(&sink).await?, &post(body)).await?;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_browser_may_send_what_it_asks_for_and_see_the_answer() -> Result<()> {
    let sink = Sink::start().await?;
    let mut browser = connect(&sink).await?;
    let preflight = "OPTIONS /k?uploadId=1&partNumber=1 HTTP/1.1\r\nhost: b.s3.eu-central-1.amazonaws.com\r\n\
                     origin: http://127.0.0.1:4400\r\naccess-control-request-method: PUT\r\n\
                     access-control-request-headers: x-amz-checksum-crc64nvme\r\n\r\n";
    let answer = ask(&mut browser, preflight).await?;
    for header in [
        "access-control-allow-origin: http://127.0.0.1:4400",
        "access-control-allow-methods: PUT",
        "access-control-allow-headers: x-amz-checksum-crc64nvme",
        "access-control-max-age: 3600",
    ] {
        assert!(answer.contains(header), "{header} is missing: {answer}");
    }
    let probe =
        "GET /nearput-probe HTTP/1.1\r\nhost: b.s3.eu-central-1.amazonaws.com\r\norigin: http://127.0.0.1:4400\r\n\r\n";
    let answer = ask(&mut browser, probe).await?;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("access-control-expose-headers: ETag"), "{answer}");
    Ok(())
}

fn post(body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: b.s3.eu-central-1.amazonaws.com\r\n\
         content-type: multipart/form-data; boundary=xYz\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

type Tls = tokio_rustls::client::TlsStream<TcpStream>;

/// A connection of a client that offers HTTP/2 as well, as browsers do.
async fn connect(sink: &Sink) -> Result<Tls> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("b.s3.eu-central-1.amazonaws.com")?;
    let stream = TcpStream::connect(sink.https()).await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    ensure!(stream.get_ref().1.alpn_protocol() == Some(b"http/1.1"), "the sink speaks another HTTP than S3");
    Ok(stream)
}

/// Sends a request; gives the head of the answer and the beginning of its body.
async fn ask(stream: &mut Tls, request: &str) -> Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// As `--ignore-certificate-errors` has it.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
