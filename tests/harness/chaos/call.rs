//! What a request asks for.

use nearput_api::path;

/// A request, as S3 or the signer understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// CORS: a browser asks whether it may send a request.
    Preflight,
    /// The page sends a part of a multipart upload.
    Part(u32),
    /// The page sends a whole file.
    Put,
    /// The page sends a whole file as a form.
    Form,
    /// The signer opens a multipart upload.
    Create,
    /// The signer completes a multipart upload.
    Complete,
    /// The signer gives a multipart upload up.
    Abort,
    ListParts,
    Head,
    Get,
    /// The page measures how far away the storage is, by a question that nobody has signed.
    Probe,
    /// The page asks the signer for something, by one of the paths of [`nearput_api::path`].
    Signer(&'static str),
    Other,
}

impl Call {
    /// What a request with this method, and this path and query, asks for.
    pub fn of(method: &str, target: &str) -> Self {
        let (address, query) = target.split_once('?').unwrap_or((target, ""));
        if method == "OPTIONS" {
            return Self::Preflight;
        }
        let of_signer = [path::SITES, path::OPEN, path::SIGN, path::COMPLETE, path::PARTS, path::ABORT];
        if let Some(path) = of_signer.into_iter().find(|path| *path == address) {
            return Self::Signer(path);
        }
        let has_upload = value(query, "uploadId").is_some();
        match method {
            "PUT" => value(query, "partNumber").and_then(|number| number.parse().ok()).map_or(Self::Put, Self::Part),
            "POST" if value(query, "uploads").is_some() => Self::Create,
            "POST" if has_upload => Self::Complete,
            "POST" => Self::Form,
            "DELETE" if has_upload => Self::Abort,
            "GET" if has_upload => Self::ListParts,
            "GET" => Self::Get,
            "HEAD" if address.ends_with("/nearput-probe") => Self::Probe,
            "HEAD" => Self::Head,
            _ => Self::Other,
        }
    }

    /// Whether the page sends a file's bytes by it.
    pub fn has_bytes(self) -> bool {
        matches!(self, Self::Part(_) | Self::Put | Self::Form)
    }
}

/// A value of a query; empty where the name stands alone.
pub(super) fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}
