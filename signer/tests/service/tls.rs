//! The signer with a certificate of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Request, Version};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use nearput_api::path;
use nearput_signer::{Config, Secrets, SiteCredentials, TicketKey, build};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::raw::Raw;
use crate::storage::Storage;
use crate::world::{Options, Signer};

/// Writes a certificate for `localhost` and its key, as `certificate.pem` and `key.pem`.
pub(crate) fn certify(directory: &Path) -> CertificateDer<'static> {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let pem = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
    };
    let certificate = pem("CERTIFICATE", certified.cert.der());
    std::fs::write(directory.join("certificate.pem"), certificate).expect("written");
    let key = pem("PRIVATE KEY", &certified.signing_key.serialize_der());
    std::fs::write(directory.join("key.pem"), key).expect("written");
    certified.cert.der().clone()
}

fn tables(directory: &Path) -> String {
    let file = |name| directory.join(name).to_str().expect("text").to_owned();
    format!("[server.tls]\ncertificate = '{}'\nkey = '{}'", file("certificate.pem"), file("key.pem"))
}

async fn start() -> (TempDir, CertificateDer<'static>, Storage, Signer) {
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = certify(directory.path());
    let storage = Storage::start().await;
    let options = Options { tables: tables(directory.path()), ..Options::default() };
    let signer = Signer::start(storage.address, options).await;
    (directory, certificate, storage, signer)
}

/// Fails where the signer shows another certificate.
async fn connect(
    signer: &Signer,
    certificate: &CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(signer.address).await.expect("connects");
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().expect("a name"), stream).await
}

#[tokio::test]
async fn both_versions_are_spoken_as_the_client_likes_it() {
    let (_directory, certificate, _storage, signer) = start().await;
    let request = || {
        let builder = Request::get(format!("https://localhost{}", path::HEALTH)).header("host", "localhost");
        builder.body(Empty::<Bytes>::new()).expect("a request")
    };

    let stream = TokioIo::new(connect(&signer, &certificate, "h2").await.expect("a handshake"));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.expect("a handshake");
    tokio::spawn(connection);
    let response = sender.send_request(request()).await.expect("an answer");
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
    assert_eq!(response.headers()["strict-transport-security"], "max-age=63072000");

    let stream = TokioIo::new(connect(&signer, &certificate, "http/1.1").await.expect("a handshake"));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.expect("a handshake");
    tokio::spawn(connection);
    let response = sender.send_request(request()).await.expect("an answer");
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_11, 200));
}

#[tokio::test]
async fn a_client_that_does_not_greet_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    certify(directory.path());
    let storage = Storage::start().await;
    let tables = format!("[server]\nheader_timeout = '1s'\n{}", tables(directory.path()));
    let signer = Signer::start(storage.address, Options { tables, ..Options::default() }).await;
    assert_eq!(Raw::connect(signer.address).await.talk_slowly(b"\x16\x03\x01\x02\x00\x01").await, "");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let (directory, first, _storage, signer) = start().await;
    connect(&signer, &first, "h2").await.expect("the first");

    std::fs::write(directory.path().join("certificate.pem"), "rubbish").expect("written");
    tokio::time::sleep(Duration::from_secs(3)).await;
    connect(&signer, &first, "h2").await.expect("still the first");

    let second = certify(directory.path());
    let renewed = async {
        while connect(&signer, &second, "h2").await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("renewed");
    assert!(connect(&signer, &first, "h2").await.is_err());
}

#[tokio::test]
async fn a_signer_without_a_good_certificate_does_not_start_and_names_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let other = tempfile::tempdir().expect("a directory");
    certify(directory.path());
    certify(other.path());
    let (certificate, key) = (directory.path().join("certificate.pem"), directory.path().join("key.pem"));
    let other_key = std::fs::read(other.path().join("key.pem")).expect("a key");
    for (file, content, named) in [
        (&key, &other_key[..], "do not go together"),
        (&key, b"rubbish", "key.pem holds no private key"),
        (&certificate, b"", "certificate.pem holds no certificate"),
    ] {
        std::fs::write(file, content).expect("written");
        let error = start_with(&tables(directory.path())).await;
        assert!(error.contains(named), "{error}");
    }
    std::fs::remove_file(&certificate).expect("removed");
    assert!(start_with(&tables(directory.path())).await.contains("cannot be read"));
}

async fn start_with(tables: &str) -> String {
    let config = format!(
        "listen = '127.0.0.1:0'\n[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'
        credentials = 'environment'\nendpoint = 'http://127.0.0.1:9'\n{tables}"
    );
    let credentials =
        SiteCredentials { access_key_id: "a".to_owned(), secret_access_key: "b".to_owned(), session_token: None };
    let secrets = Secrets {
        ticket_keys: vec![TicketKey { id: "k".to_owned(), secret: vec![0; 32] }],
        development_token: Some("token".to_owned()),
        site_credentials: [("a".to_owned(), credentials)].into(),
        ..Secrets::default()
    };
    build(Config::parse(&config).expect("valid"), secrets).await.expect_err("refused").to_string()
}
