//! TLS: HTTP/2 and HTTP/1.1 by ALPN, and a certificate that is renewed without a restart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate that is shown, and where it comes from.
#[derive(Clone)]
pub(super) struct Certificate {
    pub(super) shown: RustlsConfig,
    files: config::Tls,
    /// What the files looked like when they were read.
    read: Arc<Mutex<Look>>,
}

/// A certificate that cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{} cannot be read: {problem}", path.display())]
    Read { path: PathBuf, problem: io::Error },
    #[error("{} holds no {what} in PEM", path.display())]
    NotPem { path: PathBuf, what: &'static str },
    #[error("{} and {} do not go together: {problem}", certificate.display(), key.display())]
    Unfit { certificate: PathBuf, key: PathBuf, problem: rustls::Error },
}

type Look = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    pub(super) fn read(files: config::Tls) -> Result<Self, TlsError> {
        let look = look(&files);
        let shown = RustlsConfig::from_config(Arc::new(read(&files)?));
        Ok(Self { shown, files, read: Arc::new(Mutex::new(look)) })
    }

    /// Reads the files again if they have changed. What is wrong with them goes to the log, and the old ones stay.
    pub(super) fn renew(&self) {
        let now = look(&self.files);
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == now {
            return;
        }
        *last = now;
        match read(&self.files) {
            Ok(config) => {
                self.shown.reload_from_config(Arc::new(config));
                tracing::info!("the certificate was renewed");
            }
            Err(error) => tracing::error!(%error, "the certificate was not renewed; the old one stays"),
        }
    }

    /// Looks at the files for ever.
    pub(super) async fn keep_renewing(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.renew();
        }
    }
}

fn look(files: &config::Tls) -> Look {
    [&files.certificate, &files.key].map(|path| {
        let file = fs::metadata(path).ok()?;
        Some((file.modified().ok()?, file.len()))
    })
}

fn read(files: &config::Tls) -> Result<ServerConfig, TlsError> {
    let what = "certificate";
    let certificates = CertificateDer::pem_slice_iter(&bytes(&files.certificate)?)
        .collect::<Result<Vec<_>, pem::Error>>()
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| TlsError::NotPem { path: files.certificate.clone(), what })?;
    let what = "private key";
    let key = PrivateKeyDer::from_pem_slice(&bytes(&files.key)?)
        .map_err(|_| TlsError::NotPem { path: files.key.clone(), what })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|problem| TlsError::Unfit {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            problem,
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|problem| TlsError::Read { path: path.to_owned(), problem })
}
