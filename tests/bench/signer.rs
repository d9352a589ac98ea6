//! The signer of a site on AWS, which itself reaches the sink by a shorter way.

use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;

use anyhow::Result;
use nearput_signer::{Config, Secrets, SiteCredentials, TicketKey, build};
use tokio::task::JoinHandle;

use crate::scene::{BUCKET, REGION};

const SITE: &str = "bench";
pub(crate) const TOKEN: &str = "the token of the benchmarks";

/// A running signer. It ends with the value.
pub(crate) struct Signer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Signer {
    /// Serves pages of `origin`, with `checksum` as a site's profile has it.
    pub(crate) async fn start(storage: SocketAddr, origin: &str, checksum: &str) -> Result<Self> {
        let config = Config::parse(&format!(
            "listen = '127.0.0.1:0'
             allowed_origins = ['{origin}']
             [[sites]]
             id = '{SITE}'
             region = '{REGION}'
             bucket = '{BUCKET}'
             internal_endpoint = 'http://{storage}'
             credentials = 'environment'
             profile = {{ checksum = '{checksum}' }}"
        ))?;
        let credentials = SiteCredentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "1".to_owned(), secret: vec![7; 32] }],
            development_token: Some(TOKEN.to_owned()),
            site_credentials: BTreeMap::from([(SITE.to_owned(), credentials)]),
            ..Secrets::default()
        };
        let server = build(config, secrets).await?;
        let address = server.local_addr();
        let serving = tokio::spawn(async move {
            let _ = server.run(pending()).await;
        });
        Ok(Self { address, serving })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
