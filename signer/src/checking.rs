//! `signer check`, as it is called.

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use nearput_signer::{CheckOptions, Config, Report, Secrets, Severity};

use crate::ConfigFile;

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// The address of a signer, instead of those under `signers`. May be there several times, as all that follow.
    #[arg(long, value_name = "URL")]
    signer: Vec<String>,
    /// The origin of a page, instead of those under `allowed_origins`.
    #[arg(long, value_name = "URL")]
    origin: Vec<String>,
    /// Uploads nothing. Without this, small objects are uploaded below `nearput-check/`, and removed.
    #[arg(long)]
    read_only: bool,
    /// Fails for warnings as well, and for what could not be looked at.
    #[arg(long)]
    strict: bool,
    /// Writes the findings as JSON.
    #[arg(long)]
    json: bool,
    /// A PEM file of authorities that are trusted besides those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Looks for a host elsewhere than DNS says, as in `sign.example.com=203.0.113.7:443`.
    #[arg(long, value_name = "HOST=ADDRESS", value_parser = parse_resolve)]
    resolve: Vec<(String, SocketAddr)>,
    /// Asks this DNS server instead of the system's, as in `192.0.2.53:53`.
    #[arg(long, value_name = "ADDRESS")]
    dns: Option<SocketAddr>,
}

impl Check {
    /// 0: nothing is wrong; 1: there are errors, or whatever `--strict` takes for one; 2: nothing could be looked at.
    pub(crate) async fn run(self) -> ExitCode {
        match self.look().await {
            Ok(code) => code.into(),
            Err(error) => {
                eprintln!("signer: {error}");
                ExitCode::from(2)
            }
        }
    }

    async fn look(self) -> Result<u8, Box<dyn Error>> {
        let Self { file, signer, origin, read_only, strict, json, ca, resolve, dns } = self;
        let config = Config::load(&file.path)?;
        let secrets = Secrets::of_sites(&config)?;
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let roots = ca.map(|path| {
            std::fs::read(&path).map_err(|problem| format!("{} cannot be read: {problem}", path.display()))
        });
        let options = CheckOptions {
            signers: signer,
            origins: origin,
            read_only,
            resolve,
            dns_server: dns,
            roots: roots.transpose()?,
            // As AWS's own tools have them: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
            iam: variable("AWS_ENDPOINT_URL_IAM"),
            route53: variable("AWS_ENDPOINT_URL_ROUTE_53"),
            token: variable("NEARPUT_CHECK_TOKEN"),
        };
        let report = nearput_signer::check(&config, secrets, &options).await?;
        if json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            println!("{report}");
        }
        Ok(exit_code(&report, strict))
    }
}

fn exit_code(report: &Report, is_strict: bool) -> u8 {
    let severities = || report.findings.iter().map(|finding| finding.severity);
    let bearable = if is_strict { Severity::Ok } else { Severity::Warning };
    match severities().max() {
        Some(worst) if worst > bearable => 1,
        Some(_) if severities().any(|severity| severity != Severity::Unknown) => 0,
        Some(_) | None => 2,
    }
}

fn parse_resolve(text: &str) -> Result<(String, SocketAddr), String> {
    let read = text.split_once('=').and_then(|(host, address)| Some((host.to_owned(), address.parse().ok()?)));
    read.ok_or_else(|| "write host, address and port, as in `sign.example.com=203.0.113.7:443`".to_owned())
}

#[cfg(test)]
mod tests {
    use nearput_signer::Finding;

    use super::*;

    #[test]
    fn a_check_that_has_seen_nothing_does_not_pass() {
        let report = |severities: &[Severity]| {
            let finding =
                |&severity| Finding { id: "id", severity, site: None, what: String::new(), mend: None, source: None };
            Report { findings: severities.iter().map(finding).collect() }
        };
        let codes = |severities: &[Severity]| [false, true].map(|is_strict| exit_code(&report(severities), is_strict));
        assert_eq!(codes(&[Severity::Ok]), [0, 0]);
        assert_eq!(codes(&[Severity::Ok, Severity::Unknown]), [0, 1]);
        assert_eq!(codes(&[Severity::Ok, Severity::Warning]), [0, 1]);
        assert_eq!(codes(&[Severity::Error, Severity::Unknown]), [1, 1]);
        assert_eq!(codes(&[Severity::Unknown, Severity::Unknown]), [2, 1]);
        assert_eq!(codes(&[]), [2, 2]);
    }
}
