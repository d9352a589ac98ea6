//! A plain HTTP client.

use std::collections::BTreeMap;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use nearput_api::{ErrorCode, ErrorReply, SignedPart};
use serde_json::Value;

const BOUNDARY: &str = "----the-boundary";

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The JSON of a reply that must be a success.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).expect("the reply of the call")
    }

    /// The status and code of a reply that must be an error in the one shape.
    pub(crate) fn error(&self) -> (u16, ErrorCode) {
        let body: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(body.as_object().expect("an object").keys().collect::<Vec<_>>(), ["error"], "{body}");
        let reply: ErrorReply = serde_json::from_value(body).expect("an error");
        assert!(reply.error.message.len() > 10, "{}", reply.error.message);
        (self.status.as_u16(), reply.error.code)
    }

    pub(crate) fn message(&self) -> String {
        serde_json::from_slice::<ErrorReply>(&self.body).expect("an error").error.message
    }
}

pub(crate) async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
    let mut request = Request::new(Full::new(body.into()));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).expect("a method");
    *request.uri_mut() = url.parse().expect("a URL");
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (parts, body) = client.request(request).await.expect("an answer").into_parts();
    Reply { status: parts.status, headers: parts.headers, body: body.collect().await.expect("a body").to_bytes() }
}

/// Sends a signed request as a browser would: as it is, with the length of the body, by the site's first path.
pub(crate) async fn send_part(part: &SignedPart, body: &[u8]) -> Reply {
    if part.fields.is_empty() {
        send_with(part, &part.headers, body).await
    } else {
        send_form(part, &part.fields, body).await
    }
}

/// Sends a form with these fields, and the body as its file.
pub(crate) async fn send_form(part: &SignedPart, fields: &BTreeMap<String, String>, body: &[u8]) -> Reply {
    let mut form = Vec::new();
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        form.extend_from_slice(head.as_bytes());
    }
    let file = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n");
    form.extend_from_slice(file.as_bytes());
    form.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
    form.extend_from_slice(body);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    send(&part.method, &part.urls["custom"], &[("content-type", &content_type)], form).await
}

pub(crate) async fn send_with(part: &SignedPart, headers: &BTreeMap<String, String>, body: &[u8]) -> Reply {
    let length = body.len().to_string();
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.push(("content-length", &length));
    send(&part.method, &part.urls["custom"], &headers, body.to_vec()).await
}
