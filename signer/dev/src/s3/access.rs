//! Who may ask: whoever has signed the whole request, as
//! [S3 demands](https://docs.aws.amazon.com/AmazonS3/latest/developerguide/sig-v4-authenticating-requests.html).

use percent_encoding::percent_decode_str;
use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Result, s3_error};

use super::form::FormToken;
use super::sessions::Keys;

/// Refuses requests without a signature, those with an `x-amz-*` header that the signature does not cover, and those of
/// temporary credentials without their token or their right.
pub(super) struct EverythingSigned(pub(super) Keys);

#[async_trait::async_trait]
impl S3Access for EverythingSigned {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = context.credentials() else {
            return Err(s3_error!(AccessDenied, "The request is not signed."));
        };
        let access_key = credentials.access_key.clone();
        let token = token(context);
        self.0.check_token(&access_key, token.as_deref())?;
        self.0.check_right(&access_key, context.s3_op().name(), context.s3_path())?;

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

fn token(context: &mut S3AccessContext<'_>) -> Option<String> {
    let by_form = context.extensions_mut().get::<FormToken>().map(|FormToken(token)| token.clone());
    let by_header = context.headers().get("x-amz-security-token").and_then(|value| value.to_str().ok());
    by_form.or_else(|| by_header.map(str::to_owned)).or_else(|| query(context, "X-Amz-Security-Token"))
}

fn signed_headers(context: &S3AccessContext<'_>) -> Vec<String> {
    let by_header = || {
        let authorization = context.headers().get("authorization")?.to_str().ok()?;
        let (_, names) = authorization.split_once("SignedHeaders=")?;
        Some(names.split(',').next().unwrap_or_default().to_owned())
    };
    let names = query(context, "X-Amz-SignedHeaders").or_else(by_header).unwrap_or_default();
    names.split(';').map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn query(context: &S3AccessContext<'_>, name: &str) -> Option<String> {
    let pairs = context.uri().query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find_map(|(known, value)| (known == name).then_some(value))?;
    percent_decode_str(value).decode_utf8().ok().map(Into::into)
}
