//! `signers` and `routing`: how browsers find their way.

use std::collections::HashSet;

use nearput_api::Routing;

use super::{Config, ConfigError};

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (index, signer) in config.signers.iter().enumerate() {
        let wrong = |problem: &str| Err(ConfigError::key(format!("signers[{index}]"), problem));
        if signer.is_in_clear() && !signer.is_loopback() {
            return wrong("tokens and tickets would go there in clear; write an address of https");
        }
        if !seen.insert(signer.to_string()) {
            return wrong("it is there twice; name each signer once");
        }
    }
    match config.routing {
        Routing::Fixed if config.home.is_none() && config.sites.len() > 1 => Err(ConfigError::key(
            "routing",
            "`fixed` takes the home site and no other, so say which one it is: write `home`",
        )),
        Routing::Measured | Routing::Home | Routing::Fixed => Ok(()),
    }
}
