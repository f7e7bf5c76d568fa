//! The folder of one session, for what the go command makes while it audits or is
//! served.
//!
//! It lies in the record's `tmp`, so that bodies can be kept by renaming them; in the
//! system's temporary folder where the record is read-only. While the session lives it
//! holds a lock on a file in it. What `go list` printed the paths of stays behind for
//! whoever reads them, and what a killed session left stays too: later sessions remove
//! it after a day, in both places, unless somebody holds the lock.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::store::Store;
use crate::opening::{self, Links};

/// How old a folder or file must be to be one that nobody needs any more.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The most left-over files and folders removed in one go.
const REMOVED_MAX: usize = 10_000;

/// The most names of the system's temporary folder looked at.
const NAMES_MAX: usize = 100_000;

/// How names begin in the system's temporary folder, where others have theirs.
const PREFIX: &str = "verify-build-cacheprog-";

/// The file that a living session holds a lock on.
const LOCK: &str = "lock";

/// A session's own folder; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    store: Store,
    folder: TempDir,
    /// Held for the lock on it. Where the file system has no locks there is none, and
    /// the folder's age alone protects it.
    _lock: Option<File>,
}

impl Scratch {
    /// Makes a folder for a session with this record.
    pub(super) fn create(record: &Store) -> anyhow::Result<Self> {
        let folder = make_folder(record)?;
        let lock = lock(folder.path());
        Ok(Self {
            store: Store::below(folder.path())?,
            folder,
            _lock: lock,
        })
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Leaves the folder to those who were told paths in it, and to a later session to
    /// remove.
    pub(super) fn leave(self) {
        let _ = self.folder.keep();
    }
}

fn make_folder(record: &Store) -> io::Result<TempDir> {
    let tmp = record.own("tmp");
    let own = fs::create_dir_all(&tmp)
        .and_then(|()| tempfile::Builder::new().prefix("session-").tempdir_in(&tmp));
    own.or_else(|_| tempfile::Builder::new().prefix(PREFIX).tempdir())
}

fn lock(folder: &Path) -> Option<File> {
    let path = folder.join(LOCK);
    let file = File::create(&path).ok()?;
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(_) => {
            // A lock file that nobody could lock would protect nothing.
            let _ = fs::remove_file(path);
            None
        }
    }
}

/// Whether a session holds this folder, or may.
fn is_held(folder: &Path) -> bool {
    match opening::regular(&folder.join(LOCK), Links::Refused) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        },
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Removes what sessions left behind that ended long ago; whatever resists stays.
pub(super) fn remove_stale(record: &Store) {
    remove_stale_in(&record.own("tmp"), "");
    remove_stale_in(&std::env::temp_dir(), PREFIX);
}

fn remove_stale_in(folder: &Path, prefix: &str) {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let stale: Vec<PathBuf> = entries
        .flatten()
        .take(NAMES_MAX)
        .filter(|entry| {
            let name = entry.file_name();
            name.as_encoded_bytes().starts_with(prefix.as_bytes()) && is_stale(entry)
        })
        .map(|entry| entry.path())
        .take(REMOVED_MAX)
        .collect();
    for path in stale {
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        let _ = match is_folder {
            true if is_held(&path) => Ok(()),
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
    }
}

fn is_stale(entry: &fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| {
        SystemTime::now()
            .duration_since(time)
            .is_ok_and(|age| age > STALE)
    })
}

/// Whether files of a session may be read after its go command is gone: `go list
/// -export` prints where they lie. Where the system does not tell which command it is,
/// they may.
#[cfg(target_os = "linux")]
pub(super) fn is_read_later() -> bool {
    use std::io::Read as _;

    let path = format!("/proc/{}/cmdline", std::os::unix::process::parent_id());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64 << 10).read_to_end(&mut bytes));
    read.is_err() || prints_paths(&bytes)
}

/// The same, where no command line can be read.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_read_later() -> bool {
    true
}

/// Whether a command line, each argument ended by a zero byte, is that of a go command
/// that prints paths, or of no go command.
#[cfg(any(target_os = "linux", test))]
fn prints_paths(command_line: &[u8]) -> bool {
    let mut arguments = command_line.split(|byte| *byte == 0);
    let program = arguments.next().unwrap_or_default();
    let name = program.rsplit(|byte| *byte == b'/').next();
    if name != Some(b"go") {
        return true;
    }
    let command = match arguments.next() {
        // The one flag that may stand before the command.
        Some(b"-C" | b"--C") => arguments.nth(1),
        Some(flag) if flag.starts_with(b"-") => arguments.next(),
        command => command,
    };
    command.is_none_or(|command| command.is_empty() || command == b"list")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> (TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        (folder, store)
    }

    fn set_age(path: &Path, hours: u64) {
        let then = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
        File::open(path).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn a_living_session_keeps_its_folder_however_old_it_is() {
        let (_folder, store) = record();
        let scratch = Scratch::create(&store).unwrap();
        let path = scratch.folder.path().to_owned();
        set_age(&path, 48);
        remove_stale(&store);
        assert!(path.is_dir());
        scratch.leave();
        set_age(&path, 1);
        remove_stale(&store);
        assert!(path.is_dir(), "somebody may still read it");
        set_age(&path, 48);
        remove_stale(&store);
        assert!(!path.exists());
    }

    #[test]
    fn a_session_that_ends_leaves_nothing() {
        let (_folder, store) = record();
        let scratch = Scratch::create(&store).unwrap();
        let path = scratch.folder.path().to_owned();
        assert!(path.starts_with(store.own("tmp")), "{}", path.display());
        drop(scratch);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(store.own("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn other_folders_of_the_system_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let ours = folder.path().join(format!("{PREFIX}1"));
        let others = folder.path().join("verify-build-other");
        for path in [&ours, &others] {
            fs::create_dir(path).unwrap();
            set_age(path, 48);
        }
        remove_stale_in(folder.path(), PREFIX);
        assert!(!ours.exists() && others.exists());
    }

    #[test]
    fn paths_are_printed_by_go_list_alone() {
        for (line, want) in [
            (&b"/usr/local/go/bin/go\0build\0./...\0"[..], false),
            (b"go\0test\0list\0", false),
            (b"go\0-C\0list\0build\0", false),
            (b"go\0-C=x\0vet\0", false),
            (b"go\0list\0-export\0", true),
            (b"go\0-C\0x\0list\0", true),
            (b"go\0", true),
            (b"gopls\0build\0", true),
            (b"", true),
        ] {
            assert_eq!(prints_paths(line), want, "{}", line.escape_ascii());
        }
    }
}
