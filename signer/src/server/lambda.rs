//! The signer as an AWS Lambda function, behind a function URL, an HTTP API of API Gateway, or a load balancer.
//!
//! What those have decoded of a request comes as an event, and what they are given as a reply is text unless it is said to be
//! base64, which compressed replies are: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;

use axum::response::Response;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt as _};
use tower::Service as _;

use super::client::ClientAddress;
use super::live::Live;
use crate::app::BuildError;
use crate::config::{Config, Secrets};

/// A signer that waits for Lambda's events.
pub struct Function(Live);

/// Puts a function together. It listens at no port, and there is no TLS: both are Lambda's.
pub async fn build_function(mut config: Config, secrets: Secrets) -> Result<Function, BuildError> {
    config.server.tls = None;
    Ok(Function(Live::new(config, secrets).await?))
}

impl Function {
    /// Answers events until Lambda ends the process.
    pub async fn run(self) -> Result<(), lambda_http::Error> {
        lambda_http::run(lambda_http::service_fn(|request| answer(self.0.clone(), request))).await
    }
}

async fn answer(mut live: Live, mut request: Request) -> Result<Response, Infallible> {
    if let Some(address) = client(&request) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    live.call(request.map(into_body)).await
}

/// Whom Lambda's front has seen. A load balancer says it in a header, as any proxy does.
fn client(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_ref()?.parse().ok(),
        RequestContext::Alb(_) | _ => None,
    }
}

fn into_body(body: Body) -> axum::body::Body {
    match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        Body::Empty | _ => axum::body::Body::empty(),
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}
