//! The signer's own words with the storage, through AWS's SDK.

mod connect;
mod credentials;
mod delegation;
mod error;
mod multipart;
mod object;
mod open_uploads;
mod r2;
mod role;

use std::time::{Instant, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

pub(crate) use connect::Connector;
use credentials::CredentialCache;
pub(crate) use delegation::Delegated;
use delegation::Delegation;
pub(crate) use error::{Failure, StorageError};
pub(crate) use multipart::{NewUpload, PartToComplete, UploadToComplete};
pub(crate) use object::StoredObject;
use r2::R2;
use role::Role;

use tracing::Instrument as _;

use crate::metrics::SiteMetrics;

/// The bucket of one site.
pub(crate) struct Storage {
    client: Client,
    bucket: String,
    credentials: CredentialCache,
    metrics: SiteMetrics,
    /// Where browsers may have credentials of their own.
    delegation: Option<Delegation>,
}

impl Storage {
    /// For what is asked of a storage besides uploads.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The signer's own credentials, which sign what browsers send.
    pub(crate) async fn credentials(&self) -> Result<Credentials, StorageError> {
        self.credentials.get(SystemTime::now()).await
    }

    /// Makes a call, reads its error, and counts both.
    async fn call<T, E>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, StorageError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // Of missing credentials the SDK says no more than that it could not send.
        self.credentials().await?;
        let start = Instant::now();
        let span = tracing::info_span!("storage", otel.name = operation, otel.kind = "client");
        let done = call.instrument(span).await.map_err(|error| StorageError::from_sdk(operation, &error));
        self.metrics.stored(operation, start, done.as_ref().err().map(StorageError::code));
        done
    }
}
