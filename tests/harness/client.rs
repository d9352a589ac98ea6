//! A plain HTTP client, which sends whatever it is told.

use std::collections::BTreeMap;
use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

const MAX_REPETITIONS: u32 = 10;
const BOUNDARY: &str = "----the-boundary";

/// A request, every bit of which can be changed.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// A form with these fields and this file.
    pub fn form(url: &str, fields: &BTreeMap<String, String>, file: &[u8]) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [("content-type".to_owned(), content_type)].into();
        Self { method: "POST".to_owned(), url: url.to_owned(), headers, body }
    }

    /// Sends it with the length of its body, as browsers do. A server that refuses a request by its head alone may close before it
    /// has read the body, and its answer is lost now and then; it is asked again.
    pub async fn send(&self) -> Reply {
        for _ in 0..MAX_REPETITIONS {
            if let Ok(reply) = self.attempt().await {
                return reply;
            }
        }
        self.attempt().await.expect("an answer")
    }

    async fn attempt(&self) -> Result<Reply, hyper_util::client::legacy::Error> {
        let mut request = http::Request::new(Full::new(Bytes::from(self.body.clone())));
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).expect("a method");
        *request.uri_mut() = self.url.parse().expect("a URL");
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (parts, body) = client.request(request).await?.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Display for Reply {
    /// The status, and the code of an error of S3.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let code =
            text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
        write!(f, "{} {code}", self.status.as_u16())
    }
}
