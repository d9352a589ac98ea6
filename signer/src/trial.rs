//! `signer policy test`: what would become of a file, without a signer that runs.

use std::fmt;
use std::time::SystemTime;

use nearput_api::{OpenFile, Plan};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auth::{Caller, Identity, UnusableClaim, caller_of};
use crate::config::{Config, Issuer};
use crate::policy::{self, Denied, Fresh, Grant, Policy, Request};
use crate::ticket::Existing;

/// Who asks for what.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The claims of a token, as JSON; without any, the caller is anonymous.
    pub claims: Option<String>,
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// The media type.
    pub content_type: String,
    pub access: Option<String>,
    pub site: Option<String>,
}

/// What the policy says: the grant in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict(String);

/// Why the file could not be uploaded.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error("the claims are not a JSON object: {0}")]
    Claims(serde_json::Error),
    #[error("no token has such claims: {0}")]
    Caller(String),
    #[error("denied: anonymous callers are not answered; `allow_anonymous` is false")]
    Anonymous,
    #[error("denied: {0}")]
    Denied(String),
}

impl Trial {
    /// What a signer with this configuration would say.
    pub fn run(&self, config: Config) -> Result<Verdict, TrialError> {
        let caller = self.caller(&config)?;
        let knows_conditions = |id: &str| config.sites.iter().any(|site| site.id == id && site.conditional_writes());
        let policy = Policy::new(&config);
        let file = OpenFile {
            name: self.name.clone(),
            size: self.size,
            content_type: self.content_type.clone(),
            access: self.access.clone(),
            metadata: Default::default(),
            plan: Plan::Put,
            parts: Vec::new(),
        };
        let request = Request { site: self.site.as_deref(), files: 1, file: &file };
        let who = name(&caller);
        let denied = |denied: Denied| TrialError::Denied(format!("{denied}\n{who}"));
        let grant = policy::decide(&caller, &request, &policy).map_err(denied)?;
        let granted = describe(&grant, knows_conditions(grant.site())).map_err(denied)?;
        Ok(Verdict(format!("{granted}\n{who}")))
    }

    fn caller(&self, config: &Config) -> Result<Caller, TrialError> {
        let claims = self.claims.as_deref().unwrap_or("{}");
        let claims: serde_json::Map<String, Value> = serde_json::from_str(claims).map_err(TrialError::Claims)?;
        match (claims.is_empty(), config.allow_anonymous) {
            (true, true) => Ok(Caller::Anonymous),
            (true, false) => Err(TrialError::Anonymous),
            (false, _) => known(&Value::Object(claims), config).map_err(TrialError::Caller),
        }
    }
}

/// Whoever has a token of these claims. Where no issuer is configured, the claims have their usual names.
fn known(claims: &Value, config: &Config) -> Result<Caller, String> {
    let issuers = config.issuers.as_slice();
    let usual = || serde_json::from_value::<Issuer>(json!({ "issuer": "", "audience": [], "tenant_claim": "tenant" }));
    let issuer = match (claims.get("iss").and_then(Value::as_str), issuers) {
        (_, []) => Issuer { watched: config.watched_claims(), ..usual().map_err(|error| error.to_string())? },
        (None, [only]) => only.clone(),
        (None, _) => return Err("there are several issuers, so `iss` must name one".to_owned()),
        (Some(name), _) => {
            let named = issuers.iter().find(|issuer| issuer.issuer == name);
            named.cloned().ok_or_else(|| format!("there is no issuer `{name}`"))?
        }
    };
    caller_of(claims, &issuer).map_err(|error: UnusableClaim| error.to_string())
}

/// Whom the claims make of a caller, as rules see it.
fn name(caller: &Caller) -> String {
    match caller {
        Caller::Anonymous => "caller: anonymous".to_owned(),
        Caller::Known(Identity { subject, groups, tenant, claims }) => {
            let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
            let tenant = tenant.as_ref().map_or("none", |tenant| tenant.as_str());
            let claims: String =
                claims.iter().map(|(name, values)| format!("; {name}: {}", values.join(", "))).collect();
            format!("caller: {subject}; groups: {groups}; tenant: {tenant}{claims}")
        }
    }
}

fn describe(grant: &Grant<'_>, knows_conditions: bool) -> Result<String, Denied> {
    let fresh = Fresh::new(Uuid::new_v4(), SystemTime::now());
    let rule = grant.rule();
    let types = rule.types.iter().map(|pattern| pattern.as_str()).collect::<Vec<_>>().join(", ");
    let existing = match rule.existing {
        Existing::Replaced => "is replaced",
        Existing::Kept => "stays, and the upload is refused; so no forms",
        Existing::OwnOnly => "is never there: the key is new each time",
    };
    let mut lines = vec![
        format!("granted by rules[{}], access level `{}`", rule.number, rule.access),
        format!("site: {} of {}{}", grant.site(), grant.sites().join(", "), cut(grant)),
        format!("key: {}", grant.key(&fresh)?.as_str()),
        format!("an object of that key {existing}"),
        format!("limits: {} bytes, {} files per call, {types}", rule.max_file_size, rule.max_files_per_call),
        "headers of a PUT, besides checksum and metadata:".to_owned(),
        format!("  content-type: {}", grant.media_type().as_str()),
    ];
    lines.extend(grant.attributes(&fresh)?.headers().map(|(name, value)| format!("  {name}: {value}")));
    if knows_conditions && rule.existing != Existing::Replaced {
        lines.push("  if-none-match: *".to_owned());
    }
    Ok(lines.join("\n"))
}

