//! A storage that answers by script, for what a healthy one does not do: lost uploads, errors inside a 200, pages.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

pub(crate) const UPLOAD_ID: &str = "the/upload+id";

/// An answer of the storage.
#[derive(Clone)]
pub(crate) enum Answer {
    /// An error with its code as XML.
    Error(u16, &'static str),
    /// The XML of a success.
    Xml(String),
    /// A success without a body.
    Headers(Vec<(&'static str, String)>),
}

/// What the storage answers to each operation.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) create: Answer,
    pub(crate) complete: Answer,
    pub(crate) head: Answer,
    /// By the `part-number-marker` of the request.
    pub(crate) list: fn(&str) -> Answer,
    pub(crate) abort: Answer,
}

/// An operation that the storage was asked for.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) operation: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) struct ScriptedStorage {
    pub(crate) address: SocketAddr,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            create: create_xml(),
            complete: complete_xml(),
            head: Answer::Error(404, "NotFound"),
            list: |_| list_xml(&[], None),
            abort: Answer::Headers(Vec::new()),
        }
    }
}

impl ScriptedStorage {
    pub(crate) async fn start(script: Script) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(Mutex::new(script));
        let router = Router::new().fallback(answer).with_state((script.clone(), asked.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, script, asked }
    }

    /// What it answers about objects from now on.
    pub(crate) fn set_head(&self, head: Answer) {
        self.script.lock().expect("not poisoned").head = head;
    }

    /// What it answers to Abort from now on.
    pub(crate) fn set_abort(&self, abort: Answer) {
        self.script.lock().expect("not poisoned").abort = abort;
    }

    /// How often it was asked for anything.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().expect("not poisoned").len()
    }

    pub(crate) fn asked_for(&self, operation: &str) -> Vec<Asked> {
        self.asked.lock().expect("not poisoned").iter().filter(|asked| asked.operation == operation).cloned().collect()
    }
}

pub(crate) fn complete_xml() -> Answer {
    Answer::Xml("<CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>".to_owned())
}

pub(crate) fn list_xml(numbers: &[u32], next: Option<u32>) -> Answer {
    let part =
        |n: &u32| format!("<Part><PartNumber>{n}</PartNumber><ETag>&quot;e{n}&quot;</ETag><Size>{n}</Size></Part>");
    let parts: String = numbers.iter().map(part).collect();
    let next =
        next.map(|next| format!("<IsTruncated>true</IsTruncated><NextPartNumberMarker>{next}</NextPartNumberMarker>"));
    Answer::Xml(format!("<ListPartsResult>{parts}{}</ListPartsResult>", next.unwrap_or_default()))
}

type Shared = (Arc<Mutex<Script>>, Arc<Mutex<Vec<Asked>>>);

async fn answer(State((script, asked)): State<Shared>, request: Request) -> Response {
    let script = script.lock().expect("not poisoned").clone();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let marker = query.split('&').find_map(|pair| pair.strip_prefix("part-number-marker=")).unwrap_or("");
    let (operation, answer) = match request.method().as_str() {
        "POST" if query.contains("uploadId") => ("complete", script.complete),
        "POST" => ("create", script.create),
        "HEAD" => ("head", script.head),
        "DELETE" => ("abort", script.abort),
        _ => ("list", (script.list)(marker)),
    };
    let headers = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("text");
    asked.lock().expect("not poisoned").push(Asked { operation, headers, body });
    match answer {
        Answer::Error(status, code) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, format!("<Error><Code>{code}</Code><Message>as scripted</Message></Error>")).into_response()
        }
        Answer::Xml(xml) => xml.into_response(),
        Answer::Headers(headers) => {
            let mut response = StatusCode::OK.into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().expect("a value"));
            }
            response
        }
    }
}

fn create_xml() -> Answer {
    Answer::Xml(format!(
        "<InitiateMultipartUploadResult><UploadId>{UPLOAD_ID}</UploadId></InitiateMultipartUploadResult>"
    ))
}
