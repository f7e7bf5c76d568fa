//! Opening files that somebody else may be changing meanwhile.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// What to do with a symbolic link in a file's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Open what it leads to.
    Followed,
    /// Refuse it, where the system can.
    Refused,
}

/// Opens a file for reading.
///
/// Should a pipe or device have taken its place, opening it neither waits for a
/// writer nor takes the terminal: the metadata, which is of what was opened, tells
/// whether it is a regular file.
///
/// # Errors
/// What the system says.
pub fn open(path: &Path, links: Links) -> io::Result<(File, Metadata)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;

        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        flags.set(OFlags::NOFOLLOW, links == Links::Refused);
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = links;
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Opens a regular file for reading.
///
/// # Errors
/// What the system says; also when it is something else, or a link to be refused.
pub fn regular(path: &Path, links: Links) -> io::Result<File> {
    let (file, metadata) = open(path, links)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "abc").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for links in [Links::Followed, Links::Refused] {
            assert_eq!(open(&file, links).unwrap().1.len(), 3);
        }
        assert!(open(&link, Links::Followed).unwrap().1.is_file());
        assert!(open(&link, Links::Refused).is_err());
    }

    #[test]
    fn a_pipe_without_a_writer_keeps_nobody_waiting() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};

        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(!open(&pipe, Links::Refused).unwrap().1.is_file());
        let error = regular(&pipe, Links::Refused).unwrap_err();
        assert_eq!(error.to_string(), "not a regular file");
    }
}