/// What a residency has cut off.
fn cut(grant: &Grant<'_>) -> String {
    let is_cut = |site: &&String| !grant.sites().contains(site);
    let cut: Vec<_> = grant.rule().sites.iter().filter(is_cut).map(String::as_str).collect();
    if cut.is_empty() { String::new() } else { format!("; by residency not {}", cut.join(", ")) }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
        listen = '127.0.0.1:0'
        [[sites]]
        id = 'local'
        region = 'r'
        bucket = 'uploads'
        [[rules]]
        access = 'team'
        groups = ['editors']
        key = '{tenant}/{name}'
        overwrite = false
        cache_control = 'private'
        types = ['image/*']
    ";
    const ISSUER: &str = "
        [[issuers]]
        issuer = 'https://a.example'
        name = 'a'
        audience = ['us']
        groups_claim = 'roles'
        tenant_claim = 'org'
    ";

    fn run(config: &str, claims: Option<&str>) -> Result<String, String> {
        let trial = Trial {
            claims: claims.map(str::to_owned),
            name: "a b.png".to_owned(),
            size: 1,
            content_type: "image/png".to_owned(),
            access: None,
            site: None,
        };
        let verdict = trial.run(Config::parse(config).expect("a configuration"));
        verdict.map(|verdict| verdict.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_grant_is_told_with_its_rule_its_key_and_its_headers() {
        let verdict = run(CONFIG, Some(r#"{"sub":"me","groups":["editors"],"tenant":"acme"}"#)).expect("granted");
        assert_eq!(
            verdict,
            "granted by rules[0], access level `team`\n\
             site: local of local\n\
             key: acme/a_b.png\n\
             an object of that key stays, and the upload is refused; so no forms\n\
             limits: 53687091200 bytes, 1000 files per call, image/*\n\
             headers of a PUT, besides checksum and metadata:\n  \
             content-type: image/png\n  \
             content-disposition: attachment; filename*=UTF-8''a%20b.png\n  \
             cache-control: private\n  \
             if-none-match: *\n\
             caller: me; groups: editors; tenant: acme"
        );
        let mapped = r#"{"iss":"https://a.example","sub":"me","roles":"editors","org":"acme"}"#;
        assert!(run(&format!("{CONFIG}{ISSUER}"), Some(mapped)).is_ok(), "by the issuer's own claims");
    }

    #[test]
    fn what_a_residency_cuts_off_is_told() {
        let config = format!(
            "{CONFIG}[[sites]]\nid = 'far'\nregion = 'r'\nbucket = 'far'\n
            [[residency]]\nclaims = {{ country = ['DE'] }}\nsites = ['far']"
        );
        let claims =
            |country: &str| format!(r#"{{"sub":"me","groups":["editors"],"tenant":"acme","country":"{country}"}}"#);
        let pinned = run(&config, Some(&claims("DE"))).expect("granted");
        assert!(pinned.contains("\nsite: far of far; by residency not local\n"), "{pinned}");
        assert!(pinned.ends_with("tenant: acme; country: DE"), "{pinned}");
        let other = run(&config, Some(&claims("US"))).expect("granted");
        assert!(other.contains("\nsite: local of local, far\n"), "{other}");
        let nowhere = config.replace("key =", "sites = ['local']\nkey =");
        let error = run(&nowhere, Some(&claims("DE"))).expect_err("nothing is left");
        assert!(error.contains("kept at no site"), "{error}");
    }

    #[test]
    fn a_refusal_is_told_with_its_reason() {
        let with_issuer = &format!("{CONFIG}{ISSUER}");
        let two = &format!("{with_issuer}{}", ISSUER.replace("a.example", "b.example").replace("'a'", "'b'"));
        for (config, claims, reason) in [
            (CONFIG, None, "allow_anonymous"),
            (CONFIG, Some("{}"), "allow_anonymous"),
            (CONFIG, Some("[]"), "JSON object"),
            (CONFIG, Some(r#"{"sub":"me"}"#), "may upload nothing"),
            (CONFIG, Some(r#"{"sub":"me","groups":["editors"]}"#), "groups: editors; tenant: none"),
            (CONFIG, Some(r#"{"sub":"../you"}"#), "`sub`"),
            (with_issuer, Some(r#"{"iss":"https://c.example","sub":"me"}"#), "c.example"),
            (two, Some(r#"{"sub":"me"}"#), "several issuers"),
        ] {
            let error = run(config, claims).expect_err(reason);
            assert!(error.contains(reason), "{reason} is not named in: {error}");
        }
    }
}
