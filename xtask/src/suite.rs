//! The native tests. All crates are built by one call: calls for some of them would give the crates that they share other
//! features each time, and compile those twice.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::process::{command, program, read, watch};
use crate::tally::Tally;
use crate::{browser, servers, terraform, workspace};

const CRATES: [&str; 5] = ["--workspace", "--exclude", "nearput-client", "--exclude", "nearput-sigv4"];

/// A test program.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program {
    folder_of_crate: PathBuf,
    target: String,
    executable: PathBuf,
}

/// Builds all of them, the end-to-end tests among them.
pub(crate) fn build() -> Result<Vec<Program>> {
    let mut build = command("cargo test --no-run --message-format json-render-diagnostics");
    let messages = read(build.args(CRATES))?;
    let programs = messages.lines().filter_map(|line| Program::parse(&serde_json::from_str(line).ok()?));
    let mut programs: Vec<_> = programs.collect();
    // Cargo names them as they are finished, each time in another order.
    programs.sort();
    Ok(programs)
}

/// Runs the programs, also those after one that failed.
pub(crate) fn run(programs: &[Program], tally: &mut Tally) -> Result<()> {
    let failed = programs.iter().filter_map(|program| program.run(tally).err()).map(|error| error.to_string());
    let failed: Vec<_> = failed.collect();
    ensure!(failed.is_empty(), "{}", failed.join("; "));
    Ok(())
}

/// Runs the examples in the documentation.
pub(crate) fn run_examples(tally: &mut Tally) -> Result<()> {
    watch(command("cargo test --quiet --doc").args(CRATES), |line| tally.read(line))
}

impl Program {
    /// Reads a line of what cargo says of its build; most lines are about something else.
    fn parse(message: &Value) -> Option<Self> {
        let is_test = message.get("profile")?.get("test")?.as_bool()?;
        let executable = message.get("executable")?.as_str()?.into();
        let folder_of_crate = PathBuf::from(message.get("manifest_path")?.as_str()?).parent()?.to_owned();
        let target = message.get("target")?.get("name")?.as_str()?.to_owned();
        is_test.then_some(Self { target, executable, folder_of_crate })
    }

    /// Whether it needs a browser, the built client and the package.
    pub(crate) fn is_end_to_end(&self) -> bool {
        self.folder_of_crate == workspace::root().join("tests") && self.target == "end_to_end"
    }

    /// Whether it needs servers and cases by others.
    pub(crate) fn is_conformance(&self) -> bool {
        self.folder_of_crate == workspace::root().join("tests") && self.target == "conformance"
    }

    /// Whether it needs Terraform.
    pub(crate) fn is_terraform(&self) -> bool {
        self.folder_of_crate == workspace::root().join("tests") && self.target == "terraform"
    }

    fn run(&self, tally: &mut Tally) -> Result<()> {
        println!("\n{} of {}", self.target, self.folder_of_crate.display());
        let mut run = program(&self.executable);
        // As cargo runs it.
        run.current_dir(&self.folder_of_crate).env("CARGO_MANIFEST_DIR", &self.folder_of_crate);
        if let Ok(driver) = browser::driver() {
            run.env("CHROMEDRIVER", driver);
        }
        if self.is_conformance() {
            run.envs(servers::places());
        }
        if self.is_conformance() || self.is_end_to_end() {
            // What they print is worth seeing also where all is well.
            run.arg("--nocapture");
        }
        if self.is_terraform() {
            // They wait for most of their time, however few processors there are.
            run.envs(servers::places()).envs(terraform::places()).args(["--test-threads", "4"]);
        }
        watch(&mut run, |line| tally.read(line))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Program;

    #[test]
    fn only_test_programs_are_taken_from_what_cargo_built() {
        let mut message = json!({
            "reason": "compiler-artifact", "manifest_path": "/project/signer/Cargo.toml", "target": { "name": "signer" },
            "profile": { "test": true }, "executable": "/project/target/debug/deps/signer-1",
        });
        let program = Program::parse(&message).expect("it is a test program");
        assert_eq!(program.folder_of_crate, std::path::Path::new("/project/signer"));

        message["profile"]["test"] = json!(false);
        assert_eq!(Program::parse(&message), None);
        assert_eq!(Program::parse(&json!({ "reason": "build-finished", "success": true })), None);
    }
}
