//! Everything at once: sites, each an embedded S3 and a signer, and the page; each at its own port and to be stopped on its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::running::local;
use crate::site::{Begun, SitePorts};
use crate::{
    Command, Demo, EmbeddedS3Options, PageOptions, PagePort, PageServer, Place, SignerOptions, SignerServer,
    SignerSite, Site, SiteOptions, Surroundings, TestIssuer, Visitor,
};

/// How a world is set up; by default with one site, at free ports, with data that end with it.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    pub ports: Ports,
    /// Where the buckets are kept; without one, in a temporary folder.
    pub data: Option<PathBuf>,
    /// The folder that holds `index.html`.
    pub web: PathBuf,
    /// At least one.
    pub sites: Vec<SiteOptions>,
    /// Whoever looks at the page from a distance; without one, all is on this machine. Only where there is one do signers know of
    /// each other.
    pub visitor: Option<Visitor>,
    /// After how long an object is copied to every other site; without it, none ever is.
    pub replication: Option<Duration>,
    /// Whether the storages speak TLS as well, at [`EmbeddedS3::tls_addr`](crate::EmbeddedS3::tls_addr).
    pub tls: bool,
    /// Whether the signers give out temporary credentials, which the storage of the first site then takes.
    pub credentials: bool,
    /// Whether an OpenID Connect provider says who is calling. Else it is whoever shows the world's own token.
    pub issuer: bool,
    /// Origins of other pages that may upload as well.
    pub further_origins: Vec<String>,
    /// Further tables of the signers' configuration in TOML, such as `[limits]`.
    pub further_config: String,
}

/// On 127.0.0.1; 0 takes free ones. Where there is a visitor, those of a site are the near ends of its lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    pub page: u16,
    /// Of the first site: a port for its signer, and two for its storage; those of the next site follow.
    pub sites: u16,
}

/// A page and what it uploads to, on this machine.
pub struct World {
    pub page: PageServer,
    /// In the order of the options.
    pub sites: Vec<Site>,
    pub issuer: Option<TestIssuer>,
    token: String,
    place: Option<Place>,
    _temporary: Option<TempDir>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            data: None,
            web: PathBuf::from("web"),
            sites: vec![SiteOptions::default()],
            visitor: None,
            replication: None,
            tls: false,
            credentials: false,
            issuer: false,
            further_origins: Vec::new(),
            further_config: String::new(),
        }
    }
}

impl World {
    /// Starts all of it. Fails with the name of what cannot start.
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
        let mut begun = Vec::new();
        for (site, ports) in options.sites.into_iter().zip(options.ports.of_sites()) {
            let s3 = EmbeddedS3Options {
                listen: local(if options.visitor.is_some() { 0 } else { ports.s3[0] }),
                listen_tls: options.tls.then(|| local(0)),
                data: data.join(&site.id),
                buckets: vec![site.bucket.clone()],
                access_key: access_key.clone(),
                secret_key: secret_key.clone(),
                allowed_origins: allowed_origins.clone(),
            };
            begun.push((Begun::start(site, s3, options.visitor, ports).await?, ports));
        }

        let known: Vec<SignerSite> = begun.iter().map(|(site, _)| site.for_signers()).collect();
        let signers: Vec<String> = begun.iter().filter_map(|(site, _)| site.signer_line()).collect();
        let mut further_config = options.further_config;
        if options.credentials {
            let endpoint = begun.first().map(|(site, _)| site.s3.addr()).context("a world has a site")?;
            let role = format!("role_arn = \"arn:aws:iam::1:role/browser\"\nendpoint = \"http://{endpoint}\"");
            further_config = format!("{further_config}\n[credentials]\n{role}\n");
        }
        if let Some(issuer) = &issuer {
            further_config = format!("{further_config}\n{}\n", issuer.config());
        }
        let ticket_key = random_text().into_bytes();
        let mut sites = Vec::new();
        for ((site, ports), SignerSite { id, .. }) in begun.into_iter().zip(&known) {
            let signer = SignerServer::start(SignerOptions {
                listen: local(if options.visitor.is_some() { 0 } else { ports.signer }),
                allowed_origins: allowed_origins.clone(),
                sites: known.clone(),
                home: id.clone(),
                signers: signers.clone(),
                access_key: access_key.clone(),
                secret_key: secret_key.clone(),
                token: issuer.is_none().then(|| token.clone()),
                ticket_key: ticket_key.clone(),
                further_config: further_config.clone(),
            });
            sites.push(site.finish(signer.await.context("the signer has not started")?)?);
        }
        if let Some(delay) = options.replication {
            replicate(&sites, delay);
        }

