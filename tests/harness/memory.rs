//! What a program and its children occupy, as Linux counts it.

use std::fs;

/// The memory of all processes of a group, in bytes: their proportional set size, in which what several share counts once.
///
/// Processes that end meanwhile are left out.
pub(crate) fn of_group(group: u32) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| group_of(*id) == Some(group)).filter_map(of_process).sum()
}

/// See `proc_pid_stat(5)`: the group is the third field after the name, which is in brackets and may hold anything.
fn group_of(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(2)?.parse().ok()
}

fn of_process(id: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}
