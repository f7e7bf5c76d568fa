//! Files, read once and hashed on the way.
//!
//! Every later question is put to these bytes and not to the file again: what
//! was hashed is what is explained, whatever happens to the file meanwhile. That
//! is why files are not mapped: a map changes under us when a build overwrites
//! the file, and truncating it kills the process. Reading costs 2 ms for 10 MB,
//! a twentieth of what hashing them with `sha256sum` does. Of large files a copy
//! without a name is mapped: [`content`].

pub mod content;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use self::content::{Content, Gatherer};
use crate::progress::Bar;

/// The largest file read, in bytes.
pub const SIZE_MAX: u64 = 4 << 30;

/// The most read of a pipe or device, which may have no end, in bytes.
pub const STREAM_SIZE_MAX: u64 = 1 << 30;

/// Bytes hashed at a time, while they are still in the processor's cache.
const PIECE_BYTES: u64 = 256 << 10;

/// Why a file could not be taken in.
#[derive(Debug, Error)]
pub enum Error {
    /// The system refused to open or read it.
    #[error("{}: {}", .path.display(), describe(.cause))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said. No `source`: the message has it already.
        cause: io::Error,
    },
    /// Read again, the file held other bytes.
    #[error("{}: changed while it was compared; wait until whatever writes it is done", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A folder was named.
    #[error("{}: is a folder; name the files in it that should be compared", .path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file is larger than this program reads.
    #[error("{}: is larger than {max} bytes, the most that is read", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        max: u64,
    },
}

/// A file's bytes and what names them.
#[derive(Debug)]
pub struct Input {
    /// The path as it was given.
    pub path: PathBuf,
    /// The whole content.
    pub bytes: Content,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Device and inode, by which two names of one file are recognised.
    pub identity: Option<(u64, u64)>,
}

impl Input {
    /// Reads a file, a pipe or a device to its end.
    ///
    /// # Errors
    /// `Io`, `IsFolder`, `TooLarge` past [`SIZE_MAX`], for pipes past
    /// [`STREAM_SIZE_MAX`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::read_along(path, &Bar::hidden())
    }

    /// Reads as [`Self::read`], and tells a bar of every byte.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_along(path: &Path, bar: &Bar) -> Result<Self, Error> {
        let io = |cause| Error::Io {
            path: path.into(),
            cause,
        };
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(Error::IsFolder { path: path.into() });
        }
        let max = if metadata.is_file() {
            SIZE_MAX
        } else {
            STREAM_SIZE_MAX
        };
        let too_large = || Error::TooLarge {
            path: path.into(),
            max,
        };
        if metadata.len() > max {
            return Err(too_large());
        }
        let mut gatherer = Gatherer::new(metadata.len()).map_err(io)?;
        let mut sha256 = Sha256::new();
        let mut piece = Vec::new();
        let mut len = 0_u64;
        loop {
            piece.clear();
            (&file)
                .take(PIECE_BYTES)
                .read_to_end(&mut piece)
                .map_err(io)?;
            if piece.is_empty() {
                break;
            }
            len = len.saturating_add(piece.len() as u64);
            if len > max {
                return Err(too_large());
            }
            sha256.update(&piece);
            gatherer.push(&piece).map_err(io)?;
            bar.add(piece.len() as u64);
        }
        let bytes = gatherer.finish().map_err(io)?;
        let identity = identity(&metadata);
        Ok(Self {
            path: path.into(),
            bytes,
            sha256: sha256.finalize().into(),
            identity,
        })
    }
}

/// Returns what two names of one file share.
#[cfg(unix)]
pub(crate) fn identity(metadata: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

/// Returns what two names of one file share.
#[cfg(not(unix))]
pub(crate) fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "this user may not read it (permission denied)".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_hashes_in_one_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        // Longer than one piece, and not a multiple of it.
        let content = vec![7; PIECE_BYTES as usize + 3];
        std::fs::write(&path, &content).unwrap();
        let input = Input::read(&path).unwrap();
        assert_eq!(&*input.bytes, content);
        assert_eq!(input.sha256, <[u8; 32]>::from(Sha256::digest(&content)));
        let bar = Bar::hidden();
        Input::read_along(&path, &bar).unwrap();
        assert_eq!(bar.at(), content.len() as u64);
    }

    #[test]
    fn errors_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Input::read(&folder.path().join("none")).unwrap_err();
        // With every error behind it, as the program prints it.
        let printed = format!("{:#}", anyhow::Error::from(missing));
        assert!(
            printed.ends_with("none: there is no such file"),
            "{printed}"
        );
        let named = Input::read(folder.path()).unwrap_err();
        assert!(named.to_string().contains("name the files in it"));
    }
}
