//! Copies of folders: as they are, in another order, with other times.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use thiserror::Error;
use walkdir::WalkDir;

/// The most that is copied of one folder, in bytes; hard links count nothing.
pub const BYTES_MAX: u64 = 4 << 30;

/// The most files and folders in one copy.
pub const ENTRIES_MAX: u64 = 1_000_000;

/// How a copy is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Manner {
    /// Which files become hard links, where the file system allows it.
    pub links: Links,
    /// Whether the files of a folder are made in the opposite order.
    pub reversed: bool,
    /// Whether files get a modification time of their own instead of the
    /// original's.
    pub other_times: bool,
}

/// Which files become hard links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Links {
    /// Those that nothing ever changes: git's objects.
    #[default]
    Objects,
    /// All: for folders that nobody writes to.
    All,
}

/// Why a folder can't be copied.
#[derive(Debug, Error)]
pub enum Error {
    /// The system refused.
    #[error("copying {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is too much of it.
    #[error("{} holds more than {BYTES_MAX} bytes or {ENTRIES_MAX} files", .path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
    },
}

/// Copies a folder with its files, modes, times and symbolic links to a path
/// where nothing is. What is neither file, folder nor link is left out.
///
/// # Errors
/// See [`enum@Error`].
pub fn folder(from: &Path, to: &Path, manner: Manner) -> Result<(), Error> {
    let (mut bytes, mut entries) = (0_u64, 0_u64);
    let walk = WalkDir::new(from).follow_links(false);
    let walk = walk.sort_by(move |a, b| {
        let order = a.file_name().cmp(b.file_name());
        if manner.reversed {
            order.reverse()
        } else {
            order
        }
    });
    for entry in walk {
        let entry = entry.map_err(|error| Error::Io {
            path: error.path().unwrap_or(from).to_owned(),
            source: error.into(),
        })?;
        let source = entry.path();
        let inside = source.strip_prefix(from).unwrap_or_else(|_| Path::new(""));
        // Joining nothing would leave a slash at the end.
        let target = if inside.as_os_str().is_empty() {
            to.to_owned()
        } else {
            to.join(inside)
        };
        let io = |error| Error::Io {
            path: source.to_owned(),
            source: error,
        };
        entries += 1;
        let kind = entry.file_type();
        if kind.is_dir() {
            make_folder(source, &target).map_err(io)?;
        } else if kind.is_symlink() {
            link(source, &target).map_err(io)?;
        } else if kind.is_file() {
            let linked = is_linked(inside, manner.links) && fs::hard_link(source, &target).is_ok();
            if !linked {
                bytes = bytes.saturating_add(file(source, &target, manner).map_err(io)?);
            }
        }
        if bytes > BYTES_MAX || entries > ENTRIES_MAX {
            return Err(Error::TooLarge {
                path: from.to_owned(),
            });
        }
    }
    Ok(())
}

/// Returns the time that files get in a copy with other times: the same for all,
/// so that one run is like another, and long past.
pub fn other_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(981_173_106)
}

fn is_linked(inside: &Path, links: Links) -> bool {
    match links {
        Links::All => true,
        Links::Objects => {
            let mut parts = inside.components().map(|part| part.as_os_str());
            parts.any(|part| part == ".git") && parts.next().is_some_and(|part| part == "objects")
        }
    }
}

fn file(source: &Path, target: &Path, manner: Manner) -> io::Result<u64> {
    let bytes = fs::copy(source, target)?;
    let modified = if manner.other_times {
        other_time()
    } else {
        fs::metadata(source)?.modified()?
    };
    let times = FileTimes::new().set_modified(modified);
    // A file that may only be read still takes times from its owner.
    File::open(target)?.set_times(times)?;
    Ok(bytes)
}

#[cfg(unix)]
fn make_folder(source: &Path, target: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(target)?;
    // Writable for us whatever the original is: files follow, and it is removed
    // in the end.
    let mode = fs::metadata(source)?.permissions().mode() | 0o700;
    fs::set_permissions(target, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn make_folder(_: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir_all(target)
}

#[cfg(unix)]
fn link(source: &Path, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(source)?, target)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::other(
        "a symbolic link can't be copied on this system",
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn a_copy_is_like_its_original_and_only_objects_are_linked() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a b"), folder.path().join("deep/ü"));
        fs::create_dir_all(from.join(".git/objects/ab")).unwrap();
        fs::write(from.join(".git/objects/ab/cd"), "object").unwrap();
        fs::write(from.join(".git/index"), "index").unwrap();
        fs::write(from.join("run.sh"), "#!/bin/sh").unwrap();
        fs::set_permissions(from.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("run.sh", from.join("link")).unwrap();
        super::folder(&from, &to, Manner::default()).unwrap();
        let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
        assert_eq!(
            inode(from.join(".git/objects/ab/cd")),
            inode(to.join(".git/objects/ab/cd"))
        );
        assert_ne!(inode(from.join(".git/index")), inode(to.join(".git/index")));
        let (a, b) = (from.join("run.sh"), to.join("run.sh"));
        let (a, b) = (fs::metadata(a).unwrap(), fs::metadata(b).unwrap());
        assert_eq!(a.mode(), b.mode());
        assert_eq!(a.modified().unwrap(), b.modified().unwrap());
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("run.sh"));
    }

    #[test]
    fn times_and_the_order_of_making_can_be_others() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir(&from).unwrap();
        for name in ["a", "b"] {
            fs::write(from.join(name), name).unwrap();
            fs::set_permissions(from.join(name), fs::Permissions::from_mode(0o444)).unwrap();
        }
        let manner = Manner {
            reversed: true,
            other_times: true,
            ..Manner::default()
        };
        super::folder(&from, &to, manner).unwrap();
        let of = |name: &str| fs::metadata(to.join(name)).unwrap();
        assert_eq!(of("a").modified().unwrap(), other_time());
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "a");
        assert!(of("b").ino() != of("a").ino());
    }
}
