//! Credentials mode: the browser signs an upload's parts itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::RenewedTicket;

/// Asks for credentials for one upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskCredentials {
    pub ticket: String,
}

/// Temporary credentials that can put objects below one prefix of one bucket, and nothing else. The upload of the ticket is the only
/// one whose key begins with it; where it does not end with a slash, it is the whole key. Opening, completing and aborting stay with the signer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// The signer's clock.
    pub server_time: u64,
    /// The id of the site.
    pub site: String,
    /// That for which requests are signed.
    pub region: String,
    pub bucket: String,
    pub prefix: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    /// When they end, and with them all that was signed by them.
    pub expires_at: u64,
    /// To be shown from now on instead of the ticket that was, where less than half of that one's time is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<RenewedTicket>,
}

/// What is printed is no secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