        let storages = known.iter().flat_map(|site| site.storage.sources());
        let sources = sites.iter().map(Site::signer_url).chain(storages).collect();
        let place = options.visitor.map(|visitor| visitor.place);
        let page = PageOptions { web: options.web, demo: demo(&sites, place, &token), sources };
        let page = PageServer::start(port, page).context("the page has not started")?;
        Ok(Self { page, sites, issuer, token, place, _temporary: temporary })
    }

    /// Where a browser finds the page.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.page.addr())
    }

    /// Where a client finds a signer: the nearest one that is not down, as a latency-routed name with health checks would have it.
    pub fn signer_url(&self) -> String {
        signer_url(&self.sites, self.place)
    }

    /// Whoever shows it may upload.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The file that holds an object's bytes, if there is such an object.
    pub fn object(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        self.sites.iter().find_map(|site| site.s3.object(bucket, key))
    }

    /// How many multipart uploads have been neither completed nor aborted.
    pub fn open_uploads(&self) -> Result<usize> {
        self.sites.iter().map(|site| site.s3.open_uploads()).sum()
    }

    /// The visitor goes to another place.
    pub fn move_to(&mut self, place: Place) -> Result<()> {
        self.sites.iter().try_for_each(|site| site.is_seen_from(place))?;
        self.place = self.place.map(|_| place);
        self.tell_page();
        Ok(())
    }

    /// Does what the page's controls ask for, until the page's server is stopped.
    pub async fn obey(&mut self) -> Result<()> {
        while let Some(asked) = self.page.asked().await {
            let is_done = match asked.command.clone() {
                Command::Place(place) => self.place.is_some() && self.move_to(place).map(|()| true)?,
                Command::Down { site, down } => self.set_down(&site, down).await?,
            };
            self.tell_page();
            asked.answer(is_done);
        }
        Ok(())
    }

    /// Whether there is such a site.
    async fn set_down(&mut self, id: &str, down: bool) -> Result<bool> {
        let Some(site) = self.sites.iter_mut().find(|site| site.id == id) else { return Ok(false) };
        if down {
            site.take_down().await?
        } else {
            site.bring_back().await?
        }
        Ok(true)
    }

    fn tell_page(&self) {
        self.page.tell(demo(&self.sites, self.place, &self.token));
    }

    /// Stops all of it.
    pub async fn stop(mut self) {
        self.page.stop().await;
        for site in &mut self.sites {
            tokio::join!(site.signer.stop(), site.s3.stop());
        }
        if let Some(mut issuer) = self.issuer {
            issuer.stop().await;
        }
    }
}

impl Ports {
    fn of_sites(self) -> impl Iterator<Item = SitePorts> {
        let port = move |index| if self.sites == 0 { 0 } else { self.sites + index };
        (0..).map(move |site| SitePorts { signer: port(3 * site), s3: [port(3 * site + 1), port(3 * site + 2)] })
    }
}

/// Every site to every other one.
fn replicate(sites: &[Site], delay: Duration) {
    for site in sites {
        let others = sites.iter().filter(|other| other.id != site.id);
        site.s3.replicate_to(others.map(|other| other.s3.destination(&other.bucket)).collect(), delay);
    }
}

fn demo(sites: &[Site], place: Option<Place>, token: &str) -> Demo {
    let world = place.map(|place| Surroundings { place, sites: sites.iter().map(Site::shown).collect() });
    Demo { signer: signer_url(sites, place), token: token.to_owned(), world }
}

fn signer_url(sites: &[Site], place: Option<Place>) -> String {
    let distance = |site: &&Site| (site.is_down(), place.and_then(|place| place.round_trip_to(&site.region)));
    sites.iter().min_by_key(distance).map(Site::signer_url).unwrap_or_default()
}

/// 64 characters that nobody can guess.
fn random_text() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
