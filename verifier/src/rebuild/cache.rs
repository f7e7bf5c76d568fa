//! The build cache of one build: what lay in it before and after.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// How a build found its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Empty.
    Cold,
    /// As an equal build right before had left it.
    Warm,
    /// As somebody named it on the command line.
    Given,
}

/// What lies in a cache: how many actions, and one hash over all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Index entries: files `<action>-a`.
    pub entries: u64,
    /// SHA-256 in hexadecimal over one line `<action> <output> <size>` for each
    /// entry, in the order of actions; times are left out.
    pub closure: String,
}

/// The size of an index entry, in bytes.
///
/// Source: cmd/go/internal/cache entrySize
const ENTRY_BYTES: u64 = 175;

/// The most entries looked at.
const ENTRIES_MAX: usize = 4_000_000;

/// Reads the index of a cache. What is no entry is passed over: this describes
/// a cache, and `verify-build cache audit` judges it.
pub fn read(folder: &Path) -> Contents {
    let mut lines: Vec<String> = Vec::new();
    for first in 0..=255_u8 {
        let Ok(files) = fs::read_dir(folder.join(format!("{first:02x}"))) else {
            continue;
        };
        for file in files
            .flatten()
            .take(ENTRIES_MAX - lines.len().min(ENTRIES_MAX))
        {
            lines.extend(line(&file.path()));
        }
    }
    lines.sort_unstable();
    let mut hash = Sha256::new();
    for line in &lines {
        hash.update(line);
    }
    Contents {
        entries: lines.len() as u64,
        closure: hex::encode(hash.finalize()),
    }
}

/// Reads `v1 <action> <output> <size> <time>`.
fn line(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix("-a")?;
    let mut text = String::new();
    let file = fs::File::open(path).ok()?;
    file.take(ENTRY_BYTES).read_to_string(&mut text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let ("v1", action, output, size) = (words.next()?, words.next()?, words.next()?, words.next()?)
    else {
        return None;
    };
    Some(format!("{action} {output} {size}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_told_by_its_actions_and_not_by_its_times() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).entries, 0);
        let (action, output) = ("ab".repeat(32), "cd".repeat(32));
        fs::create_dir(folder.path().join("ab")).unwrap();
        let write = |name: &str, size: u64, time: u64| {
            let text = format!("v1 {action} {output} {size:>20} {time:>20}\n");
            assert_eq!(text.len() as u64, ENTRY_BYTES);
            fs::write(folder.path().join("ab").join(name), text).unwrap();
        };
        write(&format!("{action}-a"), 7, 1);
        let first = read(folder.path());
        assert_eq!(first.entries, 1);
        write(&format!("{action}-a"), 7, 2);
        assert_eq!(read(folder.path()), first);
        write(&format!("{action}-a"), 8, 2);
        assert_ne!(read(folder.path()).closure, first.closure);
        fs::write(folder.path().join("ab/x-d"), "data").unwrap();
        fs::write(folder.path().join("ab/y-a"), "nonsense").unwrap();
        assert_eq!(read(folder.path()).entries, 1);
    }
}
