//! What a token of an issuer says: whether it counts now and here, and who its caller is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Refused;
use crate::auth::{Caller, Identity, Subject};
use crate::config::Issuer;

/// The last second of the year 9999: what is later was not meant as seconds.
const LATEST: f64 = 253_402_300_799.0;

/// A claim of a genuine token that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusableClaim {
    #[error(
        "the token has no text as its claim `{0}`, which names the caller; the signer's operator may choose another"
    )]
    NoSubject(String),
    #[error(
        "the token's claim `{0}` cannot be a part of keys, as it must be of up to 128 letters, digits and any of `-_.@:|+`; \
         the signer's operator may choose another claim"
    )]
    Unsafe(String),
    #[error("the token's claim `{0}` is neither a text nor a list of texts; the signer's operator may choose another")]
    NotGroups(String),
}

/// Holds a token of this issuer to its audience and its times, and says when it ends.
pub(super) fn check(claims: &Value, issuer: &Issuer, now: SystemTime) -> Result<SystemTime, Refused> {
    if !names_one_of(claim(claims, &issuer.audience_claim), &issuer.audience) {
        return Err(Refused::Audience);
    }
    let end = time(claims, "exp")?.ok_or(Refused::Claim("exp"))? + issuer.leeway;
    let begin = time(claims, "nbf")?;
    if begin.is_none() && issuer.require_nbf {
        return Err(Refused::Claim("nbf"));
    }
    if end <= now {
        return Err(Refused::Ended);
    }
    let is_to_come = |time: SystemTime| time > now + issuer.leeway;
    if begin.is_some_and(is_to_come) || time(claims, "iat")?.is_some_and(is_to_come) {
        return Err(Refused::NotYet);
    }
    Ok(end)
}

/// Who it is by the claims of a token, which must have been verified before.
pub(crate) fn caller_of(claims: &Value, issuer: &Issuer) -> Result<Caller, UnusableClaim> {
    let subject_claim = || issuer.subject_claim.clone();
    let sub = claim(claims, &issuer.subject_claim)
        .and_then(Value::as_str)
        .ok_or_else(|| UnusableClaim::NoSubject(subject_claim()))?;
    // A name has no colon, so where it ends is never in doubt.
    let subject = issuer.name.as_ref().map_or_else(|| sub.to_owned(), |name| format!("{name}:{sub}"));
    if sub.is_empty() {
        return Err(UnusableClaim::Unsafe(subject_claim()));
    }
    Ok(Caller::Known(Identity {
        subject: Subject::parse(&subject).ok_or_else(|| UnusableClaim::Unsafe(subject_claim()))?,
        groups: groups(claim(claims, &issuer.groups_claim))
            .ok_or_else(|| UnusableClaim::NotGroups(issuer.groups_claim.clone()))?,
        tenant: issuer.tenant_claim.as_deref().map_or(Ok(None), |name| tenant(claims, name))?,
        claims: issuer.watched.iter().map(|name| (name.clone(), values(claim(claims, name)))).collect(),
    }))
}

/// A claim by its name, or by its JSON pointer, such as `/realm_access/roles`.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) }
}

fn names_one_of(audience: Option<&Value>, ours: &[String]) -> bool {
    let is_ours = |one: &Value| one.as_str().is_some_and(|one| ours.iter().any(|our| our == one));
    match audience {
        Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    }
}

/// A time as JWTs have it: a number of seconds since the Unix epoch, which may have a fraction. Text is none.
fn time(claims: &Value, name: &'static str) -> Result<Option<SystemTime>, Refused> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=LATEST).contains(seconds)).ok_or(Refused::Claim(name))?;
    Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}

/// A list of texts, or one text with a space after each but the last.
fn groups(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(text)) => Some(text.split_ascii_whitespace().map(str::to_owned).collect()),
        Some(Value::Array(all)) => all.iter().map(|group| group.as_str().map(str::to_owned)).collect(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => None,
    }
}

/// What a claim says, one or many. A text is one value, whatever is in it.
fn values(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null | Value::Object(_)) => Vec::new(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(one @ (Value::Bool(_) | Value::Number(_))) => vec![one.to_string()],
        Some(Value::Array(all)) => all.iter().filter(|one| !one.is_array()).flat_map(|one| values(Some(one))).collect(),
    }
}

