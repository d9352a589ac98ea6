//! Who may ask: whoever has signed the whole request, as
//! [S3 demands](https://docs.aws.amazon.com/AmazonS3/latest/developerguide/sig-v4-authenticating-requests.html).

use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Result, s3_error};

/// Refuses requests without a signature, and those with an `x-amz-*` header that the signature does not cover.
pub(super) struct EverythingSigned;

#[async_trait::async_trait]
impl S3Access for EverythingSigned {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "The request is not signed."));
        }
        let signed = signed_headers(context);
        let unsigned = context.headers().keys().map(|name| name.as_str()).find(|name| {
            // A presigned URL may carry the payload's hash without having signed it.
            name.starts_with("x-amz-") && *name != "x-amz-content-sha256" && !signed.iter().any(|known| known == name)
        });
        match unsigned {
            Some(name) => Err(s3_error!(AccessDenied, "The header {name} was sent but not signed. Sign it as well.")),
            None => Ok(()),
        }
    }
}

fn signed_headers(context: &S3AccessContext<'_>) -> Vec<String> {
    let by_query = context.uri().query().unwrap_or_default().split('&').find_map(|pair| {
        let names = pair.strip_prefix("X-Amz-SignedHeaders=")?;
        Some(names.replace("%3B", ";").replace("%3b", ";"))
    });
    let by_header = || {
        let authorization = context.headers().get("authorization")?.to_str().ok()?;
        let (_, names) = authorization.split_once("SignedHeaders=")?;
        Some(names.split(',').next().unwrap_or_default().to_owned())
    };
    let names = by_query.or_else(by_header).unwrap_or_default();
    names.split(';').map(|name| name.trim().to_ascii_lowercase()).collect()
}
