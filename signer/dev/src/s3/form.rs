//! What a posted form says besides what s3s hands on: the token of temporary credentials, and tags.
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>.

use std::convert::Infallible;
use std::iter;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;

/// One POST at most: 5 GiB. A form is held in memory, as s3s holds it.
const MAX_FORM_SIZE: usize = 5 << 30;

const PIECE_SIZE: usize = 1 << 20;

/// The token in a form, as an extension of its request.
#[derive(Debug, Clone)]
pub(super) struct FormToken(pub(super) String);

/// The field `tagging` of a form, as an extension of its request.
#[derive(Debug, Clone)]
pub(super) struct FormTags(pub(super) String);

/// Reads a form, and hands it on with its token and tags.
pub(super) async fn read(request: Request, next: Next) -> Response {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if request.method() != Method::POST || !kind.starts_with("multipart/form-data") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(form) = to_bytes(body, MAX_FORM_SIZE).await else {
        return (StatusCode::BAD_REQUEST, "The form has broken off.").into_response();
    };
    if let Some(token) = field(&form, "x-amz-security-token") {
        parts.extensions.insert(FormToken(token));
    }
    if let Some(tags) = field(&form, "tagging") {
        parts.extensions.insert(FormTags(tags));
    }
    next.run(Request::from_parts(parts, Body::from_stream(stream::iter(pieces(form))))).await
}

/// As from the network: s3s looks for the fields in the first piece, and would take a large one for too many fields.
fn pieces(mut form: Bytes) -> impl Iterator<Item = Result<Bytes, Infallible>> {
    iter::from_fn(move || {
        let piece = form.split_to(form.len().min(PIECE_SIZE));
        (!piece.is_empty()).then_some(Ok(piece))
    })
}

/// The field's value; what follows the file is no field.
fn field(form: &[u8], name: &str) -> Option<String> {
    let fields = &form[..find(form, b"name=\"file\"").unwrap_or(form.len())];
    let name = format!("name=\"{name}\"\r\n\r\n");
    let value = &fields[find(&fields.to_ascii_lowercase(), name.as_bytes())? + name.len()..];
    String::from_utf8(value[..find(value, b"\r\n")?].to_vec()).ok()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
