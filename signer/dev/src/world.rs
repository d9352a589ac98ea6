//! Everything at once: embedded S3, signer and page, each at its own port and to be stopped on its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    EmbeddedS3, EmbeddedS3Options, PageOptions, PagePort, PageServer, SignerOptions, SignerServer, StorageNames,
    TestIssuer,
};

/// The bucket that a [`World`] uploads to.
pub const BUCKET: &str = "uploads";

/// How a world is set up; by default at free ports, with data that end with it.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    pub ports: Ports,
    /// Where the bucket is kept; without one, in a temporary folder.
    pub data: Option<PathBuf>,
    /// The folder that holds `index.html`.
    pub web: PathBuf,
    /// Where browsers find the storage; by default where it is, by two names.
    pub storage: Option<StorageNames>,
    /// Where the signer itself finds it; by default where it is.
    pub internal_storage: Option<String>,
    /// Whether the storage speaks TLS as well, at [`EmbeddedS3::tls_addr`].
    pub tls: bool,
    /// Whether the signer gives out temporary credentials, which the storage then takes.
    pub credentials: bool,
    /// Whether an OpenID Connect provider says who is calling. Else it is whoever shows the world's own token.
    pub issuer: bool,
    /// Origins of other pages that may upload as well.
    pub further_origins: Vec<String>,
    /// Further keys of the site in the signer's configuration, in TOML, such as `profile = { form = false }`.
    pub site_config: String,
    /// Further tables of the signer's configuration in TOML, such as `[limits]`.
    pub further_config: String,
}

/// On 127.0.0.1; 0 takes a free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    pub page: u16,
    pub signer: u16,
    pub s3: u16,
}

/// A page, its signer and its storage, on this machine. Each can be stopped and restarted on its own.
pub struct World {
    pub page: PageServer,
    pub signer: SignerServer,
    pub s3: EmbeddedS3,
    pub issuer: Option<TestIssuer>,
    token: String,
    _temporary: Option<TempDir>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            data: None,
            web: PathBuf::from("web"),
            storage: None,
            internal_storage: None,
            tls: false,
            credentials: false,
            issuer: false,
            further_origins: Vec::new(),
            site_config: String::new(),
            further_config: String::new(),
        }
    }
}

impl World {
    /// Starts all three. Fails with the name of the one that cannot start.
    pub async fn start(options: WorldOptions) -> Result<Self> {
        let temporary = if options.data.is_none() { Some(tempfile::tempdir()?) } else { None };
        let data = temporary.as_ref().map(|folder| folder.path().to_owned()).or(options.data).unwrap_or_default();
        let (access_key, secret_key) = ("nearput".to_owned(), random_text());
        let issuer =
            if options.issuer { Some(TestIssuer::start().await.context("the issuer has not started")?) } else { None };
        let token = match &issuer {
            Some(issuer) => issuer.token(json!({ "sub": "developer" })),
            None => random_text(),
        };

        let port = PagePort::open(local(options.ports.page)).await.context("the page has not started")?;
        let own = ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}", port.addr().port()));
        let allowed_origins = [own.to_vec(), options.further_origins].concat();
        let s3 = EmbeddedS3::start(EmbeddedS3Options {
            listen: local(options.ports.s3),
            listen_tls: options.tls.then(|| local(0)),
            data,
            buckets: vec![BUCKET.to_owned()],
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
            allowed_origins: allowed_origins.clone(),
        });
        let s3 = s3.await.context("the embedded S3 has not started")?;
        let own = || ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}", s3.addr().port())).to_vec();
        let storage = options.storage.unwrap_or_else(|| StorageNames::At(own()));
        let sources = storage.sources();
        let mut further_config = options.further_config;
        if options.credentials {
            let role = format!("role_arn = \"arn:aws:iam::1:role/browser\"\nendpoint = \"http://{}\"", s3.addr());
            further_config = format!("{further_config}\n[credentials]\n{role}\n");
        }
        if let Some(issuer) = &issuer {
            further_config = format!("{further_config}\n{}\n", issuer.config());
        }
        let signer = SignerServer::start(SignerOptions {
            listen: local(options.ports.signer),
            allowed_origins,
            storage,
            internal_storage: options.internal_storage.unwrap_or_else(|| format!("http://{}", s3.addr())),
            bucket: BUCKET.to_owned(),
            access_key,
            secret_key,
            token: issuer.is_none().then(|| token.clone()),
            ticket_key: random_text().into_bytes(),
            site_config: options.site_config,
            further_config,
        });
        let signer = signer.await.context("the signer has not started")?;
        let address = format!("http://{}", signer.addr());
        let page = PageOptions { web: options.web, signer: address, storage: sources, token: token.clone() };
        let page = PageServer::start(port, page).context("the page has not started")?;
        Ok(Self { page, signer, s3, issuer, token, _temporary: temporary })
    }

    /// Where a browser finds the page.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.page.addr())
    }

    /// Where a client finds the signer.
    pub fn signer_url(&self) -> String {
        format!("http://{}", self.signer.addr())
    }

    /// Whoever shows it may upload.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The file that holds an object's bytes, if there is such an object.
    pub fn object(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        self.s3.object(bucket, key)
    }

    /// How many multipart uploads have been neither completed nor aborted.
    pub fn open_uploads(&self) -> Result<usize> {
        self.s3.open_uploads()
    }

    /// Stops all three.
    pub async fn stop(mut self) {
        tokio::join!(self.page.stop(), self.signer.stop(), self.s3.stop());
        if let Some(mut issuer) = self.issuer {
            issuer.stop().await;
        }
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// 64 characters that nobody can guess.
fn random_text() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
