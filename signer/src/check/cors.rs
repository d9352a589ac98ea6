//! Whether pages may talk to a bucket: what its CORS rules answer to a browser.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html> and <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;

use super::eyes::{Answer, Asked, Eyes};
use super::finding::Finding;
use crate::config::Rule;
use crate::routing::Path;

const SOURCE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html";
const METHODS: [&str; 4] = ["PUT", "POST", "GET", "HEAD"];

/// No page comes from here: <https://www.rfc-editor.org/rfc/rfc2606#section-2>.
pub(super) const FOREIGN: &str = "https://nearput-check.invalid";

/// What pages of one origin may do by one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) path: String,
    pub(super) origin: String,
    pub(super) is_allowed: bool,
    /// Of those that the client uses.
    pub(super) refused_methods: Vec<String>,
    /// Of those that the signer signs.
    pub(super) refused_headers: Vec<String>,
}

/// What a browser lets a page do after one preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowed {
    origin: bool,
    method: bool,
    headers: bool,
}

/// What the signer signs for pages to send by one method.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    method: &'static str,
    headers: Vec<String>,
}

impl Signed {
    /// Files and parts, by these rules.
    pub(super) fn put(rules: &[Rule], checksum: Option<&str>, conditional_writes: bool) -> Self {
        let conditions = conditional_writes.then_some("if-none-match");
        Self { method: "PUT", headers: headers(rules, checksum.into_iter().chain(conditions)) }
    }

    /// The creation of a multipart upload.
    pub(super) fn create(rules: &[Rule], has_checksum: bool) -> Self {
        let kind = ["x-amz-checksum-algorithm", "x-amz-checksum-type"];
        Self { method: "POST", headers: headers(rules, kind.into_iter().filter(|_| has_checksum)) }
    }
}

/// Those of the rules, and further ones.
fn headers<'a>(rules: &[Rule], further: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut headers = BTreeSet::from(["content-type", "content-disposition"]);
    headers.extend(further);
    for rule in rules {
        headers.extend(rule.cache_control.is_some().then_some("cache-control"));
        headers.extend(rule.storage_class.is_some().then_some("x-amz-storage-class"));
        headers.extend(rule.encryption.is_some().then_some("x-amz-server-side-encryption"));
        headers.extend(rule.kms_key_id.is_some().then_some("x-amz-server-side-encryption-aws-kms-key-id"));
        headers.extend((rule.tags != Default::default()).then_some("x-amz-tagging"));
        let takes_metadata = rule.metadata.as_ref().is_none_or(|names| !names.is_empty());
        headers.extend(takes_metadata.then_some("x-amz-meta-nearput-check"));
    }
    headers.into_iter().map(str::to_owned).collect()
}

/// Asks as a browser does. Where it is refused, the reason is asked for by further preflights. None where nothing answers, which
/// another check tells of.
pub(super) async fn look(eyes: &Eyes, path: &Path, origin: &str, signed: &[&Signed]) -> Option<Access> {
    let ask = async |method: &str, headers: &[String]| {
        let answer = eyes.send(&preflight(&path.url("nearput-check"), origin, method, headers)).await.ok()?;
        Some(judge(&answer, origin, method, headers))
    };
    let mut access = Access {
        path: path.id.clone(),
        origin: origin.to_owned(),
        is_allowed: true,
        refused_methods: Vec::new(),
        refused_headers: Vec::new(),
    };
    for method in METHODS {
        let plain = ask(method, &[]).await?;
        access.refused_methods.extend((!plain.origin || !plain.method).then(|| method.to_owned()));
    }
    // Storage answers nothing at all where any part of a rule does not fit.
    access.is_allowed = access.refused_methods.len() < METHODS.len();
    for Signed { method, headers } in signed {
        if access.refused_methods.iter().any(|refused| refused == method) || ask(method, headers).await?.headers {
            continue;
        }
        for header in headers {
            let is_allowed = ask(method, std::slice::from_ref(header)).await?.headers;
            if !is_allowed && !access.refused_headers.contains(header) {
                access.refused_headers.push(header.clone());
            }
        }
    }
    Some(access)
}

/// Whether pages from anywhere may upload by this path.
pub(super) async fn lets_foreign_pages_in(eyes: &Eyes, path: &Path) -> Option<bool> {
    let answer = eyes.send(&preflight(&path.url("nearput-check"), FOREIGN, "PUT", &[])).await.ok()?;
    let allowed = judge(&answer, FOREIGN, "PUT", &[]);
    Some(allowed.origin && allowed.method)
}

fn preflight(url: &str, origin: &str, method: &str, headers: &[String]) -> Asked {
    let asked = Asked { method: Method::OPTIONS, ..Asked::get(url) };
    let asked = asked.header("origin", origin).header("access-control-request-method", method);
    if headers.is_empty() { asked } else { asked.header("access-control-request-headers", headers.join(",")) }
}

/// As a browser reads the answer to a preflight without credentials.
fn judge(answer: &Answer, origin: &str, method: &str, headers: &[String]) -> Allowed {
    let list = |name: &str| -> Vec<String> {
        let values = answer.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(|item| item.trim().to_ascii_lowercase()).collect()
    };
    let has =
        |list: &[String], item: &str| list.iter().any(|known| known == "*" || *known == item.to_ascii_lowercase());
    let origin = answer.status.is_success() && is_readable(answer, origin);
    let allowed_headers = list("access-control-allow-headers");
    Allowed {
        origin,
        method: origin && has(&list("access-control-allow-methods"), method),
        headers: origin && headers.iter().all(|header| has(&allowed_headers, header)),
    }
}

