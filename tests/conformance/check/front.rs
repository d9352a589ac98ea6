//! What stands for AWS's hosts: S3's names lead to the embedded S3 for objects and to moto for a bucket's settings, by TLS and in clear.
//!
//! Here are also the faults that neither of the two can have: a clock that is wrong, and certificates that are no good.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::header::{DATE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::access_point::{self, Gate, HOST};
use super::setup::{AccessPoint, EU, NAME};

const CORS: [&str; 2] = ["access-control-allow-origin", "access-control-expose-headers"];

pub(crate) struct Front {
    /// In clear.
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    moto: String,
    s3: SocketAddr,
    gate: Gate,
    client: Client<HttpConnector, Full<Bytes>>,
    state: Mutex<State>,
    /// The queries by which objects were deleted.
    deletes: Mutex<Vec<String>>,
}

/// What it does besides leading on.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// By bucket, as they were given: moto forgets half of them.
    pub(crate) replications: BTreeMap<String, String>,
    /// Of its clock.
    pub(crate) ahead: Duration,
    /// Whether it shows a bucket's settings, roles and names.
    pub(crate) may_look: bool,
    /// Whether it changes the files in forms.
    pub(crate) corrupts: bool,
    /// Whether it says of those that it has no such thing.
    pub(crate) denies_settings: bool,
    /// Whether its buckets have Object Lock.
    pub(crate) is_locked: bool,
    /// Whether it completes uploads.
    pub(crate) completes: bool,
    /// Whether it tells which uploads there are.
    pub(crate) lists_parts: bool,
    /// What it says of each object besides.
    pub(crate) object_headers: &'static [(&'static str, &'static str)],
    pub(crate) access_point: Option<AccessPoint>,
    /// Whom the name of the signers leads to.
    pub(crate) signer: Option<SocketAddr>,
}

impl Front {
    /// `keys` are those of the embedded S3.
    pub(crate) async fn start(moto: &str, s3: SocketAddr, keys: (&str, &str)) -> Self {
        let gate = Gate::before(s3, keys);
        let client = Client::builder(TokioExecutor::new()).build_http();
        let inner = Arc::new(Inner {
            moto: moto.to_owned(),
            s3,
            gate,
            client,
            state: Mutex::default(),
            deletes: Mutex::default(),
        });
        let address = inner.clone().serve(None).await;
        Self { address, inner }
    }

    /// Another address, where the same is said by TLS.
    pub(crate) async fn with_tls(&self, acceptor: TlsAcceptor) -> SocketAddr {
        self.inner.clone().serve(Some(acceptor)).await
    }

    pub(crate) fn replicate(&self, bucket: &str, configuration: Option<String>) {
        let mut state = self.inner.state.lock().expect("no panic");
        state.replications.remove(bucket);
        state.replications.extend(configuration.map(|text| (bucket.to_owned(), text)));
    }

    /// Lets the signers' name lead to this one.
    pub(crate) fn lead_to(&self, signer: SocketAddr) {
        self.inner.state.lock().expect("no panic").signer = Some(signer);
    }

    pub(crate) fn set(&self, state: State) {
        *self.inner.state.lock().expect("no panic") = state;
        self.inner.deletes.lock().expect("no panic").clear();
    }

    pub(crate) fn deletes(&self) -> Vec<String> {
        self.inner.deletes.lock().expect("no panic").clone()
    }
}

