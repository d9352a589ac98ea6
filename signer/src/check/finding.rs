//! What a check has found, in words for people and in JSON for programs.

use std::fmt;

use serde::Serialize;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It was looked at, and is as it should be.
    Ok,
    /// It could not be looked at.
    Unknown,
    /// Uploads work, but not as well or as safely as they could.
    Warning,
    /// Uploads fail, or do not end where they should.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name, which stays the same in every version.
    pub id: &'static str,
    pub severity: Severity,
    /// The id of the site that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// How it is.
    pub what: String,
    /// How to make it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Where AWS or a standard says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
}

/// All that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Finding {
    pub(super) fn ok(id: &'static str, what: impl Into<String>) -> Self {
        Self { id, severity: Severity::Ok, site: None, what: what.into(), mend: None, source: None }
    }

    pub(super) fn unknown(id: &'static str, what: impl Into<String>) -> Self {
        Self { severity: Severity::Unknown, ..Self::ok(id, what) }
    }

    pub(super) fn warning(id: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, mend: Some(mend.into()), ..Self::ok(id, what) }
    }

    pub(super) fn error(id: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(id, what, mend) }
    }

    pub(super) fn source(self, source: &'static str) -> Self {
        Self { source: Some(source), ..self }
    }

    pub(super) fn at(self, site: &str) -> Self {
        Self { site: Some(site.to_owned()), ..self }
    }
}

impl Report {
    /// Whether there is an error among the findings.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Ok => "ok",
            Severity::Unknown => "unknown",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        };
        write!(f, "{severity:<8} ")?;
        if let Some(site) = &self.site {
            write!(f, "{site}: ")?;
        }
        write!(f, "{} ({})", self.what, self.id)?;
        if let Some(mend) = &self.mend {
            write!(f, "\n         mend: {mend}")?;
        }
        match self.source {
            Some(source) if self.severity > Severity::Unknown => write!(f, "\n         see:  {source}"),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let [errors, warnings, unknown, ok] =
            [Severity::Error, Severity::Warning, Severity::Unknown, Severity::Ok].map(|severity| self.count(severity));
        write!(f, "{errors} errors, {warnings} warnings, {unknown} not looked at, {ok} as they should be")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_says_how_to_mend_it() {
        let finding =
            Finding::error("versioning-off", "it is off", "switch it on").at("eu").source("https://a.example");
        let report = Report { findings: vec![finding, Finding::ok("clock", "it is right")] };
        assert_eq!(
            report.to_string(),
            "ERROR    eu: it is off (versioning-off)\n         mend: switch it on\n         see:  https://a.example\n\
             ok       it is right (clock)\n1 errors, 0 warnings, 0 not looked at, 1 as they should be"
        );
        assert!(report.has_errors());
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["findings"][1], serde_json::json!({ "id": "clock", "severity": "ok", "what": "it is right" }));
    }
}
