//! Files to upload, made on the spot.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
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

/// Makes a file of `size` bytes that look like noise, and are others for each seed.
pub fn noise(folder: &Path, name: &str, size: u64, seed: u64) -> Result<PathBuf> {
    let path = folder.join(name);
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        // Xorshift64: https://www.jstatsoft.org/article/view/v008i14
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    // An odd length: no two parts begin at the same place of it.
    let block: Vec<u8> = std::iter::repeat_with(next).flat_map(u64::to_le_bytes).take((1 << 16) + 1).collect();
    let mut file = BufWriter::new(File::create(&path)?);
    let mut left = size;
    while left > 0 {
        let length = left.min(block.len() as u64);
        file.write_all(&block[..length as usize])?;
        left -= length;
    }
    file.flush()?;
    Ok(path)
}

/// Whether two files have the same bytes.
pub fn same_content(one: &Path, other: &Path) -> Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let mut windows = (vec![0; 1 << 20], vec![0; 1 << 20]);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    loop {
        let read = one.read(&mut windows.0)?;
        if read == 0 {
            return Ok(true);
        }
        other.read_exact(&mut windows.1[..read])?;
        if windows.0[..read] != windows.1[..read] {
            return Ok(false);
        }
    }
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
