//! The head of a request, as far as the proxy needs it.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Everything before a request's body.
pub(super) struct Head {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Of the body, in bytes.
    pub(super) length: u64,
    /// The page that asks; none for other clients.
    pub(super) origin: Option<String>,
    /// All lines, without the empty one at the end.
    lines: Vec<String>,
}

impl Head {
    /// Reads a head; none where the client ends the connection before one.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            if line.trim_end().is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut words = lines.first().map(String::as_str).unwrap_or_default().split(' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let header = |name| lines.iter().find_map(|line| value(line, name)).map(str::to_owned);
        if header("transfer-encoding").is_some() {
            return Err(io::Error::other("the proxy knows no body without a length"));
        }
        let length = header("content-length").map_or(Ok(0), |length| length.parse()).map_err(io::Error::other)?;
        let origin = header("origin");
        Ok(Some(Self { method, target, length, origin, lines }))
    }

    /// The same head for the server, which then answers one request and ends the connection.
    pub(super) fn to_server(&self) -> String {
        let kept = self.lines.iter().filter(|line| value(line, "connection").is_none());
        kept.map(String::as_str).chain(["connection: close\r\n\r\n"]).collect()
    }
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_once(':').filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
