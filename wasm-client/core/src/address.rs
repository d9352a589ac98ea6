//! Where signers are.

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether nobody on the way reads what is sent to an address: it is by HTTPS, or to this very machine.
pub fn is_secret(address: &str) -> bool {
    let Some(host) = address.strip_prefix("http://") else { return address.starts_with("https://") };
    LOOPBACK.iter().filter_map(|name| host.strip_prefix(name)).any(|rest| {
        let rest = rest.strip_prefix(':').map_or(rest, |port| port.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.is_empty() || rest.starts_with('/')
    })
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn only_https_and_this_machine_are_told_secrets() {
        for address in ["https://s.example", "http://localhost", "http://127.0.0.1:8080/a", "http://[::1]:80"] {
            assert!(is_secret(address), "{address}");
        }
        let others = [
            "http://s.example",
            "http://localhost.evil.example",
            "http://localhost:1@evil.example",
            "ws://localhost",
            "",
        ];
        for address in others {
            assert!(!is_secret(address), "{address}");
        }
    }
}
