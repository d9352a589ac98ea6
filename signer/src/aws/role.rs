//! Credentials for browsers: a role that is assumed for one caller, cut down to one prefix.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_sts::Client;
use serde_json::json;

use super::{Delegated, Failure, StorageError};
use crate::auth::Subject;
use crate::partition::Partition;
use crate::ticket::Territory;

const ASSUME: &str = "AssumeRole";

/// How long before their end credentials are replaced: a browser that gets them has time to use them.
const MARGIN: Duration = Duration::from_mins(10);

/// So many uploads' credentials are remembered at once.
const MOST_REMEMBERED: usize = 10_000;

/// Assumes one role for one bucket.
pub(super) struct Role {
    pub(super) client: Client,
    arn: String,
    duration: Duration,
    bucket_arn: String,
    /// By caller and resource.
    remembered: Mutex<HashMap<(Option<String>, String), Delegated>>,
}

impl Role {
    pub(super) fn new(client: Client, arn: String, duration: Duration, region: &str, bucket: &str) -> Self {
        let bucket_arn = format!("arn:{}:s3:::{bucket}", Partition::of(region).name);
        Self { client, arn, duration, bucket_arn, remembered: Mutex::default() }
    }

    /// Credentials that can put objects in one part of the bucket and nothing else. A caller that asks again gets the same, until near their
    /// end.
    pub(super) async fn assume(
        &self,
        caller: Option<&Subject>,
        territory: Territory<'_>,
        now: SystemTime,
    ) -> Result<Delegated, StorageError> {
        let resource = self.resource(territory);
        let name = (caller.map(Subject::to_string), resource.clone());
        let known = self.remembered().get(&name).filter(|known| is_good(known, now)).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = self
            .client
            .assume_role()
            .role_arn(&self.arn)
            .role_session_name(session_name(caller.map_or("anonymous", Subject::as_str)))
            .duration_seconds(i32::try_from(self.duration.as_secs()).unwrap_or(i32::MAX))
            .policy(policy(&resource))
            .send()
            .await
            .map_err(|error| StorageError::from_sdk(ASSUME, &error))?;
        let odd = |cause| StorageError::odd(Failure::Unavailable, ASSUME, cause);
        let given = answer.credentials.ok_or_else(|| odd("the answer has no credentials"))?;
        let assumed = Delegated {
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key,
            session_token: given.session_token,
            end: SystemTime::try_from(given.expiration).map_err(|_| odd("the credentials end in another age"))?,
        };
        self.remember(name, assumed.clone(), now);
        Ok(assumed)
    }

    fn resource(&self, territory: Territory<'_>) -> String {
        match territory {
            Territory::Folder(prefix) => format!("{}/{prefix}*", self.bucket_arn),
            Territory::Key(key) => format!("{}/{key}", self.bucket_arn),
        }
    }

    fn remember(&self, name: (Option<String>, String), assumed: Delegated, now: SystemTime) {
        let mut remembered = self.remembered();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, known| is_good(known, now));
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(name, assumed);
        }
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<(Option<String>, String), Delegated>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the session may do is what both this and the role's own policy allow.
fn policy(resource: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": resource });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    // STS takes no characters beyond Latin-1, but their escapes.
    let escape = |unit: u16| if unit < 0x80 { char::from(unit as u8).to_string() } else { format!("\\u{unit:04x}") };
    policy.encode_utf16().map(escape).collect()
}

fn is_good(known: &Delegated, now: SystemTime) -> bool {
    known.end.duration_since(now).is_ok_and(|left| left > MARGIN)
}

/// Who it was, as AWS's logs have it: 64 characters at most, and of few kinds.
fn session_name(caller: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let caller: String = caller.chars().map(|c| if allowed(c) { c } else { '-' }).take(56).collect();
    format!("nearput-{caller}")
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;

    use super::*;

    fn role(region: &str) -> Role {
        let config = aws_sdk_sts::Config::builder().behavior_version(BehaviorVersion::latest()).build();
        Role::new(Client::from_conf(config), String::new(), Duration::ZERO, region, "b.c")
    }

    #[test]
    fn a_policy_names_one_action_and_one_prefix_of_the_bucket_in_its_partition() {
        for (region, partition) in [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov")] {
            let resource = format!("arn:{partition}:s3:::b.c/private/me/1/*");
            let statement = format!(r#"{{"Action":"s3:PutObject","Effect":"Allow","Resource":"{resource}"}}"#);
            let expected = format!(r#"{{"Statement":[{statement}],"Version":"2012-10-17"}}"#);
            assert_eq!(policy(&role(region).resource(Territory::Folder("private/me/1/"))), expected);
        }
    }

    #[test]
    fn a_policy_for_one_key_is_ascii_and_names_no_other() {
        let policy = policy(&role("eu-west-1").resource(Territory::Key("a/ü😀.png")));
        assert!(policy.contains(r#""arn:aws:s3:::b.c/a/\u00fc\ud83d\ude00.png""#), "{policy}");
        let read: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
        assert_eq!(read["Statement"][0]["Resource"], "arn:aws:s3:::b.c/a/ü😀.png");
    }

    #[tokio::test]
    async fn credentials_are_remembered_for_their_caller_and_prefix_until_near_their_end() {
        let role = role("eu-west-1");
        let now = SystemTime::now();
        let assumed = Delegated {
            access_key_id: "id".to_owned(),
            secret_access_key: String::new(),
            session_token: String::new(),
            end: now + Duration::from_hours(1),
        };
        role.remember((Some("me".to_owned()), "arn:aws:s3:::b.c/p/*".to_owned()), assumed, now);
        let [me, you] = ["me", "you"].map(Subject::parse);
        let (me, you) = (me.as_ref(), you.as_ref());
        assert_eq!(role.assume(me, Territory::Folder("p/"), now).await.expect("it is remembered").access_key_id, "id");
        // STS cannot be reached from here, so whatever is not remembered fails.
        let late = now + Duration::from_mins(51);
        for (caller, prefix, now) in [(you, "p/", now), (None, "p/", now), (me, "q/", now), (me, "p/", late)] {
            assert!(role.assume(caller, Territory::Folder(prefix), now).await.is_err(), "{caller:?} {prefix}");
        }
    }

    #[test]
    fn any_caller_makes_a_session_name_that_sts_takes() {
        assert_eq!(session_name("us-east-1:0f1e|me@example.com"), "nearput-us-east-1-0f1e-me@example.com");
        assert_eq!(session_name(&"x".repeat(128)).len(), 64);
    }
}
