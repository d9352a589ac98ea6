//! What is answered in a server's stead.

use super::head::Head;

/// An answer that is not the server's own. S3's carry CORS headers, as its own errors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// S3: 500.
    InternalError,
    /// S3: 503.
    SlowDown,
    /// S3: 403, as for a signed request that is too old.
    Expired,
    /// S3: 400, when an upload is completed.
    InvalidPart,
    /// S3: 404.
    NoSuchUpload,
    /// S3: 200, with an error in the body.
    OkWithError,
    /// S3: 503 without CORS headers: the page learns only that the request failed.
    Opaque,
    /// 502 of something before the server, without CORS headers and not in the server's words.
    BadGateway,
}

impl Answer {
    /// The reply to a request.
    pub(super) fn to(self, head: &Head) -> String {
        let (status, code, message) = match self {
            Self::InternalError => ("500 Internal Server Error", "InternalError", "We encountered an internal error."),
            Self::SlowDown | Self::Opaque => ("503 Slow Down", "SlowDown", "Please reduce your request rate."),
            Self::Expired => ("403 Forbidden", "AccessDenied", "Request has expired"),
            Self::InvalidPart => ("400 Bad Request", "InvalidPart", "A part could not be found."),
            Self::NoSuchUpload => ("404 Not Found", "NoSuchUpload", "The upload does not exist."),
            Self::OkWithError => ("200 OK", "InternalError", "We encountered an internal error."),
            Self::BadGateway => return reply("502 Bad Gateway", "text/html", "", "<h1>502 Bad Gateway</h1>"),
        };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        let cors = match &head.origin {
            Some(origin) if self != Self::Opaque => format!(
                "access-control-allow-origin: {origin}\r\naccess-control-expose-headers: etag\r\nvary: origin\r\n"
            ),
            Some(_) | None => String::new(),
        };
        reply(status, "application/xml", &cors, if head.method == "HEAD" { "" } else { &body })
    }
}

fn reply(status: &str, kind: &str, further_headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n{further_headers}\r\n{body}"
    )
}
