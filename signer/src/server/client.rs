//! From which address a request comes.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::{HeaderMap, HeaderName};

use crate::config;

/// Whom a request comes from: the socket's other end or, where proxies are configured, the one who connected to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// The proxies that are believed.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    header: Option<HeaderName>,
    hops: usize,
}

impl Proxies {
    pub(super) fn new(server: &config::Server) -> Self {
        Self { header: server.client_address_header.clone(), hops: server.trusted_hops }
    }

    /// Notes the client's address with the request, where one is known.
    pub(super) fn mark(&self, request: &mut Request) {
        let socket = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        // What stands there already comes from the platform, which sees the last proxy, if there are any.
        let known = request.extensions().get::<ClientAddress>().map(|client| client.0);
        let named = self.header.as_ref().and_then(|header| named_in(request.headers(), header, self.hops));
        if let Some(address) = named.or(known).or(socket) {
            request.extensions_mut().insert(ClientAddress(address.to_canonical()));
        }
    }
}

/// Each proxy adds at the end whom it was called by, so what the client itself has written stands farther to the front.
fn named_in(headers: &HeaderMap, name: &HeaderName, hops: usize) -> Option<IpAddr> {
    let lists: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    let entries: Vec<_> = lists.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    address(entries[entries.len().checked_sub(hops)?])
}

/// Some proxies write the port as well.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn client(header: Option<&'static str>, hops: usize, sent: &[&str]) -> String {
        let proxies = Proxies { header: header.map(HeaderName::from_static), hops };
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 5000))));
        for value in sent {
            request.headers_mut().append("x-forwarded-for", value.parse().expect("a value"));
        }
        proxies.mark(&mut request);
        request.extensions().get::<ClientAddress>().expect("marked").0.to_string()
    }

    #[test]
    fn nobody_is_believed_unless_configured() {
        assert_eq!(client(None, 1, &["1.1.1.1"]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        for (hops, sent, expected) in [
            (1, &["6.6.6.6, 1.1.1.1"][..], "1.1.1.1"),
            (1, &["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
            (2, &["6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
            (2, &["1.1.1.1"], "10.0.0.1"),
            (1, &["6.6.6.6, rubbish"], "10.0.0.1"),
            (1, &[""], "10.0.0.1"),
            (1, &[], "10.0.0.1"),
        ] {
            assert_eq!(client(Some("x-forwarded-for"), hops, sent), expected, "{sent:?}");
        }
    }

    #[test]
    fn an_address_may_carry_its_port_and_its_brackets() {
        for (sent, expected) in [
            ("1.1.1.1:80", "1.1.1.1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:1.1.1.1", "1.1.1.1"),
        ] {
            assert_eq!(client(Some("x-forwarded-for"), 1, &[sent]), expected);
        }
    }
}
