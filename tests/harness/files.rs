//! Files to upload, made on the spot.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

/// Makes a file of `size` bytes that takes little room on disk: zeros, with the offset written at every 3 MiB and at the end, so
/// that no two parts are alike.
pub fn make(folder: &Path, name: &str, size: u64) -> Result<PathBuf> {
    let path = folder.join(name);
    let mut file = File::create(&path)?;
    file.set_len(size)?;
    let offsets = (0..size).step_by(3 << 20).chain(size.checked_sub(8));
    for offset in offsets {
        let mark = (offset + 1).to_le_bytes();
        let room = usize::try_from(size - offset)?.min(mark.len());
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(&mark[..room])?;
    }
    Ok(path)
}

pub fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut window = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut window)?;
        if read == 0 {
            break;
        }
        hash.update(&window[..read]);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
