//! What rules must keep besides their shape.

use crate::auth::Subject;
use crate::config::{Callers, Config, ConfigError, EncryptionKind, Rule, Site};
use crate::template::Placeholder;

pub(in crate::config) fn check(config: &Config) -> Result<(), ConfigError> {
    for (index, rule) in config.rules.iter().enumerate() {
        let wrong = |(key, problem): (&str, String)| ConfigError::key(format!("rules[{index}].{key}"), problem);
        check_callers(rule, config.allow_anonymous).map_err(wrong)?;
        check_key(rule, &config.sites).map_err(wrong)?;
        check_limits(rule).map_err(wrong)?;
        check_attributes(rule).map_err(wrong)?;
        let before = config.rules[..index].iter().position(|other| other.covers(rule));
        if let Some(other) = before {
            let problem =
                format!("rules[{other}] decides for all of its callers already; put this rule before that one");
            return Err(wrong(("access", problem)));
        }
    }
    Ok(())
}

type Wrong = (&'static str, String);

fn wrong<T>(key: &'static str, problem: &str) -> Result<T, Wrong> {
    Err((key, problem.to_owned()))
}

fn check_callers(rule: &Rule, allow_anonymous: bool) -> Result<(), Wrong> {
    if !super::super::check::is_made_of(&rule.access, 64, "-") {
        return wrong("access", "write 1 to 64 lower-case letters, digits and hyphens");
    }
    if rule.callers == Callers::Anonymous && !allow_anonymous {
        return wrong("callers", "anonymous callers are not answered; write allow_anonymous = true");
    }
    let known_only = rule.callers == Callers::Known;
    if !known_only && rule.access != "guest" {
        return wrong("callers", "anonymous callers have the access level `guest` only; write `known`");
    }
    for (key, list) in [("groups", &rule.groups), ("tenants", &rule.tenants), ("subjects", &rule.subjects)] {
        if list.is_some() && !known_only {
            return wrong(key, "an anonymous caller has none; leave it out, or write callers = \"known\"");
        }
        if list.as_ref().is_some_and(Vec::is_empty) {
            return wrong(key, "nobody is in an empty list; leave it out for all");
        }
    }
    for (key, list) in [("tenants", &rule.tenants), ("subjects", &rule.subjects)] {
        if list.iter().flatten().any(|name| Subject::parse(name).is_none()) {
            return wrong(key, "no caller has such a name: write up to 128 ASCII letters, digits and `-_.@:|+`");
        }
    }
    // Only known callers have any.
    let has_claims = if known_only { Callers::Known } else { Callers::Anonymous };
    crate::config::claims::check(&rule.claims, has_claims)
}

fn check_key(rule: &Rule, sites: &[Site]) -> Result<(), Wrong> {
    let ids = rule.sites.iter().flatten();
    if let Some(unknown) = ids.clone().find(|id| !sites.iter().any(|site| site.id == **id)) {
        return Err(("sites", format!("there is no site `{unknown}`; name the id of one under [[sites]]")));
    }
    if rule.sites.as_ref().is_some_and(Vec::is_empty) {
        return wrong("sites", "nothing could be uploaded; leave it out for all sites");
    }
    let of_owner = |key: &'static str, has: bool| {
        if has && rule.callers != Callers::Known {
            return wrong(key, "an anonymous caller has neither {sub} nor {tenant}; write callers = \"known\"");
        }
        Ok(())
    };
    of_owner("key", rule.key.has(Placeholder::Subject) || rule.key.has(Placeholder::Tenant))?;
    of_owner("tags", rule.tags.has(Placeholder::Subject) || rule.tags.has(Placeholder::Tenant))?;
    if rule.key.has(Placeholder::Uuid) || rule.overwrite == Some(true) {
        return Ok(());
    }
    if rule.overwrite.is_none() {
        let problem = "without {uuid} in the key, two files may have the same; say with true or false whether the later one \
                       replaces the earlier";
        return wrong("overwrite", problem);
    }
    let is_meant = |site: &&Site| rule.sites.as_ref().is_none_or(|ids| ids.contains(&site.id));
    match sites.iter().filter(is_meant).find(|site| !site.conditional_writes() || site.profile().checksum.is_none()) {
        Some(site) => Err((
            "overwrite",
            format!(
                "the site `{}` needs conditional writes and checksums to keep an object from being replaced; have {{uuid}} in \
                 the key, or leave the site out",
                site.id
            ),
        )),
        None => Ok(()),
    }
}

fn check_limits(rule: &Rule) -> Result<(), Wrong> {
    if rule.max_file_size == Some(0) {
        return wrong("max_file_size", "write a number of bytes above 0");
    }
    if rule.max_files_per_call.is_some_and(|max| !(1..=1000).contains(&max)) {
        return wrong("max_files_per_call", "write a number from 1 to 1000");
    }
    if rule.types.as_ref().is_some_and(Vec::is_empty) {
        return wrong("types", "no type may be uploaded; allow all with [\"*/*\"]");
    }
    Ok(())
}

fn check_attributes(rule: &Rule) -> Result<(), Wrong> {
    let is_name = |name: &String| super::super::check::is_made_of(name, 128, "-_.");
    if !rule.metadata.iter().flatten().all(is_name) {
        return wrong("metadata", "write names in lower case: letters, digits and `-_.`");
    }
    // Storage would put a file's name for `${filename}` in a form.
    let is_header = |text: &String| {
        !text.is_empty()
            && text.trim_ascii() == text
            && text.bytes().all(|byte| (byte == b' ' || byte.is_ascii_graphic()) && byte != b'$')
    };
    if !rule.cache_control.iter().all(is_header) {
        return wrong("cache_control", "write a header's value, such as `private, max-age=3600`");
    }
    let is_class = |text: &String| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !rule.storage_class.iter().all(is_class) {
        return wrong("storage_class", "write a name such as `STANDARD_IA` or `INTELLIGENT_TIERING`");
    }
    let is_key_id = |id: &String| {
        (1..=2048).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_/:".contains(c))
    };
    match (rule.encryption, &rule.kms_key_id) {
        (Some(EncryptionKind::SseKms), Some(id)) if is_key_id(id) => Ok(()),
        (Some(EncryptionKind::SseKms), Some(_) | None) => {
            wrong("kms_key_id", "write the id, alias or ARN of the key for `sse-kms`")
        }
        (Some(EncryptionKind::SseS3) | None, Some(_)) => {
            wrong("kms_key_id", "it is for `sse-kms` only; leave it out, or write encryption = \"sse-kms\"")
        }
        (Some(EncryptionKind::SseS3) | None, None) => Ok(()),
    }
}

impl Rule {
    /// Whether no caller who asks for the other one's level reaches the other one, if this is the first.
    fn covers(&self, other: &Self) -> bool {
        let callers = self.callers == other.callers || self.callers == Callers::Everyone;
        let all = |mine: &Option<Vec<String>>, others: &Option<Vec<String>>| match (mine, others) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(others)) => others.iter().all(|one| mine.contains(one)),
        };
        self.access == other.access
            && callers
            && all(&self.groups, &other.groups)
            && all(&self.tenants, &other.tenants)
            && all(&self.subjects, &other.subjects)
            && self.claims.iter().all(|(name, values)| all(&Some(values.clone()), &other.claims.get(name).cloned()))
    }
}
