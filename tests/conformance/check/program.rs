//! The program as it is called: its exit codes, and what it prints.

use std::process::{Command, Output};

use nearput_tests::program::installed;
use serde_json::Value;

use super::cloud::{Cloud, SECRET_KEY};
use super::setup::Setup;

async fn run(cloud: &Cloud, setup: &Setup, further: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a directory");
    let ready = cloud.ready(setup).await;
    let (config, roots) = (folder.path().join("signer.toml"), folder.path().join("roots.pem"));
    std::fs::write(&config, &ready.config).expect("written");
    std::fs::write(&roots, ready.options.roots.clone().expect("the test's own")).expect("written");
    let mut command = Command::new(installed("NEARPUT_SIGNER"));
    command.env_clear().args(["check", "--config"]).arg(config).arg("--ca").arg(roots).args(further);
    command.arg("--dns").arg(ready.options.dns_server.expect("the test's own").to_string());
    for (host, address) in &ready.options.resolve {
        command.arg("--resolve").arg(format!("{host}={address}"));
    }
    for (variable, value) in
        [("AWS_ENDPOINT_URL_IAM", &ready.options.iam), ("AWS_ENDPOINT_URL_ROUTE_53", &ready.options.route53)]
    {
        command.env(variable, value.as_ref().expect("the test's own"));
    }
    command.env("NEARPUT_CHECK_TOKEN", ready.options.token.as_ref().expect("the test's own"));
    for (site, credentials) in &ready.secrets.site_credentials {
        let site = site.to_uppercase();
        command.env(format!("NEARPUT_SITE_{site}_ACCESS_KEY_ID"), &credentials.access_key_id);
        command.env(format!("NEARPUT_SITE_{site}_SECRET_ACCESS_KEY"), &credentials.secret_access_key);
    }
    let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("no panic");
    drop(ready);
    output
}

#[tokio::test]
async fn the_exit_code_says_whether_there_are_errors_and_whether_anything_was_looked_at() {
    let cloud = Cloud::start().await;
    let sound = run(&cloud, &Setup::sound(), &[]).await;
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert_eq!(sound.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&sound.stderr));
    assert!(said.contains("0 errors, 0 warnings, 0 not looked at, "), "{said}");
    assert!(!said.contains(SECRET_KEY) && !said.contains("X-Amz-Signature"));

    assert_eq!(run(&cloud, &Setup::sound(), &["--read-only", "--strict"]).await.status.code(), Some(0));
    let warned = Setup { enforces_ownership: false, ..Setup::sound() };
    let hidden = Setup { may_look: false, ..Setup::sound() };
    for imperfect in [warned, hidden] {
        assert_eq!(run(&cloud, &imperfect, &["--read-only"]).await.status.code(), Some(0));
        assert_eq!(run(&cloud, &imperfect, &["--read-only", "--strict"]).await.status.code(), Some(1));
    }

    let in_clear = run(&cloud, &Setup::sound(), &["--signer", "http://sign.example"]).await;
    assert_eq!(in_clear.status.code(), Some(2));
    let said = String::from_utf8_lossy(&in_clear.stderr).into_owned();
    assert!(said.contains("--signer: the token would go to http://sign.example in clear"), "{said}");

    let broken = Setup { is_versioned: false, ..Setup::sound() };
    let broken = run(&cloud, &broken, &["--json", "--read-only"]).await;
    assert_eq!(broken.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&broken.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let is_off = |finding: &&Value| finding["id"] == "versioning-off" && finding["site"] == "eu";
    let found = findings.iter().find(is_off).expect("it is found");
    assert_eq!(found["severity"], "error");
    assert!(found["mend"].as_str().is_some_and(|mend| mend.contains("put-bucket-versioning --bucket nearput-eu")));
    assert!(!findings.iter().any(|finding| finding["id"] == "upload"), "nothing was uploaded");

    for wrong in [&["check", "--config", "/nowhere.toml"][..], &["check"][..]] {
        let nothing = Command::new(installed("NEARPUT_SIGNER")).args(wrong).output().expect("it runs");
        assert_eq!(nothing.status.code(), Some(2), "{wrong:?}");
    }
}
