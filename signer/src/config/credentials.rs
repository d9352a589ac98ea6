//! `[credentials]`

use std::time::Duration;

use serde::Deserialize;

use super::{Origin, duration};

/// How browsers come to credentials of their own. Without it, they come to none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The role that is assumed for them. What it may do is cut down to one upload's objects.
    pub(crate) role_arn: String,
    /// How long they are good for.
    #[serde(default = "an_hour", with = "duration")]
    pub(crate) duration: Duration,
    /// Where roles are assumed, if not at STS in the site's own region. Then services that are not AWS take part.
    pub(crate) endpoint: Option<Origin>,
}

/// What AWS allows to a signer that has assumed a role itself.
fn an_hour() -> Duration {
    Duration::from_hours(1)
}
