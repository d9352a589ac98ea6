//! One site of a world: a bucket, the signer of its region, and the lines that lead a visitor to both.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::running::local;
use crate::{
    DistanceProxy, EmbeddedS3, EmbeddedS3Options, Line, LinePort, Place, ShownPath, ShownSite, SignerServer,
    SignerSite, StorageNames,
};

/// The bucket of a world that has one site.
pub const BUCKET: &str = "uploads";

/// How a site is set up; by default as the only one.
#[derive(Debug, Clone)]
pub struct SiteOptions {
    pub id: String,
    pub region: String,
    pub bucket: String,
    /// Where browsers find the storage; by default where it is, by two names.
    pub storage: Option<StorageNames>,
    /// Where signers find it; by default where it is.
    pub internal_storage: Option<String>,
    /// Further keys of the site in the signers' configuration, in TOML, such as `profile = { form = false }`.
    pub config: String,
}

/// Who looks at the page, and by lines of which width.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    pub place: Place,
    /// The most bytes of a connection that are under way.
    pub window: usize,
}

/// A bucket, the signer of its region, and the lines to both. Each can be stopped and restarted on its own.
pub struct Site {
    pub id: String,
    pub region: String,
    pub bucket: String,
    pub s3: EmbeddedS3,
    pub signer: SignerServer,
    /// Where the world has a visitor.
    pub lines: Option<Lines>,
}

/// The lines of a visitor to one site.
pub struct Lines {
    /// To the storage, by two names.
    pub storage: [DistanceProxy; 2],
    pub signer: DistanceProxy,
}

/// A site whose storage is there, and whose signer is not.
pub(crate) struct Begun {
    options: SiteOptions,
    pub(crate) s3: EmbeddedS3,
    lines: Option<BegunLines>,
}

struct BegunLines {
    line: Line,
    storage: [DistanceProxy; 2],
    signer: LinePort,
}

/// Ports of a site's own servers and, where there is a visitor, of the lines to them; 0 takes a free one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SitePorts {
    pub(crate) signer: u16,
    pub(crate) s3: [u16; 2],
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            id: "local".to_owned(),
            region: "us-east-1".to_owned(),
            bucket: BUCKET.to_owned(),
            storage: None,
            internal_storage: None,
            config: String::new(),
        }
    }
}

impl SiteOptions {
    /// One of several in a region.
    pub fn new(id: &str, region: &str) -> Self {
        Self { id: id.to_owned(), region: region.to_owned(), bucket: format!("{BUCKET}-{id}"), ..Self::default() }
    }

    /// Tokyo, Virginia and Ireland.
    pub fn three() -> Vec<Self> {
        vec![
            Self::new("tokyo", "ap-northeast-1"),
            Self::new("virginia", "us-east-1"),
            Self::new("ireland", "eu-west-1"),
        ]
    }
}

impl Begun {
    /// Starts the storage, and the lines to it.
    pub(crate) async fn start(
        options: SiteOptions,
        s3: EmbeddedS3Options,
        visitor: Option<Visitor>,
        ports: SitePorts,
    ) -> Result<Self> {
        let s3 = EmbeddedS3::start(s3).await.context("the embedded S3 has not started")?;
        let lines = visitor.map(|visitor| BegunLines::start(visitor, &options.region, &s3, ports)).transpose()?;
        Ok(Self { options, s3, lines })
    }

    /// What signers know of it.
    pub(crate) fn for_signers(&self) -> SignerSite {
        let SiteOptions { id, region, bucket, storage, internal_storage, config } = self.options.clone();
        let of_lines = |lines: &BegunLines| lines.storage.each_ref().map(DistanceProxy::url);
        let own = || ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}", self.s3.addr().port()));
        let names = || self.lines.as_ref().map_or_else(own, of_lines).to_vec();
        SignerSite {
            id,
            region,
            bucket,
            storage: storage.unwrap_or_else(|| StorageNames::At(names())),
            internal_storage: internal_storage.unwrap_or_else(|| format!("http://{}", self.s3.addr())),
            config,
        }
    }

    /// Where visitors will find its signer, if there is a line to it.
    pub(crate) fn signer_line(&self) -> Option<String> {
        self.lines.as_ref().map(|lines| format!("http://{}", lines.signer.addr()))
    }

    pub(crate) fn finish(self, signer: SignerServer) -> Result<Site> {
        let with_signer = |BegunLines { line, storage, signer: port }: BegunLines| {
            Ok::<_, anyhow::Error>(Lines { storage, signer: port.lead_to(signer.addr(), line)? })
        };
        let lines = self.lines.map(with_signer).transpose()?;
        let SiteOptions { id, region, bucket, .. } = self.options;
        Ok(Site { id, region, bucket, s3: self.s3, signer, lines })
    }
}

impl BegunLines {
    fn start(Visitor { place, window }: Visitor, region: &str, s3: &EmbeddedS3, ports: SitePorts) -> Result<Self> {
        let line = Line { round_trip: distance(place, region)?, window };
        let lead = |port| LinePort::open(local(port))?.lead_to(s3.addr(), line);
        let storage = [lead(ports.s3[0])?, lead(ports.s3[1])?];
        Ok(Self { line, storage, signer: LinePort::open(local(ports.signer))? })
    }
}

impl Site {
    /// The whole region goes down: bucket and signer, and whoever is connected to them.
    pub async fn take_down(&mut self) -> Result<()> {
        if let Some(Lines { storage: [one, other], signer }) = &mut self.lines {
            tokio::try_join!(one.stop(), other.stop(), signer.stop())?;
        }
        tokio::join!(self.s3.stop(), self.signer.stop());
        Ok(())
    }

    /// It is there again, with all that it had stored.
    pub async fn bring_back(&mut self) -> Result<()> {
        self.s3.restart().await?;
        self.signer.restart().await?;
        self.lines.as_mut().map_or(Ok(()), |lines| lines.all_mut().into_iter().try_for_each(DistanceProxy::restart))
    }

    /// Whether a health check of its signer would fail.
    pub fn is_down(&self) -> bool {
        !self.signer.is_running()
    }

    /// The visitor is at this place now.
    pub(crate) fn is_seen_from(&self, place: Place) -> Result<()> {
        if let Some(Lines { storage: [one, other], signer }) = &self.lines {
            let round_trip = distance(place, &self.region)?;
            [one, other, signer].into_iter().for_each(|line| line.set_round_trip(round_trip));
        }
        Ok(())
    }

    /// What the page is told of it.
    pub(crate) fn shown(&self) -> ShownSite {
        let path = |line: &DistanceProxy| ShownPath { host: line.addr().to_string(), sent: line.meter() };
        let paths = self.lines.iter().flat_map(|lines| &lines.storage).map(path).collect();
        ShownSite { id: self.id.clone(), region: self.region.clone(), down: self.is_down(), paths }
    }

    /// Where a visitor finds its signer.
    pub fn signer_url(&self) -> String {
        let own = || format!("http://{}", self.signer.addr());
        self.lines.as_ref().map_or_else(own, |lines| lines.signer.url())
    }
}

impl Lines {
    fn all_mut(&mut self) -> [&mut DistanceProxy; 3] {
        let [one, other] = &mut self.storage;
        [one, other, &mut self.signer]
    }
}

fn distance(place: Place, region: &str) -> Result<Duration> {
    place
        .round_trip_to(region)
        .with_context(|| format!("how far {region} is from {place:?} is not known: see place.rs"))
}
