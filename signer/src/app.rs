//! What all calls share: sites, tickets, limits, and who may call.

mod connect;
mod find;

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::Credentials;
use nearput_api::{OpenFile, PartToSign, PathKind, RenewedTicket, Routing};
use tokio::sync::Semaphore;

use crate::auth::{Authenticator, Caller, DevelopmentToken, Issuers, Proof};
use crate::config::{self, Config, Secrets, TicketKey};
use crate::downloads::{Downloads, DownloadsKeyError};
use crate::error::Error;
use crate::key::ObjectKey;
use crate::limits::{Limiter, Who};
use crate::metrics::Metrics;
use crate::policy::{Level, Policy};
use crate::presign::{PresignError, Presigner};
use crate::readiness::Readiness;
use crate::replication::Watch;
use crate::routing::Path;
use crate::sealer::{Opened, Sealer, TicketError};
use crate::server::TlsError;
use crate::site::Site;
use crate::ticket::Ticket;
use crate::upload::Upload;
use crate::webhooks::Webhooks;

pub(crate) use connect::connect_all;

/// RFC 7518 §3.2: a key for HS256 is no shorter than its hash.
const MIN_TICKET_KEY_BYTES: usize = 32;

/// As many as a page names for a few hundred large files.
const MAX_PARTS_PER_OPEN: u32 = 4000;

/// The configured signer.
pub(crate) struct App {
    pub(crate) authenticator: Authenticator,
    pub(crate) sealer: Sealer,
    pub(crate) policy: Policy,
    pub(crate) sites: Vec<Site>,
    /// How browsers choose among them.
    pub(crate) routing: Routing,
    /// The addresses of all signers of this configuration.
    pub(crate) signers: Vec<String>,
    /// The most parts of an upload that one call may have signed.
    pub(crate) max_parts_per_call: u32,
    pub(crate) webhooks: Webhooks,
    pub(crate) metrics: Metrics,
    /// Who shows it may read what is counted; without one, nobody.
    pub(crate) metrics_token: Option<String>,
    pub(crate) readiness: Readiness,
    pub(crate) limiter: Arc<Limiter>,
    /// One for each call that may be in work.
    pub(crate) places: Arc<Semaphore>,
    /// How long the body of a call may take.
    pub(crate) body_timeout: Duration,
    signing_expires: Duration,
    downloads: Option<Downloads>,
    /// The copies that were asked for.
    pub(crate) copies: Arc<Watch>,
}

/// Why a signer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the signer cannot listen at {address}: {problem}")]
    Listen { address: SocketAddr, problem: io::Error },
    #[error("the signer cannot speak TLS: {0}")]
    Tls(#[from] TlsError),
    #[error("the Redis of `limits.redis` cannot be used: {0}")]
    Redis(redis::RedisError),
    #[error("there is no ticket key; set NEARPUT_TICKET_KEYS")]
    NoTicketKey,
    #[error("the ticket key `{id}` has fewer than {MIN_TICKET_KEY_BYTES} bytes; make one of random bytes")]
    ShortTicketKey { id: String },
    #[error("the ticket key `{id}` is there twice; give each key its own id")]
    TicketKeyTwice { id: String },
    #[error("nobody could call the signer; add an [[issuers]] table, or set NEARPUT_DEVELOPMENT_TOKEN")]
    NoAuthenticator,
    #[error("there are [[issuers]], and NEARPUT_DEVELOPMENT_TOKEN would let in whoever knows it; unset it")]
    DevelopmentTokenBesideIssuers,
    #[error("there are no credentials for the site `{site}`; set its NEARPUT_SITE_… variables")]
    NoCredentials { site: String },
    #[error(
        "the key in NEARPUT_DOWNLOADS_PRIVATE_KEY cannot sign for [downloads]: {0}; write the RSA key of its key_pair_id"
    )]
    DownloadsKey(#[from] DownloadsKeyError),
}