impl Inner {
    async fn serve(self: Arc<Self>, acceptor: Option<TlsAcceptor>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (inner, acceptor) = (self.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(connection) = acceptor.accept(connection).await {
                                inner.talk(connection).await;
                            }
                        }
                        None => inner.talk(connection).await,
                    }
                });
            }
        });
        address
    }

    async fn talk(self: Arc<Self>, connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = service_fn(move |request| {
            let inner = self.clone();
            async move { Ok::<_, std::convert::Infallible>(inner.answer(request).await) }
        });
        let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
        let path = head.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default().to_owned();
        if host.split(':').next() == Some(NAME) {
            let signer = self.state.lock().expect("no panic").signer.expect("it was led to one");
            return self.forward(&format!("http://{signer}"), head.method, &path, head.headers, body).await;
        }
        // The same in path style, as moto takes it.
        let in_path = match bucket_of(&host) {
            Some(bucket) => format!("/{bucket}{path}"),
            None => path.clone(),
        };
        let (bucket, rest) = in_path[1..].split_once('/').unwrap_or((&in_path[1..], ""));
        let bucket = bucket.split('?').next().unwrap_or_default();
        let query = head.uri.query().unwrap_or_default();
        let is_about_bucket = rest.is_empty() || rest.starts_with('?');
        let state = self.state.lock().expect("no panic").clone();
        let is_of_upload = query.split('&').any(|pair| pair.starts_with("uploadId="));
        let is_of_others = bucket_of(&host).is_none() && (path == "/" || path.starts_with("/2013-04-01/"));
        let is_look = is_of_others || (is_about_bucket && !query.is_empty());
        let is_refused = (is_look && !state.may_look)
            || (is_of_upload && head.method == Method::GET && !state.lists_parts)
            || (is_of_upload && head.method == Method::POST && !state.completes);
        let mut answer = if host == HOST && head.method == Method::OPTIONS {
            let mut headers = head.headers;
            headers.remove("host");
            self.forward(&self.moto, head.method, &format!("/{EU}/k"), headers, body).await
        } else if let (true, Some(setup)) = (host == HOST, &state.access_point) {
            let (method, headers, path) = (&head.method, &head.headers, head.uri.path());
            let mut answer = self.gate.answer(setup, access_point::Asked { method, path, query, headers, body }).await;
            if let Some(origin) = headers.get(ORIGIN).filter(|_| setup.is_readable) {
                answer.headers_mut().extend(self.cors(EU, origin.clone(), method).await);
            }
            answer
        } else if host.contains(".s3-accelerate.") && !self.is_accelerated(bucket).await {
            plain(StatusCode::BAD_REQUEST, "<Error><Code>InvalidRequest</Code></Error>")
        } else if head.method == Method::OPTIONS {
            self.forward(&self.moto, head.method, &in_path, head.headers, body).await
        } else if is_refused {
            plain(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>")
        } else if is_about_bucket && !query.is_empty() && head.method == Method::GET && state.denies_settings {
            plain(StatusCode::METHOD_NOT_ALLOWED, "<Error><Code>MethodNotAllowed</Code></Error>")
        } else if is_about_bucket && query.starts_with("object-lock") && state.is_locked {
            let lock = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>";
            plain(StatusCode::OK, &format!("<ObjectLockConfiguration>{lock}</ObjectLockConfiguration>"))
        } else if is_about_bucket && query.starts_with("replication") {
            self.replication(bucket)
        } else if is_about_bucket && head.method != Method::POST {
            let mut headers = head.headers;
            headers.remove("host");
            renamed(self.forward(&self.moto, head.method, &in_path, headers, body).await).await
        } else {
            let origin = head.headers.get(ORIGIN).cloned();
            let is_form = head.method == Method::POST && is_about_bucket;
            let body = if state.corrupts && is_form { changed(&body) } else { body };
            let mut answer =
                self.forward(&format!("http://{}", self.s3), head.method.clone(), &path, head.headers, body).await;
            if head.method == Method::DELETE && !is_of_upload {
                self.deletes.lock().expect("no panic").push(query.to_owned());
            }
            if head.method == Method::HEAD && answer.status().is_success() {
                let further = state.object_headers.iter().copied();
                let further =
                    further.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
                answer.headers_mut().extend(further);
            }
            CORS.iter().for_each(|name| drop(answer.headers_mut().remove(*name)));
            if let Some(origin) = origin {
                answer.headers_mut().extend(self.cors(bucket, origin, &head.method).await);
            }
            answer
        };
        let date = SystemTime::now() + state.ahead;
        let date = aws_sdk_s3::primitives::DateTime::from(date);
        let date = date.fmt(aws_sdk_s3::primitives::DateTimeFormat::HttpDate).expect("a date");
        answer.headers_mut().insert(DATE, HeaderValue::from_str(&date).expect("a value"));
        answer
    }

    async fn forward(
        &self,
        to: &str,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{to}{path}").parse().expect("a URL");
        *request.headers_mut() = headers;
        match self.client.request(request).await {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                Response::from_parts(head, Full::new(body))
            }
            Err(error) => plain(StatusCode::BAD_GATEWAY, &error.to_string()),
        }
    }

    /// What the bucket's rules let a page of this origin read.
    async fn cors(&self, bucket: &str, origin: HeaderValue, method: &Method) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = HeaderMap::from_iter([(ORIGIN, origin)]);
        let method = HeaderValue::from_str(method.as_str()).expect("a method");
        headers.insert("access-control-request-method", method);
        let answer = self.forward(&self.moto, Method::OPTIONS, &format!("/{bucket}/k"), headers, Bytes::new()).await;
        let named =
            CORS.iter().filter_map(|name| Some((HeaderName::from_static(name), answer.headers().get(*name)?.clone())));
        if answer.status().is_success() { named.collect() } else { Vec::new() }
    }

    fn replication(&self, bucket: &str) -> Response<Full<Bytes>> {
        match self.state.lock().expect("no panic").replications.get(bucket) {
            Some(configuration) => plain(StatusCode::OK, configuration),
            None => plain(StatusCode::NOT_FOUND, "<Error><Code>ReplicationConfigurationNotFoundError</Code></Error>"),
        }
    }

    async fn is_accelerated(&self, bucket: &str) -> bool {
        let path = format!("/{bucket}?accelerate");
        let answer = self.forward(&self.moto, Method::GET, &path, HeaderMap::new(), Bytes::new()).await;
        let body = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        String::from_utf8_lossy(&body).contains("Enabled")
    }
}

/// moto gives two elements other names than S3, which AWS's SDK for Rust does not take.
async fn renamed(answer: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body)
        .replace("GetBucketVersioningResponse", "VersioningConfiguration")
        .replace("GetBucketAccelerateConfigurationResponse", "AccelerateConfiguration");
    head.headers.remove("content-length");
    Response::from_parts(head, Full::new(Bytes::from(text)))
}

/// Of the same length.
fn changed(form: &[u8]) -> Bytes {
    let mut form = form.to_vec();
    let (before, after) = (b"may be deleted", b"may be changed");
    if let Some(at) = form.windows(before.len()).position(|window| window == before) {
        form[at..at + after.len()].copy_from_slice(after);
    }
    Bytes::from(form)
}

pub(crate) fn plain(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_owned())));
    *answer.status_mut() = status;
    answer
}

/// The bucket that a host of AWS names.
fn bucket_of(host: &str) -> Option<&str> {
    let name = host.strip_suffix(".amazonaws.com")?;
    let (bucket, _) = name.split_once(".s3.").or_else(|| name.split_once(".s3-accelerate"))?;
    Some(bucket)
}
