//! A world whose lines can be disturbed: the one to the storage, which page and signer share, and the one to the signer.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nearput_dev::{
    BUCKET, Demo, EmbeddedS3, EmbeddedS3Options, PageOptions, PagePort, PageServer, SignerOptions, SignerServer,
    SignerSite, StorageNames,
};
use tempfile::TempDir;
use tokio::time::sleep;

use super::ChaosProxy;
use crate::files::same_content;
use crate::page::WEB;

const SECRET: &str = "a secret of 32 bytes that all may know";

/// Page, signer and S3, with a chaos proxy before the signer and others before S3.
pub struct ChaosWorld {
    pub storage_line: ChaosProxy,
    /// The first of two paths, where the page has two; the storage line is the second.
    pub further_line: ChaosProxy,
    pub signer_line: ChaosProxy,
    pub signer: SignerServer,
    s3: EmbeddedS3,
    page: PageServer,
    data: TempDir,
}

impl ChaosWorld {
    /// With one path to the storage.
    pub async fn start() -> Result<Self> {
        Self::start_with(false).await
    }

    /// With two paths to the storage.
    pub async fn start_with_two_paths() -> Result<Self> {
        Self::start_with(true).await
    }

    async fn start_with(two_paths: bool) -> Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let data = tempfile::tempdir()?;
        let port = PagePort::open(any).await?;
        let allowed_origins = vec![format!("http://{}", port.addr())];
        let s3 = EmbeddedS3::start(EmbeddedS3Options {
            listen: any,
            listen_tls: None,
            data: data.path().to_owned(),
            buckets: vec![BUCKET.to_owned()],
            access_key: "nearput".to_owned(),
            secret_key: SECRET.to_owned(),
            allowed_origins: allowed_origins.clone(),
        });
        let s3 = s3.await?;
        let storage_line = ChaosProxy::start(s3.addr()).await?;
        let further_line = ChaosProxy::start(s3.addr()).await?;
        let mut paths = vec![storage_line.url()];
        if two_paths {
            paths.insert(0, further_line.url());
        }
        let site = SignerSite::only(StorageNames::At(paths.clone()), storage_line.url());
        let signer = SignerServer::start(SignerOptions {
            listen: any,
            allowed_origins,
            home: site.id.clone(),
            sites: vec![site],
            signers: Vec::new(),
            access_key: "nearput".to_owned(),
            secret_key: SECRET.to_owned(),
            token: Some(SECRET.to_owned()),
            ticket_key: SECRET.as_bytes().to_vec(),
            further_config: String::new(),
        });
        let signer = signer.await?;
        let signer_line = ChaosProxy::start(signer.addr()).await?;
        let demo = Demo { signer: signer_line.url(), token: SECRET.to_owned(), world: None };
        let sources = [vec![signer_line.url()], paths].concat();
        let page = PageServer::start(port, PageOptions { web: WEB.into(), demo, sources })?;
        Ok(Self { storage_line, further_line, signer_line, signer, s3, page, data })
    }

    /// Where a browser finds the page.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.page.addr())
    }

    /// Whoever shows it may upload.
    pub fn token(&self) -> &str {
        SECRET
    }

    /// Every line is clear again.
    pub fn calm(&self) {
        [&self.storage_line, &self.further_line, &self.signer_line].into_iter().for_each(ChaosProxy::calm);
    }

    /// Makes sure that an object has the bytes of a file.
    pub fn has(&self, key: &str, file: &Path) -> Result<()> {
        let object = self.s3.object(BUCKET, key).with_context(|| format!("there is no object {key:?}"))?;
        ensure!(same_content(&object, file)?, "the object {key:?} has other bytes than {}", file.display());
        Ok(())
    }

    /// The files of all objects.
    pub fn objects(&self) -> Result<Vec<PathBuf>> {
        let mut folders = vec![self.data.path().join(BUCKET)];
        let mut objects = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() { folders.push(path) } else { objects.push(path) }
            }
        }
        Ok(objects)
    }

    /// Waits until no multipart upload is open, but for those whose ids nobody has ever shown: their replies were lost.
    pub async fn until_nothing_is_open(&self) -> Result<()> {
        for _ in 0..200 {
            if self.open_and_known()?.is_empty() {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        bail!("these uploads are open: {:?}", self.open_and_known()?)
    }

    fn open_and_known(&self) -> Result<Vec<String>> {
        let journals = [self.storage_line.journal(), self.further_line.journal()];
        let entries = || journals.iter().flat_map(|journal| &journal.entries);
        let is_known = |id: &String| entries().any(|entry| entry.upload_id.as_ref() == Some(id));
        // The embedded S3 has a folder for each open upload, named by its id.
        let folders = fs::read_dir(self.data.path().join(".nearput/uploads"))?;
        let ids = folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()));
        Ok(ids.collect::<Result<Vec<_>>>()?.into_iter().filter(is_known).collect())
    }
}
