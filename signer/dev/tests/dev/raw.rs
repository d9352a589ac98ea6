//! HTTP as the SDK would never send it.

use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use aws_sdk_s3::presigning::PresignedRequest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Reply {
    pub(crate) status: u16,
    /// By lower-case name.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// S3's code for what went wrong.
    pub(crate) fn code(&self) -> &str {
        let code = self.body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        code.map_or("nothing went wrong", |(code, _)| code)
    }
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// With the query.
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: &'a [u8],
}

/// Sends one request on a connection of its own. `content-length` follows from the body.
pub(crate) async fn send(address: SocketAddr, request: Request<'_>) -> Result<Reply> {
    send_by_name(address, &address.to_string(), request).await
}

/// Sends one request to a server that has been found by this name.
pub(crate) async fn send_by_name(address: SocketAddr, host: &str, request: Request<'_>) -> Result<Reply> {
    let connection = TcpStream::connect(address).await?;
    send_by(connection, host, request).await
}

/// Sends one request by this connection.
pub(crate) async fn send_by(
    mut connection: impl AsyncRead + AsyncWrite + Unpin,
    host: &str,
    request: Request<'_>,
) -> Result<Reply> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", request.method, request.path);
    for (name, value) in request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", request.body.len());
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(request.body).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no end of headers")?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("the answer has no status")?.parse()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Ok(Reply { status, headers, body: body.to_owned() })
}

/// Sends what was presigned, with this body.
pub(crate) async fn send_presigned(address: SocketAddr, presigned: &PresignedRequest, body: &[u8]) -> Result<Reply> {
    let origin = format!("http://{address}");
    let path = presigned.uri().strip_prefix(&origin).context("the URL is for another server")?;
    let headers = presigned.headers().filter(|(name, _)| !matches!(*name, "host" | "content-length"));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    send(address, Request { method: presigned.method(), path, headers, body }).await
}
