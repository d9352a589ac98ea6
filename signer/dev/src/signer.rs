//! The signer, as its binary runs it, but in this process.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use nearput_signer::{Config, Secrets, SiteCredentials, TicketKey, build};

use crate::SiteOptions;
use crate::running::Running;

/// How a signer is set up.
#[derive(Debug, Clone)]
pub struct SignerOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The origins of the pages that may ask, such as `http://127.0.0.1:4400`.
    pub allowed_origins: Vec<String>,
    /// At least one.
    pub sites: Vec<SignerSite>,
    /// The id of the site that it prefers.
    pub home: String,
    /// The addresses of all signers of these sites; none where there is but this one.
    pub signers: Vec<String>,
    /// Of every site.
    pub access_key: String,
    pub secret_key: String,
    /// Whoever shows it may upload. None where the configuration has issuers.
    pub token: Option<String>,
    /// 32 bytes at least.
    pub ticket_key: Vec<u8>,
    /// Further tables of the signer's configuration in TOML, such as `[limits]`.
    pub further_config: String,
}

/// A bucket that a signer signs for.
#[derive(Debug, Clone)]
pub struct SignerSite {
    pub id: String,
    pub region: String,
    pub bucket: String,
    /// Where browsers find the storage.
    pub storage: StorageNames,
    /// Where the signer itself finds it, such as `http://127.0.0.1:4402`.
    pub internal_storage: String,
    /// Further keys of the site in TOML, such as `profile = { form = false }`.
    pub config: String,
}

/// The addresses by which browsers find the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageNames {
    /// Such as `http://127.0.0.1:4402`: one path each. At least one.
    At(Vec<String>),
    /// Those that AWS gives the bucket, for browsers that are led from there to this machine.
    Aws,
}

/// A signer on this machine.
pub struct SignerServer {
    /// What is changed here counts from the next restart on.
    pub options: SignerOptions,
    running: Option<Running>,
}

impl SignerServer {
    /// Starts to serve. Fails where the port is taken or the configuration is refused.
    pub async fn start(options: SignerOptions) -> Result<Self> {
        let mut server = Self { options, running: None };
        server.serve().await?;
        Ok(server)
    }

    /// Where it listens, also while it is stopped.
    pub fn addr(&self) -> SocketAddr {
        self.options.listen
    }

    /// Whether it serves now.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Drops every connection and frees the port.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Serves again at the same address, after a stop. Tickets stay valid.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.serve().await
    }

    async fn serve(&mut self) -> Result<()> {
        let running = Running::new()?;
        let signer = running.run(build(self.options.config()?, self.options.secrets())).await?;
        self.options.listen = signer.local_addr();
        running.handle().spawn(signer.run(std::future::pending()));
        self.running = Some(running);
        Ok(())
    }
}

impl SignerOptions {
    fn config(&self) -> Result<Config> {
        // A string's and a list's debug forms are TOML as well.
        let Self { allowed_origins, home, signers, further_config, .. } = self;
        let sites: String = self.sites.iter().map(SignerSite::config).collect();
        let text = format!(
            "listen = {listen:?}\n\
             allowed_origins = {allowed_origins:?}\n\
             home = {home:?}\n\
             signers = {signers:?}\n\
             {sites}\
             {further_config}",
            listen = self.listen.to_string(),
        );
        Config::parse(&text).context("the signer refuses its configuration")
    }

    fn secrets(&self) -> Secrets {
        let credentials = SiteCredentials {
            access_key_id: self.access_key.clone(),
            secret_access_key: self.secret_key.clone(),
            session_token: None,
        };
        Secrets {
            ticket_keys: vec![TicketKey { id: "1".to_owned(), secret: self.ticket_key.clone() }],
            development_token: self.token.clone(),
            site_credentials: self.sites.iter().map(|site| (site.id.clone(), credentials.clone())).collect(),
            ..Secrets::default()
        }
    }
}

impl SignerSite {
    /// The only one: the bucket [`BUCKET`](crate::BUCKET).
    pub fn only(storage: StorageNames, internal_storage: String) -> Self {
        let SiteOptions { id, region, bucket, config, .. } = SiteOptions::default();
        Self { id, region, bucket, storage, internal_storage, config }
    }

    fn config(&self) -> String {
        let Self { id, region, bucket, internal_storage, config, .. } = self;
        format!(
            "[[sites]]\n\
             id = {id:?}\n\
             region = {region:?}\n\
             bucket = {bucket:?}\n\
             internal_endpoint = {internal_storage:?}\n\
             credentials = \"environment\"\n\
             {names}\n\
             {config}\n",
            names = self.storage.config(),
        )
    }
}

impl StorageNames {
    /// The sources of a content security policy that lets a page reach them.
    pub(crate) fn sources(&self) -> Vec<String> {
        match self {
            Self::At(addresses) => addresses.clone(),
            Self::Aws => vec!["https://*.amazonaws.com".to_owned()],
        }
    }

    fn config(&self) -> String {
        match self {
            Self::At(addresses) => {
                let (first, further) = addresses.split_at(addresses.len().min(1));
                format!("endpoint = {:?}\nfurther_endpoints = {further:?}", first.concat())
            }
            Self::Aws => String::new(),
        }
    }
}
