//! A small S3 server: s3s-fs on a port, which verifies signatures.

use std::net::SocketAddr;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const BUCKET: &str = "uploads";
pub(crate) const ACCESS_KEY: &str = "an-access-key";
pub(crate) const SECRET_KEY: &str = "a-secret-key";

pub(crate) struct Storage {
    pub(crate) address: SocketAddr,
    data: TempDir,
    server: JoinHandle<()>,
}

impl Storage {
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(data.path().join(BUCKET)).expect("a bucket");
        let mut service = S3ServiceBuilder::new(FileSystem::new(data.path()).expect("a file system"));
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let connection = Builder::new(TokioExecutor::new());
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, data, server }
    }

    /// The stored bytes of an object.
    pub(crate) fn object(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.data.path().join(BUCKET).join(key)).ok()
    }

    /// How many parts lie there that belong to no object yet.
    pub(crate) fn loose_parts(&self) -> usize {
        let entries = std::fs::read_dir(self.data.path()).expect("the directory");
        entries
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains(".part-")))
            .count()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.server.abort();
    }
}