/// Whether a browser lets pages of this origin see the answer at all.
pub(super) fn is_readable(answer: &Answer, origin: &str) -> bool {
    answer.header("access-control-allow-origin").is_some_and(|named| named == "*" || named == origin)
}

/// What is wrong with a bucket's rules, each thing once, with the paths where it was seen.
pub(super) fn findings(bucket: &str, seen: &[Access]) -> Vec<Finding> {
    let mut wrong: BTreeMap<(&'static str, String), Vec<&str>> = BTreeMap::new();
    let mut note = |id, what: String, path| wrong.entry((id, what)).or_default().push(path);
    for Access { path, origin, is_allowed, refused_methods, refused_headers } in seen {
        if !is_allowed {
            note("cors-origin-refused", format!("pages of {origin} may not upload"), path.as_str());
            continue;
        }
        for method in refused_methods {
            note("cors-method-refused", format!("pages of {origin} may not send {method}"), path);
        }
        for header in refused_headers {
            note("cors-header-refused", format!("pages of {origin} may not send the header {header}"), path);
        }
    }
    if seen.is_empty() {
        return vec![Finding::unknown("cors-origin-refused", "no page is known to look for: name one with --origin")];
    }
    if wrong.is_empty() {
        let origins: BTreeSet<_> = seen.iter().map(|access| access.origin.as_str()).collect();
        let origins = origins.into_iter().collect::<Vec<_>>().join(", ");
        return vec![Finding::ok("cors-allowed", format!("pages of {origins} may send all that the signer signs"))];
    }
    let mend = format!(
        "give the bucket a CORS rule with the page's origin, the methods {}, the headers content-type, content-disposition, \
         cache-control, if-none-match and x-amz-*: aws s3api put-bucket-cors --bucket {bucket} --cors-configuration …",
        METHODS.join(", ")
    );
    let finding = |((id, what), paths): ((&'static str, String), Vec<&str>)| {
        Finding::error(id, format!("{what} by the path {}", paths.join(", ")), &mend).source(SOURCE)
    };
    wrong.into_iter().map(finding).collect()
}

/// What is found where a page from anywhere was let in, or was not.
pub(super) fn foreign(bucket: &str, let_in: bool) -> Finding {
    if !let_in {
        return Finding::ok("cors-any-origin", "pages of other origins may not upload");
    }
    let mend =
        format!("name the origins of your pages: aws s3api put-bucket-cors --bucket {bucket} --cors-configuration …");
    Finding::warning("cors-any-origin", "pages of any origin may use what is signed for one of yours", mend)
        .source(SOURCE)
}

/// Whether a page may read what it needs of an answer to its request.
pub(super) fn exposed(bucket: &str, origin: &str, answer: &Answer) -> Finding {
    let list = answer.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
    if list.split(',').any(|name| matches!(name.trim(), "etag" | "*")) {
        return Finding::ok("cors-etag-hidden", "pages may read the ETag of what they have sent");
    }
    let what = format!("pages of {origin} may not read ETag, so that the signer lists the parts of every upload");
    let mend = format!(
        "expose ETag, x-amz-checksum-crc64nvme, x-amz-version-id and x-amz-request-id: \
         aws s3api put-bucket-cors --bucket {bucket} --cors-configuration …"
    );
    Finding::warning("cors-etag-hidden", what, mend).source(SOURCE)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    const PAGE: &str = "https://page.example";

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let header = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers: HeaderMap = headers.iter().map(header).collect();
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: String::new(),
            at: SystemTime::now(),
        }
    }

    #[test]
    fn an_answer_is_read_as_browsers_read_it() {
        let rules = [
            ("access-control-allow-origin", PAGE),
            ("access-control-allow-methods", "GET, PUT"),
            ("access-control-allow-headers", "Content-Type, x-amz-*"),
        ];
        let judge = |answer: &Answer, method, header: &str| judge(answer, PAGE, method, &[header.to_owned()]);
        let all = Allowed { origin: true, method: true, headers: true };
        assert_eq!(judge(&answer(200, &rules), "PUT", "content-type"), all);
        assert_eq!(judge(&answer(200, &rules), "POST", "content-type"), Allowed { method: false, ..all });
        // A browser knows no pattern.
        assert_eq!(judge(&answer(200, &rules), "PUT", "x-amz-tagging"), Allowed { headers: false, ..all });
        let none = Allowed { origin: false, method: false, headers: false };
        assert_eq!(judge(&answer(403, &rules), "PUT", "content-type"), none);
        assert_eq!(judge(&answer(200, &rules[1..]), "PUT", "content-type"), none);
        let any = [rules.map(|(name, _)| (name, "*"))].concat();
        assert_eq!(judge(&answer(204, &any), "PUT", "x-amz-tagging"), all);
    }

    #[test]
    fn what_is_refused_by_several_paths_is_told_once() {
        let access = |path: &str| Access {
            path: path.to_owned(),
            origin: PAGE.to_owned(),
            is_allowed: true,
            refused_methods: vec!["PUT".to_owned()],
            refused_headers: Vec::new(),
        };
        let found = findings("b", &[access("regional"), access("dualstack")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, "cors-method-refused");
        assert!(found[0].what.ends_with("PUT by the path regional, dualstack"), "{}", found[0].what);
    }
}
