//! Where what was uploaded is read.

use nearput_api::Plan;
use nearput_signer::{BuildError, Config, DownloadsKeyError, Secrets, TicketKey, build};

use crate::client::send_part;
use crate::storage::Storage;
use crate::world::{Options, Signer, bytes, done, file, to_complete};

const KEY: &str = include_str!("../../src/downloads/test_key_pkcs8.pem");
const SIGNED: &str = "[downloads]\ndomain = 'd111111abcdef8.cloudfront.net'\nkey_pair_id = 'K2JCJMDEHXQW5F'\n";

/// The address of an object that was uploaded to the site `local`.
async fn download_url(tables: &str) -> String {
    let storage = Storage::start().await;
    let options = Options { tables: tables.to_owned(), downloads_key: Some(KEY.to_owned()), ..Options::default() };
    let signer = Signer::start(storage.address, options).await;
    let content = bytes(10);
    let opened = signer.open(file(&content, Plan::Put)).await;
    send_part(&opened.parts[0], &content).await;
    let completed = done(signer.complete(to_complete(&opened, &content, Vec::new())).await);
    completed.download_url.replace(&opened.key.replace('ü', "%C3%BC"), "KEY")
}

#[tokio::test]
async fn an_object_is_read_through_cloudfront_where_that_has_it_and_else_from_its_bucket() {
    let signed = download_url(SIGNED).await;
    assert!(signed.starts_with("https://d111111abcdef8.cloudfront.net/KEY?Expires="), "{signed}");
    assert!(signed.ends_with("&Key-Pair-Id=K2JCJMDEHXQW5F&Hash-Algorithm=SHA256"), "{signed}");
    assert!(!signed.contains("X-Amz-"), "{signed}");

    let public = SIGNED.replace("key_pair_id", "# key_pair_id");
    assert_eq!(download_url(&public).await, "https://d111111abcdef8.cloudfront.net/KEY");

    let elsewhere =
        format!("{SIGNED}sites = ['far']\n[[sites]]\nid = 'far'\nregion = 'eu-central-1'\nbucket = 'far-away'\n");
    let of_the_bucket = download_url(&elsewhere).await;
    assert!(of_the_bucket.contains("/uploads/KEY?X-Amz-Algorithm="), "{of_the_bucket}");
}

#[tokio::test]
async fn a_signer_that_could_not_sign_for_its_distribution_does_not_start() {
    let config = format!("listen = '127.0.0.1:0'\n{SIGNED}[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'");
    let start = async |downloads_key: Option<&str>| {
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "k".to_owned(), secret: vec![0; 32] }],
            development_token: Some("let me in".to_owned()),
            downloads_key: downloads_key.map(str::to_owned),
            ..Secrets::default()
        };
        build(Config::parse(&config).expect("a configuration"), secrets).await.map(|_| ())
    };
    let error = start(None).await.expect_err("there is no key");
    assert!(error.to_string().contains("NEARPUT_DOWNLOADS_PRIVATE_KEY"), "{error}");
    let error = start(Some("hush")).await.expect_err("it is no key");
    assert!(matches!(error, BuildError::DownloadsKey(DownloadsKeyError::NotPem)), "{error}");
    assert!(!error.to_string().contains("hush"), "{error}");
    start(Some(KEY)).await.expect("the key");
}
