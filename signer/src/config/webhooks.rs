//! `[[webhooks]]`

use serde::Deserialize;

use super::{Config, ConfigError};

/// Who is told of every completed upload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// Where the message is posted to.
    pub(crate) url: String,
}

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    for (index, webhook) in config.webhooks.iter().enumerate() {
        let key = || format!("webhooks[{index}].url");
        let url: reqwest::Url = webhook.url.parse().map_err(|_| ConfigError::key(key(), "write a URL"))?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(ConfigError::key(key(), "write an address of https; http is only for this machine"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigError::key(key(), "leave out names and passwords: messages are signed instead"));
        }
    }
    Ok(())
}