fn tenant(claims: &Value, name: &str) -> Result<Option<Subject>, UnusableClaim> {
    match claim(claims, name) {
        None | Some(Value::Null) => Ok(None),
        Some(tenant) => {
            let tenant = tenant.as_str().and_then(Subject::parse);
            tenant.map(Some).ok_or_else(|| UnusableClaim::Unsafe(name.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn issuer(further: &str) -> Issuer {
        toml::from_str(&format!("issuer = 'https://a.example'\naudience = ['ours', 'too']\n{further}")).expect("valid")
    }

    fn check_at(seconds: f64, claims: &Value, further: &str) -> Result<SystemTime, Refused> {
        check(claims, &issuer(further), UNIX_EPOCH + Duration::from_secs_f64(seconds))
    }

    #[test]
    fn a_claim_that_is_asked_for_has_the_values_that_a_token_gives_it() {
        let mut issuer = issuer("");
        issuer.watched = ["country", "/address/zones", "level", "none", "odd"].map(str::to_owned).into();
        let claims = json!({
            "sub": "me", "country": "DE AT", "address": { "zones": ["eu", 7, ["x"], null] }, "level": 3, "odd": { "a": "b" },
            "other": "x",
        });
        let Ok(Caller::Known(identity)) = caller_of(&claims, &issuer) else { panic!("a caller") };
        let values = |name: &str| identity.claims[name].join("|");
        let names = ["country", "/address/zones", "level", "none", "odd"];
        assert_eq!(names.map(values), ["DE AT", "eu|7", "3", "", ""]);
        assert_eq!(identity.claims.len(), 5);
    }

    fn identity(claims: Value, further: &str) -> Result<Identity, UnusableClaim> {
        match caller_of(&claims, &issuer(further))? {
            Caller::Known(identity) => Ok(identity),
            Caller::Anonymous => panic!("whoever has a token is known"),
        }
    }

    fn subject(sub: &str, further: &str) -> Result<String, UnusableClaim> {
        identity(json!({ "sub": sub }), further).map(|identity| identity.subject.to_string())
    }

    #[test]
    fn a_token_counts_from_nbf_to_exp_and_for_the_leeway_around_them_but_not_a_moment_longer() {
        let now = NOW as f64;
        let claims = json!({ "aud": "ours", "nbf": NOW, "exp": NOW + 100 });
        for (seconds, further, expected) in [
            (now - 60.5, "", Err(Refused::NotYet)),
            (now - 60.0, "", Ok(())),
            (now + 159.5, "", Ok(())),
            (now + 160.0, "", Err(Refused::Ended)),
            (now - 0.5, "leeway = '0s'", Err(Refused::NotYet)),
            (now, "leeway = '0s'", Ok(())),
            (now + 99.5, "leeway = '0s'", Ok(())),
            (now + 100.0, "leeway = '0s'", Err(Refused::Ended)),
        ] {
            assert_eq!(check_at(seconds, &claims, further).map(|_| ()), expected, "{seconds} {further}");
        }
        assert_eq!(check_at(now, &claims, ""), Ok(UNIX_EPOCH + Duration::from_secs(NOW + 160)));
    }

    #[test]
    fn times_are_numbers_of_this_age() {
        let ended = Err(Refused::Ended);
        let wrong = |name| Err(Refused::Claim(name));
        for (claims, expected) in [
            (json!({}), wrong("exp")),
            (json!({ "exp": null }), wrong("exp")),
            (json!({ "exp": (NOW + 1).to_string() }), wrong("exp")),
            (json!({ "exp": "never" }), wrong("exp")),
            (json!({ "exp": [NOW + 1] }), wrong("exp")),
            (json!({ "exp": true }), wrong("exp")),
            (json!({ "exp": -1 }), wrong("exp")),
            (json!({ "exp": 0 }), ended),
            (json!({ "exp": (NOW + 1) as f64 + 0.5 }), Ok(())),
            (json!({ "exp": NOW as f64 - 60.5 }), ended),
            (json!({ "exp": (NOW + 1) * 1000 }), wrong("exp")),
            (json!({ "exp": u64::MAX }), wrong("exp")),
            (json!({ "exp": i64::MIN }), wrong("exp")),
            (json!({ "exp": 1e308 }), wrong("exp")),
            (json!({ "exp": NOW + 1, "nbf": "0" }), wrong("nbf")),
            (json!({ "exp": NOW + 1, "nbf": NOW + 61 }), Err(Refused::NotYet)),
            (json!({ "exp": NOW + 1, "iat": NOW + 60 }), Ok(())),
            (json!({ "exp": NOW + 1, "iat": NOW + 61 }), Err(Refused::NotYet)),
            (json!({ "exp": NOW + 1, "iat": "0" }), wrong("iat")),
        ] {
            let mut claims = claims;
            claims["aud"] = "ours".into();
            assert_eq!(check_at(NOW as f64, &claims, "").map(|_| ()), expected, "{claims}");
        }
        let claims = json!({ "aud": "ours", "exp": NOW + 1 });
        assert_eq!(check_at(NOW as f64, &claims, "require_nbf = true").map(|_| ()), wrong("nbf"));
    }

    #[test]
    fn a_token_must_be_meant_for_us() {
        for (claims, further, is_ours) in [
            (json!({ "aud": "ours" }), "", true),
            (json!({ "aud": ["other", "too"] }), "", true),
            (json!({ "aud": "our" }), "", false),
            (json!({ "aud": "" }), "", false),
            (json!({ "aud": [] }), "", false),
            (json!({ "aud": ["other"] }), "", false),
            (json!({ "aud": ["ours", 7] }), "", false),
            (json!({ "aud": { "ours": "ours" } }), "", false),
            (json!({}), "", false),
            (json!({ "client_id": "ours" }), "", false),
            (json!({ "client_id": "ours" }), "audience_claim = 'client_id'", true),
            (json!({ "aud": "ours" }), "audience_claim = 'client_id'", false),
        ] {
            let mut claims = claims;
            claims["exp"] = (NOW + 1).into();
            let expected = if is_ours { Ok(()) } else { Err(Refused::Audience) };
            assert_eq!(check_at(NOW as f64, &claims, further).map(|_| ()), expected, "{claims} {further}");
        }
    }

    #[test]
    fn the_subjects_of_real_providers_can_be_callers() {
        for sub in [
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "google-oauth2|103547991597142817347",
            "samlp|acme|me@example.com",
            "110169484474386276334",
            "8b0a0a1e-3b41-4a5f-9d5a-2f6f0a3b1c11",
            "f:8b0a0a1e-3b41-4a5f-9d5a-2f6f0a3b1c11:me",
            "me.and.you+uploads@example.com",
            "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "us-east-1:12345678-1234-1234-1234-123456790ab",
            "001234.0123456789abcdef0123456789abcdef.0123",
        ] {
            assert_eq!(subject(sub, "").as_deref(), Ok(sub));
            assert_eq!(subject(sub, "name = 'a'"), Ok(format!("a:{sub}")));
        }
    }

    #[test]
    fn a_subject_that_is_unsafe_as_a_part_of_keys_is_refused_and_the_message_says_which_claim() {
        for sub in ["", ".", "..", "a/b", "a\\b", "a b", "ü", "a\0", "a%2fb", &"x".repeat(129)] {
            assert_eq!(subject(sub, ""), Err(UnusableClaim::Unsafe("sub".to_owned())), "{sub}");
        }
        assert_eq!(subject("", "name = 'a'"), Err(UnusableClaim::Unsafe("sub".to_owned())));
        assert_eq!(subject(&"x".repeat(127), "name = 'a'"), Err(UnusableClaim::Unsafe("sub".to_owned())));
        assert_eq!(identity(json!({ "sub": 7 }), ""), Err(UnusableClaim::NoSubject("sub".to_owned())));
        let no_email = identity(json!({ "sub": "me" }), "subject_claim = 'email'");
        assert_eq!(no_email, Err(UnusableClaim::NoSubject("email".to_owned())));
    }

    #[test]
    fn groups_and_tenant_come_from_the_claims_that_are_named_also_from_within_others() {
        let claims = json!({
            "sub": "me",
            "groups": ["a b", "c"],
            "scope": "read  write",
            "cognito:groups": ["admins"],
            "realm_access": { "roles": ["staff"] },
            "https://example.com/tenant": "acme",
            "odd": { "a": 1 },
            "none": null,
        });
        for (further, groups, tenant) in [
            ("", &["a b", "c"][..], None),
            ("groups_claim = 'scope'", &["read", "write"], None),
            ("groups_claim = 'cognito:groups'", &["admins"], None),
            ("groups_claim = '/realm_access/roles'", &["staff"], None),
            ("groups_claim = 'elsewhere'", &[], None),
            ("groups_claim = 'none'\ntenant_claim = 'none'", &[], None),
            ("groups_claim = 'scope'\ntenant_claim = 'https://example.com/tenant'", &["read", "write"], Some("acme")),
        ] {
            let identity = identity(claims.clone(), further).expect(further);
            assert_eq!(identity.groups, groups, "{further}");
            assert_eq!(identity.tenant.as_ref().map(Subject::as_str), tenant, "{further}");
        }
        let refused = |further: &str| identity(claims.clone(), further).expect_err(further);
        assert_eq!(refused("groups_claim = 'odd'"), UnusableClaim::NotGroups("odd".to_owned()));
        assert_eq!(refused("tenant_claim = 'scope'"), UnusableClaim::Unsafe("scope".to_owned()));
        assert_eq!(refused("tenant_claim = 'groups'"), UnusableClaim::Unsafe("groups".to_owned()));
    }
}
