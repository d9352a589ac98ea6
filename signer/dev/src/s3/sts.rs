//! The one call of STS that the signer makes: temporary credentials, cut down by a session policy.
//! See <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.

use std::time::{Duration, SystemTime};

use axum::extract::Query;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, Uri, header};
use s3s::dto::{Timestamp, TimestampFormat};
use s3s::route::S3Route;
use s3s::{Body, S3Request, S3Response, S3Result, s3_error};
use serde::Deserialize;
use uuid::Uuid;

use super::sessions::{Keys, Session};

const MAX_BODY_BYTES: usize = 8 << 10;

/// Hands out sessions to the owner of the permanent key.
pub(super) struct Sts(pub(super) Keys);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRole {
    action: String,
    role_arn: String,
    role_session_name: String,
    policy: String,
    duration_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    version: String,
    statement: [Statement; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: String,
    action: String,
    resource: String,
}

#[async_trait::async_trait]
impl S3Route for Sts {
    fn is_match(&self, method: &Method, uri: &Uri, headers: &HeaderMap, _: &mut Extensions) -> bool {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        method == Method::POST && uri.path() == "/" && headers.get(header::CONTENT_TYPE) == Some(&form)
    }

    async fn call(&self, mut request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        if request.credentials.is_none_or(|credentials| credentials.access_key != self.0.access_key) {
            return Err(s3_error!(AccessDenied, "A session cannot assume a role here."));
        }
        let body = request.input.store_all_limited(MAX_BODY_BYTES).await;
        let body = body.map_err(|_| s3_error!(EntityTooLarge, "The call is larger than any that STS takes."))?;
        let asked = parse(&body).ok_or_else(|| s3_error!(InvalidRequest, "This is no AssumeRole with a policy."))?;
        let may_put = allowed(&asked.policy).ok_or_else(|| {
            s3_error!(InvalidRequest, "The policy is not one of s3:PutObject at a key or below a prefix.")
        })?;
        let session = Session {
            access_key: format!("ASIA{}", &Uuid::new_v4().simple().to_string().to_uppercase()[..16]),
            secret_key: Uuid::new_v4().simple().to_string(),
            token: format!("{}/+==", Uuid::new_v4().simple()),
            expires_at: SystemTime::now() + Duration::from_secs(asked.duration_seconds),
            may_put: Some(may_put),
        };
        let mut answer = S3Response::new(Body::from(answer(&session, &asked)?));
        answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        self.0.sessions.add(session);
        Ok(answer)
    }
}

fn parse(body: &[u8]) -> Option<AssumeRole> {
    let uri = format!("/?{}", std::str::from_utf8(body).ok()?).parse().ok()?;
    let Query(asked) = Query::<AssumeRole>::try_from_uri(&uri).ok()?;
    // STS's own limits.
    let valid = asked.action == "AssumeRole"
        && asked.policy.len() <= 2048
        && (2..=64).contains(&asked.role_session_name.len())
        && (900..=43_200).contains(&asked.duration_seconds);
    valid.then_some(asked)
}

/// Where a policy lets objects be put, if that is all it does: at `bucket/key`, or, with `*` at the end, below `bucket/prefix`.
fn allowed(policy: &str) -> Option<String> {
    let Policy { version, statement: [Statement { effect, action, resource }] } = serde_json::from_str(policy).ok()?;
    let place = resource.strip_prefix("arn:aws:s3:::")?;
    let fixed = place.strip_suffix('*').unwrap_or(place);
    let plain = version == "2012-10-17" && effect == "Allow" && action == "s3:PutObject" && !fixed.contains(['*', '?']);
    plain.then(|| place.to_owned())
}

fn answer(session: &Session, asked: &AssumeRole) -> S3Result<String> {
    let Session { access_key, secret_key, token, expires_at, .. } = session;
    let mut end = Vec::new();
    let written = Timestamp::from(*expires_at).format(TimestampFormat::DateTime, &mut end);
    written.map_err(|_| s3_error!(InternalError, "The session ends in another age."))?;
    let (end, role, name) = (String::from_utf8_lossy(&end), &asked.role_arn, &asked.role_session_name);
    Ok(format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><Arn>{role}/{name}</Arn><AssumedRoleId>{access_key}:{name}</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_key}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{end}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_taken_only_if_it_is_about_putting_objects_at_one_place() {
        let policy = |action: &str, resource: &str| {
            let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#);
            allowed(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
        };
        assert_eq!(policy("s3:PutObject", "arn:aws:s3:::b/p/*").as_deref(), Some("b/p/*"));
        assert_eq!(policy("s3:PutObject", "arn:aws:s3:::b/p").as_deref(), Some("b/p"));
        for (action, resource) in [
            ("s3:*", "arn:aws:s3:::b/p/*"),
            ("s3:PutObject", "*"),
            ("s3:PutObject", "arn:aws:s3:::b/*/p/*"),
            ("s3:PutObject", "arn:aws:s3:::b/p?"),
        ] {
            assert_eq!(policy(action, resource), None, "{action} {resource}");
        }
        assert_eq!(allowed("{}"), None);
    }
}
