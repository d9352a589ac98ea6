//! The certificates that hosts show.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::eyes::{Asked, Eyes};
use super::finding::Finding;

const DAY: Duration = Duration::from_hours(24);

/// Certificates that renew themselves do so a month before their end.
const SOON: Duration = Duration::from_hours(14 * 24);

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) names: Vec<String>,
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
}

/// A host and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) host: String,
    /// Why a browser would not go on, if it would not.
    pub(super) refused: Option<String>,
    /// None where there is no TLS.
    pub(super) certificate: Option<Certificate>,
}

/// Looks at the host of a URL. None where nothing answers there, which another check tells of.
pub(super) async fn look(eyes: &Eyes, url: &str) -> Option<Shown> {
    let host = url.split("://").nth(1)?.split(['/', ':']).next()?.to_owned();
    let shown = eyes.certificate(url).await.ok()?;
    let certificate = shown.as_deref().and_then(read);
    let refused = if certificate.is_some() { eyes.send(&Asked::get(url)).await.err() } else { None };
    Some(Shown { host, refused, certificate })
}

fn read(der: &[u8]) -> Option<Certificate> {
    let (_, read) = X509Certificate::from_der(der).ok()?;
    let time = |seconds: i64| UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let names = read.subject_alternative_name().ok().flatten().map(|names| {
        let names = names.value.general_names.iter();
        names
            .filter_map(|name| if let GeneralName::DNSName(name) = name { Some((*name).to_owned()) } else { None })
            .collect()
    });
    Some(Certificate {
        names: names.unwrap_or_default(),
        not_before: time(read.validity().not_before.timestamp()),
        not_after: time(read.validity().not_after.timestamp()),
    })
}

/// What is found of one host.
pub(super) fn findings(shown: &Shown, now: SystemTime) -> Vec<Finding> {
    let Shown { host, refused, certificate } = shown;
    let Some(certificate) = certificate else { return Vec::new() };
    let days = |from: SystemTime, to: SystemTime| to.duration_since(from).unwrap_or_default().as_secs() / DAY.as_secs();
    let renew = "renew it: with ACM, see in its console why it was not renewed; else renew the files and reload";
    if now > certificate.not_after {
        let what = format!("the certificate of {host} has ended {} days ago", days(certificate.not_after, now));
        return vec![Finding::error("certificate-expired", what, renew)];
    }
    if now < certificate.not_before {
        let what = format!("the certificate of {host} begins in {} days", days(now, certificate.not_before));
        return vec![Finding::error(
            "certificate-expired",
            what,
            "look at the clock of this machine, and at the certificate",
        )];
    }
    if !certificate.names.iter().any(|name| covers(name, host)) {
        let names = certificate.names.join(", ");
        let what = format!("the certificate of {host} is for other names: {names}");
        let mend = "give the host a certificate that names it; for a bucket with a dot in its name use path style";
        return vec![Finding::error("certificate-wrong-name", what, mend)];
    }
    if let Some(problem) = refused.as_ref().filter(|problem| problem.contains("certificate")) {
        let what = format!("browsers do not trust the certificate of {host}: {problem}");
        let mend = "have it signed by an authority that browsers know, and send those between as well; \
                    where you trust one of your own, name it with --ca";
        return vec![Finding::error("certificate-untrusted", what, mend)];
    }
    let left = certificate.not_after.duration_since(now).unwrap_or_default();
    let what = format!("the certificate of {host} is good for {} days", left.as_secs() / DAY.as_secs());
    vec![if left < SOON {
        Finding::warning("certificate-ends-soon", what, renew)
    } else {
        Finding::ok("certificate", what)
    }]
}

/// A wildcard stands for one label: <https://www.rfc-editor.org/rfc/rfc6125#section-6.4.3>.
fn covers(name: &str, host: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, domain)| domain == rest),
        None => name == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(host: &str, refused: Option<&str>, day: u32) -> &'static str {
        let at = |day: u32| UNIX_EPOCH + DAY * day;
        let names = vec!["*.s3.example".to_owned(), "s3.example".to_owned()];
        let certificate = Certificate { names, not_before: at(100), not_after: at(200) };
        let certificate = Some(certificate);
        let shown = Shown { host: host.to_owned(), refused: refused.map(str::to_owned), certificate };
        findings(&shown, at(day))[0].id
    }

    #[test]
    fn a_certificate_is_good_for_its_names_and_its_time() {
        assert_eq!(id("b.s3.example", None, 150), "certificate");
        assert_eq!(id("s3.example", None, 150), "certificate");
        assert_eq!(id("a.b.s3.example", None, 150), "certificate-wrong-name");
        assert_eq!(id("b.s3.example", None, 190), "certificate-ends-soon");
        assert_eq!(id("b.s3.example", None, 201), "certificate-expired");
        assert_eq!(id("b.s3.example", None, 99), "certificate-expired");
        assert_eq!(id("b.s3.example", Some("invalid peer certificate: UnknownIssuer"), 150), "certificate-untrusted");
        assert_eq!(id("b.s3.example", Some("connection reset"), 150), "certificate");
    }
}
