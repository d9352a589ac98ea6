//! `GET /openapi.json`: the calls and their words, as OpenAPI has it. The words describe themselves, in `nearput-api`.
//! See <https://spec.openapis.org/oas/v3.1.0>.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use nearput_api::{ErrorReply, path};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::{IntoResponses, Modify};

/// How every call may fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described, never made")]
#[response(status = "default", description = "It failed: a code for programs, a message for people")]
pub(super) struct Failures(ErrorReply);

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Nearput signer",
        description = "Says who may upload what to S3, and never touches the bytes. Times are milliseconds since the Unix epoch, \
                       sizes are bytes. The bearer token may instead be the key `token` of the body: sent as `text/plain`, \
                       such a call needs no CORS preflight.",
    ),
    paths(
        super::sites::sites,
        super::open::open,
        super::sign::sign,
        super::complete::complete,
        super::parts::parts,
        super::abort::abort,
        super::created::created,
        super::status::status,
        super::credentials::credentials,
        super::health::health,
        super::ready::ready,
        super::metrics::metrics,
    ),
    modifiers(&Bearer),
)]
struct Description;

/// What tells who is calling.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        description.components.get_or_insert_default().add_security_scheme("bearer", scheme);
        // The same call by another method.
        let sites = description.paths.paths.get_mut(path::SITES).and_then(|item| item.post.as_mut());
        sites.expect("the call is described").operation_id = Some("sites_by_post".to_owned());
        description.security = Some(vec![SecurityRequirement::new("bearer", [""; 0])]);
    }
}

/// The whole description.
pub(super) static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(<Description as utoipa::OpenApi>::openapi);

static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_json().expect("the description is JSON"));

pub(super) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}
