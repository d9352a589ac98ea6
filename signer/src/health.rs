//! Whether a signer runs on this machine: for containers that have no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use nearput_api::path;
use reqwest::{Client, StatusCode};

use crate::config::Config;
use crate::crypto;

const TIMEOUT: Duration = Duration::from_secs(3);

/// A signer that does not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    #[error("no signer answers at {address}: {problem}")]
    Silent { address: SocketAddr, problem: reqwest::Error },
    #[error("what answers at {address} says {status}")]
    Refused { address: SocketAddr, status: StatusCode },
}

/// Asks the signer that runs here with this configuration.
pub async fn health(config: &Config) -> Result<(), Unhealthy> {
    crypto::install();
    let address = SocketAddr::new(reachable(config.listen.ip()), config.listen.port());
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    // Its certificate is for another name than the loopback's, and nothing secret is said.
    let client = Client::builder().timeout(TIMEOUT).tls_danger_accept_invalid_certs(true).no_proxy().build();
    let silent = |problem| Unhealthy::Silent { address, problem };
    let answer = client.map_err(silent)?.get(format!("{scheme}://{address}{}", path::HEALTH)).send().await;
    match answer.map_err(silent)?.status() {
        StatusCode::OK => Ok(()),
        status => Err(Unhealthy::Refused { address, status }),
    }
}

/// One that listens everywhere is asked on the loopback.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    async fn health_of(answer: &'static str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let router = Router::new().route(answer, get(async || "ok"));
        tokio::spawn(async { axum::serve(listener, router).await });
        let site = "[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'";
        let config = Config::parse(&format!("listen = '0.0.0.0:{port}'\n{site}")).expect("valid");
        health(&config).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_signer_that_answers_is_well() {
        assert_eq!(health_of("/healthz").await, Ok(()));
        assert!(health_of("/elsewhere").await.expect_err("not a signer").contains("404"));
    }

    #[tokio::test]
    async fn one_that_does_not_answer_is_not_and_its_address_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let site = "[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'";
        let config = Config::parse(&format!("listen = '{address}'\n{site}")).expect("valid");
        assert!(health(&config).await.expect_err("nobody").to_string().contains(&address.to_string()));
    }
}
