//! A copy of the module, Terraform, and the AWS that it works on.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nearput_signer::Config;
use nearput_tests::moto::Moto;
use nearput_tests::program::installed;
use serde_json::Value;
use tempfile::TempDir;

use crate::aws::Aws;

pub(crate) const TICKET_KEYS: &str = "k1:c29tZSAzMiBieXRlcyB0aGF0IGFyZSBub3QgcmFuZG9tLg==";
pub(crate) const PRIVATE_KEY: &str = "the private key for CloudFront";
pub(crate) const PUBLIC_KEY: &str = include_str!("public_key.pem");

/// Everything is kept to itself, and gone after the test.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) aws: Aws,
    zone: String,
}

/// The module in this repository.
pub(crate) fn module() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../signer/terraform")
}

impl World {
    /// With the hosted zone of `example.com`, and the ticket keys in the parameter store of Tokyo.
    pub(crate) async fn new() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("terraform/moto_in_full.py");
        let aws = Aws(Moto::start_script(&script, &[("MOTO_ACM_VALIDATION_WAIT", "1")]).await);
        aws.keep_parameter("ap-northeast-1", "/example-uploads/ticket-keys", TICKET_KEYS).await;
        let zone = aws.create_zone("example.com").await;
        let folder = tempfile::tempdir().expect("a directory");
        copy(&module(), &folder.path().join("module"));
        let mirror = installed("NEARPUT_TERRAFORM_PROVIDERS");
        let settings = format!(
            "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = {}\n  }}\n}}\n",
            Value::from(mirror.to_str().expect("text"))
        );
        fs::write(folder.path().join("terraform.rc"), settings).expect("written");
        // Nobody runs it.
        fs::write(folder.path().join("signer.zip"), "the signer").expect("written");
        Self { folder, aws, zone }
    }

    pub(crate) fn example(&self, name: &str) -> Example<'_> {
        let folder = self.folder.path().join("module/examples").join(name);
        let example = Example { world: self, folder };
        example.run(&["init", "-no-color"]);
        example
    }

    /// An example with this text.
    pub(crate) fn own_example(&self, text: &str) -> Example<'_> {
        let folder = self.folder.path().join("module/examples/own");
        fs::create_dir_all(&folder).expect("created");
        fs::write(folder.join("main.tf"), text).expect("written");
        self.example("own")
    }
}

/// An example, as a user has it.
pub(crate) struct Example<'a> {
    world: &'a World,
    folder: PathBuf,
}

impl Example<'_> {
    /// Sets it up, and looks whether all that is there is as it was meant.
    pub(crate) fn apply(&self) {
        self.run(&["validate", "-no-color"]);
        self.run(&["apply", "-auto-approve", "-no-color"]);
        let again = self.terraform(&["plan", "-detailed-exitcode", "-no-color"]);
        assert!(again.status.success(), "a plan after `apply` changes something:\n{}", text(&again.stdout));
    }

    pub(crate) fn destroy(&self) {
        self.run(&["destroy", "-auto-approve", "-no-color"]);
    }

    /// An output, and no secret in any of them.
    pub(crate) fn output(&self, name: &str) -> Value {
        let all = self.run(&["output", "-json"]);
        for secret in [TICKET_KEYS, PRIVATE_KEY] {
            assert!(!all.contains(secret), "an output has a secret");
        }
        let all: Value = serde_json::from_str(&all).expect("JSON");
        all[name]["value"].clone()
    }

    /// The configuration that it gives, which is what `signer config check` calls valid and in no way doubtful.
    pub(crate) fn configuration(&self) -> String {
        let text = self.output("configuration").as_str().expect("text").to_owned();
        let config = Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(config.doubts(), [""; 0], "{text}");
        text
    }

    /// What a plan finds wrong.
    pub(crate) fn errors(&self) -> Vec<String> {
        let plan = self.terraform(&["plan", "-json"]);
        assert!(!plan.status.success(), "it found nothing wrong");
        let lines = text(&plan.stdout);
        let messages = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let errors = messages.filter(|message| message["@level"] == "error");
        errors.map(|error| error["diagnostic"]["detail"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What a plan would make, as `terraform show -json` tells it.
    pub(crate) fn planned(&self) -> Value {
        self.run(&["plan", "-out", "plan", "-no-color"]);
        let plan: Value = serde_json::from_str(&self.run(&["show", "-json", "plan"])).expect("JSON");
        plan["planned_values"].clone()
    }

    /// What it prints; a failure fails the test.
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.terraform(arguments);
        assert!(
            output.status.success(),
            "terraform {}:\n{}\n{}",
            arguments.join(" "),
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    fn terraform(&self, arguments: &[&str]) -> Output {
        let (folder, url) = (self.world.folder.path(), &self.world.aws.0.url);
        let mut command = Command::new(installed("NEARPUT_TERRAFORM"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs([("HOME", folder), ("TMPDIR", folder)])
            .env("TF_CLI_CONFIG_FILE", folder.join("terraform.rc"))
            .envs([("TF_IN_AUTOMATION", "1"), ("CHECKPOINT_DISABLE", "1")])
            .envs([
                ("AWS_ACCESS_KEY_ID", "any"),
                ("AWS_SECRET_ACCESS_KEY", "any"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ])
            .env("AWS_ENDPOINT_URL", url)
            // What moto does not know would be asked for again for long.
            .env("AWS_MAX_ATTEMPTS", "3")
            // Its calls have the account in front of the host, whatever that is: moto takes them as a proxy does.
            .env("AWS_ENDPOINT_URL_S3_CONTROL", "http://s3-control.us-west-2.amazonaws.com")
            .env("HTTP_PROXY", url)
            .env("TF_VAR_zip", folder.join("signer.zip"))
            .envs([("TF_VAR_zone_id", self.world.zone.as_str()), ("TF_VAR_ticket_keys", TICKET_KEYS)])
            .envs([("TF_VAR_downloads_public_key", PUBLIC_KEY), ("TF_VAR_downloads_private_key", PRIVATE_KEY)])
            .stdin(Stdio::null());
        command.output().expect("Terraform runs")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All files that are Terraform's.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() && !is_hidden {
            copy(&path, &target);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

#[test]
fn the_module_and_its_examples_are_formatted() {
    let mut fmt = Command::new(installed("NEARPUT_TERRAFORM"));
    fmt.args(["fmt", "-check", "-diff", "-recursive", "-no-color"]).current_dir(module());
    let output = fmt.env_remove("TF_CLI_CONFIG_FILE").output().expect("Terraform runs");
    std::io::stderr().write_all(&output.stderr).expect("written");
    assert!(output.status.success(), "run `terraform fmt -recursive`:\n{}", text(&output.stdout));
}
