//! Who is counted: a caller by name, or an address.

use std::fmt;
use std::net::IpAddr;

use crate::auth::Caller;

/// A name under which is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Who(String);

impl Who {
    /// Anonymous callers are told apart by their addresses only.
    pub(crate) fn of(caller: &Caller, address: Option<IpAddr>) -> Self {
        match (caller.subject(), address) {
            (Some(subject), _) => Self(format!("caller:{subject}")),
            (None, Some(address)) => Self(format!("anonymous:{}", network(address))),
            (None, None) => Self("anonymous".to_owned()),
        }
    }

    pub(crate) fn address(address: IpAddr) -> Self {
        Self(format!("address:{}", network(address)))
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whoever has one IPv6 address has 2^64: [RFC 4291](https://www.rfc-editor.org/rfc/rfc4291#section-2.5.1).
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one() {
        let name = |text: &str| Who::address(text.parse().expect("an address")).to_string();
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), name("2001:db8:1:2::9"));
        assert_ne!(name("2001:db8:1:2::9"), name("2001:db8:1:3::9"));
        assert_eq!(name("::ffff:192.0.2.1"), name("192.0.2.1"));
        assert_ne!(name("192.0.2.2"), name("192.0.2.1"));
    }
}
