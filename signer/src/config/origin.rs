//! Origins: where pages come from, and where S3-compatible services are.

use std::net::IpAddr;

use http::uri::{Authority, Scheme, Uri};
use serde::Deserialize;

/// A scheme, a host and possibly a port, written as browsers write them: `https://example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Origin {
    scheme: Scheme,
    authority: Authority,
}

/// Text that browsers would not send as an origin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not an origin: write scheme, host and, unless it is the scheme's own, port, as in `https://example.com`"
)]
pub(crate) struct NotAnOrigin(String);

impl Origin {
    /// Whether it is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.authority.host().trim_matches(['[', ']']) {
            "localhost" => true,
            host => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        }
    }

    pub(crate) fn is_in_clear(&self) -> bool {
        self.scheme == Scheme::HTTP
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl Origin {
    /// The same with a label before its host.
    pub(crate) fn below(&self, label: &str) -> String {
        format!("{}://{label}.{}", self.scheme, self.authority)
    }

    /// Host and, unless it is the scheme's own, port.
    pub(crate) fn authority(&self) -> &str {
        self.authority.as_str()
    }
}

impl TryFrom<String> for Origin {
    type Error = NotAnOrigin;

    fn try_from(text: String) -> Result<Self, NotAnOrigin> {
        parse(&text).filter(|origin| origin.to_string() == text).ok_or(NotAnOrigin(text))
    }
}

fn parse(text: &str) -> Option<Origin> {
    let parts = text.parse::<Uri>().ok()?.into_parts();
    let (scheme, authority) = (parts.scheme?, parts.authority?);
    let own_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    // What follows the host is nothing or a port; user names come before it, and no host has a `*`.
    let port_is_fine = match authority.as_str().strip_prefix(authority.host())? {
        "" => true,
        _ => authority.port_u16().is_some_and(|port| port != own_port),
    };
    let as_browsers_write_it =
        port_is_fine && !authority.as_str().contains(|c: char| c.is_ascii_uppercase() || c == '*');
    as_browsers_write_it.then_some(Origin { scheme, authority })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends_as_one() {
        for text in ["http://127.0.0.1:4400", "https://example.com", "https://a.b:8443", "http://[::1]:8080"] {
            assert!(Origin::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "example.com",
            "https://*",
            "https://example.com/",
            "https://example.com/app",
            "https://example.com?x",
            "https://Example.com",
            "https://example.com:443",
            "http://example.com:80",
            "https://me@example.com",
            "ftp://example.com",
            "https://",
            "https://example.com:",
            "https://example.com:65536",
        ] {
            assert!(Origin::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
