//! What can be wrong with a configuration.

use std::path::PathBuf;

/// A configuration that the signer does not start with. The message names the key or the variable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration {} cannot be read: {problem}", path.display())]
    Read { path: PathBuf, problem: String },
    #[error("the configuration is not valid: {problem}")]
    Toml { problem: String },
    #[error("the configuration is not valid: {key}: {problem}")]
    Key { key: String, problem: String },
    #[error("{}", lines(.0))]
    Several(Vec<ConfigError>),
    #[error("the environment variable {variable} {problem}")]
    Variable { variable: String, problem: String },
}

impl ConfigError {
    /// All that is wrong, if anything is.
    pub(super) fn of(mut problems: Vec<Self>) -> Result<(), Self> {
        match problems.len() {
            0 => Ok(()),
            1 => Err(problems.remove(0)),
            _ => Err(Self::Several(problems)),
        }
    }

    pub(super) fn key(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key { key: key.into(), problem: problem.into() }
    }

    pub(super) fn variable(variable: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Variable { variable: variable.into(), problem: problem.into() }
    }
}

fn lines(problems: &[ConfigError]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
