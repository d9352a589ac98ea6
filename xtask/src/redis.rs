//! The Redis server, which tests start.

use anyhow::Result;

use crate::apt;
use crate::process::find_program;

pub(crate) fn find() -> Option<String> {
    find_program("redis-server").map(|path| path.display().to_string())
}

pub(crate) fn install() -> Result<()> {
    let otherwise = "put redis-server on PATH. On Debian: `apt-get install redis-server` as root; elsewhere: https://redis.io/downloads";
    apt::install(&["redis-server"], otherwise)
}