impl App {
    /// Goes on with what `before` has counted and fetched.
    pub(crate) async fn new(config: Config, mut secrets: Secrets, before: Option<&Self>) -> Result<Self, BuildError> {
        let metrics = before.map_or_else(Metrics::new, |before| before.metrics.clone());
        check_ticket_keys(&secrets.ticket_keys)?;
        let authenticator = authenticator(config.issuers.clone(), config.allow_anonymous, &mut secrets, before)?;
        let policy = Policy::new(&config);
        let downloads_key = secrets.downloads_key.take();
        let downloads = config.downloads.clone().map(|downloads| Downloads::new(downloads, downloads_key.as_deref()));
        let redis_password = secrets.redis_password.take();
        let limiter = Limiter::new(
            &config.limits,
            config.tickets.lifetime,
            redis_password.as_deref(),
            before.map(|before| &*before.limiter),
        )?;
        let sites = connect_all(&config, &mut secrets, &metrics).await?;
        Ok(Self {
            webhooks: Webhooks::new(&config.webhooks, secrets.webhook_secrets),
            metrics,
            metrics_token: secrets.metrics_token,
            readiness: Readiness::default(),
            authenticator,
            sealer: Sealer::new(secrets.ticket_keys, &config.tickets),
            policy,
            sites,
            routing: config.routing,
            signers: config.signers.iter().map(ToString::to_string).collect(),
            max_parts_per_call: config.limits.max_parts_per_call,
            limiter: Arc::new(limiter),
            places: Arc::new(Semaphore::new(config.server.max_concurrency)),
            body_timeout: config.server.body_timeout,
            signing_expires: config.signing.expires,
            downloads: downloads.transpose()?,
            copies: before.map(|before| before.copies.clone()).unwrap_or_default(),
        })
    }

    pub(crate) fn site(&self, id: &str) -> Result<&Site, Error> {
        self.sites.iter().find(|site| site.id == id).ok_or_else(|| Error::UnknownSite(id.to_owned()))
    }

