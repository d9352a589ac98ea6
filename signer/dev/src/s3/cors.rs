//! The CORS rule that a bucket needs, as [S3 itself](https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html) would
//! apply it.

use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ETAG};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::map_request;
use tower_http::cors::{AllowHeaders, CorsLayer};

const EXPOSED: [HeaderName; 4] = [
    ETAG,
    HeaderName::from_static("x-amz-checksum-crc64nvme"),
    HeaderName::from_static("x-amz-version-id"),
    HeaderName::from_static("x-amz-request-id"),
];
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Lets pages of these origins, and of no other, reach the router.
pub(super) fn allow(router: Router, origins: &[String]) -> Result<Router> {
    let origins = origins
        .iter()
        .map(|origin| HeaderValue::from_str(origin).with_context(|| format!("{origin:?} is not a page's origin")))
        .collect::<Result<Vec<_>>>()?;
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::PUT, Method::POST, Method::GET, Method::HEAD])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(MAX_AGE);
    Ok(router.layer(cors).layer(map_request(ask_only_for_allowed_headers)))
}

/// `x-amz-*` cannot be written as a list, so the asked headers are mirrored; those that no rule allows are taken out first.
async fn ask_only_for_allowed_headers(mut request: Request) -> Request {
    if let Some(asked) = request.headers_mut().get_mut(ACCESS_CONTROL_REQUEST_HEADERS) {
        let allowed = asked.to_str().unwrap_or_default().split(',').map(str::trim).filter(|name| is_allowed(name));
        let allowed = allowed.collect::<Vec<_>>().join(",");
        *asked = HeaderValue::from_str(&allowed).expect("a part of a header's value is one too");
    }
    request
}

fn is_allowed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "content-type" | "content-disposition" | "cache-control" | "if-none-match")
        || name.starts_with("x-amz-")
}
