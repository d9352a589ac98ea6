//! Credentials for browsers, where no service has to be asked for them. What STS gives is tested in front of STS.

use nearput_api::{AskCredentials, Credentials, ErrorCode, Plan, Sites, path};

use crate::storage::{ACCESS_KEY, BUCKET, SECRET_KEY};
use crate::world::{Signer, bytes, file};

fn config(credentials: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\n{credentials}\n[[sites]]\nid = 'local'\nregion = 'auto'\nbucket = '{BUCKET}'
        credentials = 'environment'\nendpoint = 'https://acc0.r2.cloudflarestorage.com'\nprofile.form = false"
    )
}

#[tokio::test]
async fn on_r2_an_upload_has_credentials_for_its_own_prefix() {
    let signer = Signer::of(&config("credentials = { kind = 'r2', duration = '15m' }"), SECRET_KEY, None).await;
    let sites: Sites = signer.call(path::SITES, &serde_json::json!({})).await.json();
    assert!(sites.sites[0].credentials);
    let opened = signer.open(file(&bytes(1), Plan::Put)).await;
    let given: Credentials = signer.call(path::CREDENTIALS, &AskCredentials { ticket: opened.ticket }).await.json();
    assert!(opened.key.starts_with(&given.prefix) && given.prefix.ends_with('/'), "{}", given.prefix);
    assert_eq!((given.region.as_str(), given.access_key_id.as_str()), ("auto", ACCESS_KEY));
    assert!((899_000..=900_000).contains(&(given.expires_at - given.server_time)));
    assert!(given.secret_access_key.len() == 64 && given.secret_access_key != SECRET_KEY);
    assert!(!given.session_token.is_empty());
}

#[tokio::test]
async fn without_the_table_there_are_none() {
    let signer = Signer::of(&config(""), SECRET_KEY, None).await;
    let sites: Sites = signer.call(path::SITES, &serde_json::json!({})).await.json();
    assert!(!sites.sites[0].credentials);
    let opened = signer.open(file(&bytes(1), Plan::Put)).await;
    let refused = signer.call(path::CREDENTIALS, &AskCredentials { ticket: opened.ticket }).await;
    assert_eq!(refused.error(), (403, ErrorCode::Forbidden));
}
