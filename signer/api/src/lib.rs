//! The words that Nearput's browser client and its signer exchange, as plain values.
//!
//! Every call is a POST of one JSON body, except for the parameterless GETs. A caller proves who it is by
//! `Authorization: Bearer …`, or by a `token` key in the body: sent as `text/plain`, such a call needs no CORS preflight.
//!
//! | call | request | reply |
//! |---|---|---|
//! | [`path::SITES`] | – | [`Sites`] |
//! | [`path::OPEN`] | [`OpenUploads`] | [`OpenedUploads`] |
//! | [`path::SIGN`] | [`SignParts`] | [`SignedParts`] |
//! | [`path::COMPLETE`] | [`CompleteUploads`] | [`CompletedUploads`] |
//! | [`path::PARTS`] | [`ListParts`] | [`StoredParts`] |
//! | [`path::ABORT`] | [`AbortUpload`] | [`Aborted`] |
//! | [`path::STATUS`] | [`AskStatus`] | [`UploadStatus`] |
//! | [`path::CREATED`] | [`CreatedUpload`] | [`OpenedUploads`] |
//! | [`path::CREDENTIALS`] | [`AskCredentials`] | [`Credentials`] |
//!
//! Times are milliseconds since the Unix epoch, sizes are bytes. A call that fails as a whole answers an HTTP error
//! status and an [`ErrorReply`]; where several files were asked for, each has an [`Outcome`] of its own.

mod complete;
mod credentials;
mod error;
mod open;
mod parts;
mod sites;
mod status;

pub use complete::{
    AbortUpload, Aborted, CompleteUpload, CompleteUploads, CompletedPart, CompletedUpload, CompletedUploads,
};
pub use credentials::{AskCredentials, Credentials};
pub use error::{ErrorCode, ErrorDetail, ErrorReply, Outcome};
pub use open::{CreatedUpload, OpenFile, OpenUploads, OpenedUpload, OpenedUploads, Plan, RenewedTicket};
pub use parts::{ListParts, PartToSign, SignParts, SignedPart, SignedParts, StoredPart, StoredParts};
pub use sites::{ChecksumAlgorithm, Level, Limits, Path, PathKind, Profile, Routing, Site, Sites};
pub use status::{AskStatus, Replica, ReplicaState, UploadStatus};

/// Where each call is found, below the signer's address.
pub mod path {
    /// Which sites there are, and what the caller may upload. GET, or POST with a token in the body.
    pub const SITES: &str = "/v1/sites";
    /// Opens uploads.
    pub const OPEN: &str = "/v1/uploads";
    /// Signs parts of an open upload.
    pub const SIGN: &str = "/v1/uploads/sign";
    /// Completes uploads.
    pub const COMPLETE: &str = "/v1/uploads/complete";
    /// Lists the parts that the storage already holds.
    pub const PARTS: &str = "/v1/uploads/parts";
    /// Gives an upload up.
    pub const ABORT: &str = "/v1/uploads/abort";
    /// Says whether an upload's object is there, and to which other sites it has been replicated.
    pub const STATUS: &str = "/v1/uploads/status";
    /// Goes on with an upload that the browser itself has created, by a Multi-Region Access Point.
    pub const CREATED: &str = "/v1/uploads/created";
    /// Gives out credentials for an open upload, where the site has them.
    pub const CREDENTIALS: &str = "/v1/credentials";
    /// Answers 200 while the signer runs.
    pub const HEALTH: &str = "/healthz";
    /// Answers 200 while the signer's home site can be uploaded to, else 503; either way it says what it found of each site.
    pub const READY: &str = "/readyz";
    /// What was counted, for Prometheus, who shows the token that was set for it.
    pub const METRICS: &str = "/metrics";
    /// Describes all of this, as OpenAPI has it.
    pub const OPENAPI: &str = "/openapi.json";
    /// The same, for people.
    pub const DOCS: &str = "/docs";
}
