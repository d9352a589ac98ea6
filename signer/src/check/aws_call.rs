//! Calls to services of AWS for which the signer has no SDK: IAM and Route 53, each a few lines of XML.

use std::time::SystemTime;

use aws_sdk_s3::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Method;

use super::eyes::{Asked, Eyes};
use super::look::Look;

/// A service, and where it is.
pub(super) struct Service<'a> {
    pub(super) eyes: &'a Eyes,
    pub(super) credentials: &'a Credentials,
    /// As signatures have it, such as `iam`.
    pub(super) name: &'static str,
    /// Its region, as signatures have it.
    pub(super) region: &'static str,
    pub(super) endpoint: String,
}

impl Service<'_> {
    /// A call by query and body. What it answers, or nothing where what is asked for is not there.
    pub(super) async fn call(
        &self,
        right: &'static str,
        method: Method,
        path: &str,
        body: String,
    ) -> Look<Option<String>> {
        let asked = match self.sign(method, path, body) {
            Ok(asked) => asked,
            Err(problem) => return Look::Failed(problem),
        };
        let answer = match self.eyes.send(&asked).await {
            Ok(answer) => answer,
            Err(problem) => return Look::Failed(problem),
        };
        match answer.status.as_u16() {
            200 => Look::Seen(Some(answer.body)),
            404 => Look::Seen(None),
            401 | 403 => Look::Refused { right },
            status => Look::Failed(format!("{} answers {status}", self.name)),
        }
    }

    fn sign(&self, method: Method, path: &str, body: String) -> Result<Asked, String> {
        let malformed = |error: &dyn std::error::Error| error.to_string();
        let url = format!("{}{path}", self.endpoint);
        let content_type = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let headers = if body.is_empty() { &content_type[..0] } else { &content_type };
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| malformed(&error))?
            .into();
        let body_to_sign = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new(method.as_str(), &url, headers.iter().copied(), body_to_sign);
        let signed =
            sign(signable.map_err(|error| malformed(&error))?, &parameters).map_err(|error| malformed(&error))?;
        let (instructions, _) = signed.into_parts();
        let mut asked = Asked { method, url, headers: Vec::new(), body: body.into_bytes() };
        let further = instructions.headers();
        for (name, value) in headers.iter().copied().chain(further) {
            asked = asked.header(name, value);
        }
        Ok(asked)
    }
}

/// The texts of all elements of this name.
pub(super) fn texts(xml: &str, element: &str) -> Vec<String> {
    let Ok(document) = roxmltree::Document::parse(xml) else { return Vec::new() };
    let named = document.descendants().filter(|node| node.tag_name().name() == element);
    named.filter_map(|node| node.text()).map(str::to_owned).collect()
}
