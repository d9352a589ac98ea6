//! The signer's own words with the storage, through AWS's SDK.

mod connect;
mod credentials;
mod error;
mod multipart;
mod object;
mod role;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;

pub(crate) use connect::Connector;
use credentials::CredentialCache;
pub(crate) use error::{Failure, StorageError};
pub(crate) use multipart::{NewUpload, PartToComplete, UploadToComplete};
pub(crate) use object::StoredObject;
pub(crate) use role::{Assumed, Role};

/// The bucket of one site.
pub(crate) struct Storage {
    client: Client,
    bucket: String,
    credentials: CredentialCache,
    /// Where browsers may have credentials of their own.
    pub(crate) role: Option<Role>,
}

impl Storage {
    /// The signer's own credentials, which sign what browsers send.
    pub(crate) async fn credentials(&self) -> Result<Credentials, StorageError> {
        self.credentials.get().await
    }
}