    /// The upload for which `caller` shows a ticket.
    pub(crate) fn upload(&self, ticket: &str, caller: &Caller, now: SystemTime) -> Result<Upload<'_>, Error> {
        let upload = self.upload_to_abort(ticket, caller, now)?;
        // Since it was opened, the caller may have been pinned.
        if !self.policy.may_be_kept(caller, &upload.site.id) {
            return Err(TicketError::Elsewhere.into());
        }
        Ok(upload)
    }

    /// The same, wherever it is: what may not be kept there may be taken away.
    pub(crate) fn upload_to_abort(&self, ticket: &str, caller: &Caller, now: SystemTime) -> Result<Upload<'_>, Error> {
        let Opened { ticket, opened_at, renewed } = self.sealer.open(ticket, caller, now)?;
        let site = self.site(&ticket.site)?;
        Ok(Upload { site, paths: self.paths_of(&ticket, site, caller), ticket, opened_at, renewed })
    }

    /// The paths of a site by which a caller may send what a ticket names.
    pub(crate) fn paths_of<'a>(&self, ticket: &Ticket, site: &'a Site, caller: &Caller) -> Vec<&'a Path> {
        self.paths_within(site, caller, &|_| ticket.may_roam)
    }

    /// The paths of a site by which no bytes come to a site that is not `allowed`: an access point takes them to any that is
    /// behind it, and to buckets of which nothing is known here, so whoever is pinned has none.
    pub(crate) fn paths_within<'a>(
        &self,
        site: &'a Site,
        caller: &Caller,
        allowed: &dyn Fn(&str) -> bool,
    ) -> Vec<&'a Path> {
        let may_roam = !self.policy.is_pinned(caller);
        let is_within = |path: &&Path| match path.kind {
            PathKind::Mrap => {
                may_roam && self.sites.iter().filter(|other| other.is_behind(path)).all(|other| allowed(&other.id))
            }
            PathKind::Regional
            | PathKind::Dualstack
            | PathKind::PathStyle
            | PathKind::PathStyleDualstack
            | PathKind::Accelerate
            | PathKind::Custom => true,
        };
        site.bucket.paths.iter().filter(is_within).collect()
    }

    /// An address that reads an object of a site for a while.
    pub(crate) async fn download_url(&self, site: &Site, key: &ObjectKey) -> Result<String, Error> {
        let now = SystemTime::now();
        if let Some(downloads) = self.downloads.as_ref().filter(|downloads| downloads.serves(&site.id)) {
            return Ok(downloads.url(key, now + self.signing_expires)?);
        }
        let credentials = site.credentials().await?;
        Ok(site.sign_download(key, &self.presigner(site, &credentials, now)?)?)
    }

    /// The ticket that takes the place of the upload's own, where it was renewed.
    pub(crate) async fn renewed(&self, upload: Upload<'_>, who: &Who) -> Option<RenewedTicket> {
        if let (Some(_), Some(place)) = (&upload.renewed, &upload.ticket.place) {
            self.limiter.extend(who, place).await;
        }
        upload.renewed()
    }

    pub(crate) fn presigner<'a>(
        &self,
        site: &'a Site,
        credentials: &'a Credentials,
        now: SystemTime,
    ) -> Result<Presigner<'a>, PresignError> {
        Presigner::new(credentials, &site.bucket.region, now, self.signing_expires)
    }

    /// No access level of the caller allows more.
    pub(crate) fn check_file_count(&self, levels: &[Level<'_>], given: usize) -> Result<(), Error> {
        check_count("files", given, levels.iter().map(|level| level.rule.max_files_per_call).max().unwrap_or_default())
    }

    /// Each part is named once, and there are no more than one call may name of one upload.
    pub(crate) fn check_parts(&self, parts: &[PartToSign]) -> Result<(), Error> {
        check_count("parts", parts.len(), self.max_parts_per_call)?;
        let mut seen = HashSet::new();
        match parts.iter().find(|part| !seen.insert(part.number)) {
            Some(twice) => Err(Error::PartTwice { number: twice.number }),
            None => Ok(()),
        }
    }

    /// All files of one call together: their signed parts are one reply.
    pub(crate) fn check_parts_of_all(&self, files: &[OpenFile]) -> Result<(), Error> {
        check_count("parts", files.iter().map(|file| file.parts.len()).sum(), MAX_PARTS_PER_OPEN)
    }
}

fn authenticator(
    issuers: Vec<config::Issuer>,
    allow_anonymous: bool,
    secrets: &mut Secrets,
    before: Option<&App>,
) -> Result<Authenticator, BuildError> {
    let token = secrets.development_token.take().filter(|token| !token.is_empty());
    let proof = match token {
        Some(_) if !issuers.is_empty() => return Err(BuildError::DevelopmentTokenBesideIssuers),
        Some(token) => Proof::DevelopmentToken(DevelopmentToken::new(token)),
        None if issuers.is_empty() && !allow_anonymous => return Err(BuildError::NoAuthenticator),
        None => Proof::Issuers(Issuers::new(issuers, before.and_then(|before| before.authenticator.issuers()))),
    };
    Ok(Authenticator { proof, allow_anonymous })
}

fn check_ticket_keys(keys: &[TicketKey]) -> Result<(), BuildError> {
    if keys.is_empty() {
        return Err(BuildError::NoTicketKey);
    }
    for (index, key) in keys.iter().enumerate() {
        if key.secret.len() < MIN_TICKET_KEY_BYTES {
            return Err(BuildError::ShortTicketKey { id: key.id.clone() });
        }
        if keys[..index].iter().any(|other| other.id == key.id) {
            return Err(BuildError::TicketKeyTwice { id: key.id.clone() });
        }
    }
    Ok(())
}

fn check_count(items: &'static str, given: usize, max: u32) -> Result<(), Error> {
    if u32::try_from(given).is_ok_and(|given| given <= max) {
        Ok(())
    } else {
        Err(Error::TooManyItems { items, given, max })
    }
}
