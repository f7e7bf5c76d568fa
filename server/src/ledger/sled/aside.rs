//! Where an index is put that is of no use any more.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Databases that were moved aside and are kept for a person to look at.
pub(super) const BROKEN_MAX: usize = 2;

/// What the names of those begin with.
pub(super) const BROKEN: &str = "index.broken-";

/// Moves the folder of an index aside, beside it, and returns where it is. Of those that
/// were moved before the newest stay.
pub(super) fn move_aside(folder: &Path) -> io::Result<PathBuf> {
    let data = folder.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut before: Vec<u64> = Vec::new();
    for entry in fs::read_dir(data)? {
        let name = entry?.file_name();
        let seconds = name.to_str().and_then(|name| name.strip_prefix(BROKEN));
        before.extend(seconds.and_then(|seconds| seconds.parse::<u64>().ok()));
    }
    before.sort_unstable();
    for seconds in before.iter().rev().skip(BROKEN_MAX - 1) {
        // Best effort: it costs room, nothing else.
        let _ = fs::remove_dir_all(data.join(format!("{BROKEN}{seconds}")));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    let seconds = before
        .last()
        .map_or(now, |last| now.max(last.saturating_add(1)));
    let free = data.join(format!("{BROKEN}{seconds}"));
    fs::rename(folder, &free)?;
    Ok(free)
}
