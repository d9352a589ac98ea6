//! Programs that a test starts and ends.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command};

/// A program that ends with the test, also where the test fails.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        Self(
            command
                .spawn()
                .unwrap_or_else(|error| panic!("{} does not start: {error}", command.get_program().display())),
        )
    }

    /// What it says, if that was piped.
    pub fn stderr(&mut self) -> ChildStderr {
        self.0.stderr.take().expect("piped, and not taken yet")
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `cargo xtask test` has installed or found for a check, by the variable that says where.
pub fn installed(variable: &str) -> PathBuf {
    let place = std::env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} is not set: run the tests by `cargo xtask test`, which installs or finds what it names")
    });
    let place = PathBuf::from(place);
    assert!(
        place.exists(),
        "there is no {}, which {variable} names: `cargo xtask test` installs or finds it",
        place.display()
    );
    place
}

/// A port that was free a moment ago: another process may still be faster.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
