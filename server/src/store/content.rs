//! What a stored file holds: bytes where it is small, an open file where it is
//! large.

use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use proto::digest::Digest;

use super::{Stamp, map};

/// The content of a stored file. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Its bytes.
    Memory(Bytes),
    /// The open file.
    File(StoredFile),
}

/// What can be read from any place.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl Content {
    /// Returns its length in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(file) => file.len(),
        }
    }

    /// Reads it from its beginning. Reading blocks.
    pub(crate) fn reader(&self) -> Box<dyn ReadSeek> {
        match self {
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
            Self::File(file) => Box::new(file.reader()),
        }
    }

    /// Returns its SHA-256, in hex. Blocks.
    ///
    /// # Errors
    /// What the file system answers; `UnexpectedEof` where the file has become
    /// shorter.
    pub(crate) fn sha256(&self) -> io::Result<String> {
        Ok(hex::encode(Digest::of(self.reader())?.sha256))
    }

    /// Returns its first bytes, at most `max` of them. Blocks.
    ///
    /// # Errors
    /// As [`sha256`](Self::sha256).
    pub(crate) fn prefix(&self, max: usize) -> io::Result<Bytes> {
        let length = usize::try_from(self.len()).map_or(max, |length| length.min(max));
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(..length)),
            Self::File(file) => file.read_at(0, length),
        }
    }

    /// Returns all its bytes. Blocks.
    ///
    /// # Errors
    /// `FileTooLarge` where they are more than `max`; else as
    /// [`sha256`](Self::sha256).
    pub(crate) fn bytes(&self, max: usize) -> io::Result<Bytes> {
        if self.len() > max as u64 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{} bytes, and at most {max} are read", self.len()),
            ));
        }
        self.prefix(max)
    }
}

/// An open file of the store. Cheap to clone.
///
/// What was opened can be read on when the file is replaced or removed in the tree.
/// Whoever writes to the file in place can still cut it short or change it: everything
/// that reads it here notices a missing end as an error.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    file: File,
    /// What it was at opening.
    stamp: Stamp,
    suspect: AtomicBool,
    map: OnceLock<Bytes>,
}

impl StoredFile {
    /// Takes an open file that has this stamp.
    pub(super) fn new(file: File, stamp: Stamp) -> Self {
        Self(Arc::new(Opened {
            file,
            stamp,
            suspect: AtomicBool::new(false),
            map: OnceLock::new(),
        }))
    }

    /// Returns its length at opening.
    pub(crate) fn len(&self) -> u64 {
        self.0.stamp.len
    }

    /// Tells whether nobody has written to it, removed or replaced it since it was
    /// opened, as far as the file system tells, and it is not suspect. One system call,
    /// which does not wait for the disk.
    pub(crate) fn is_sound(&self) -> bool {
        let is_as_opened = |metadata: Metadata| {
            metadata.nlink() > 0 && Stamp::of(&metadata).has_bytes_of(self.0.stamp)
        };
        !self.0.suspect.load(Ordering::Relaxed) && self.0.file.metadata().is_ok_and(is_as_opened)
    }

    /// Notes that reading it failed: that a write of its mapped pages ended with
    /// `EFAULT` or `EIO`.
    pub(crate) fn suspect(&self) {
        self.0.suspect.store(true, Ordering::Relaxed);
    }

    /// Reads `length` bytes from `at` on. Blocks.
    ///
    /// # Errors
    /// What the file system answers; `UnexpectedEof` where the file ends before.
    pub(crate) fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        let end = at.checked_add(length as u64);
        if end.is_none_or(|end| end > self.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        self.0.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes.into())
    }

    /// Reads it from its beginning, never through the map. Reading blocks.
    pub(crate) fn reader(&self) -> impl Read + Seek + Send + 'static {
        Reader {
            file: self.clone(),
            at: 0,
        }
    }

    /// Returns its pages as memory that only the kernel may read: see
    /// [`map::map`]. The map is made once and lives as long as the file.
    ///
    /// # Errors
    /// What the operating system answers.
    pub(crate) fn map(&self) -> io::Result<Bytes> {
        if let Some(map) = self.0.map.get() {
            return Ok(map.clone());
        }
        // Two may map at once; one map is dropped again.
        let map = map::map(&self.0.file)?;
        Ok(self.0.map.get_or_init(|| map).clone())
    }
}

/// Reads by position, so that all clones of a file can be read at once.
struct Reader {
    file: StoredFile,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.len().saturating_sub(self.at);
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.file.0.file.read_at(&mut buffer[..wanted], self.at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.file.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(folder: &std::path::Path, bytes: &[u8]) -> StoredFile {
        let path = folder.join("file");
        std::fs::write(&path, bytes).unwrap();
        let file = File::open(path).unwrap();
        let stamp = Stamp::of(&file.metadata().unwrap());
        StoredFile::new(file, stamp)
    }

    #[test]
    fn memory_and_files_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let file = stored(folder.path(), &bytes);
        assert_eq!(file.map().unwrap(), bytes);
        assert_eq!(file.read_at(100, 50).unwrap(), bytes[100..150]);
        let memory = Content::Memory(bytes.clone().into());
        let file = Content::File(file);
        assert_eq!(memory.sha256().unwrap(), file.sha256().unwrap());
        for content in [memory, file] {
            assert_eq!(content.len(), 200_000);
            assert_eq!(content.prefix(10).unwrap(), bytes[..10]);
            assert_eq!(content.prefix(usize::MAX).unwrap(), bytes);
            assert_eq!(content.bytes(200_000).unwrap(), bytes);
            let error = content.bytes(199_999).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            let mut reader = content.reader();
            reader.seek(SeekFrom::End(-3)).unwrap();
            let mut end = Vec::new();
            reader.read_to_end(&mut end).unwrap();
            assert_eq!(end, bytes[199_997..]);
            assert!(reader.seek(SeekFrom::Current(-200_001)).is_err());
        }
    }

    #[test]
    fn a_file_that_was_cut_short_is_an_error_and_not_a_shorter_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = stored(folder.path(), &[7; 100_000]);
        assert!(file.is_sound());
        let cut = File::options().write(true).open(folder.path().join("file"));
        cut.unwrap().set_len(50_000).unwrap();
        assert!(!file.is_sound());
        let eof = io::ErrorKind::UnexpectedEof;
        assert_eq!(file.read_at(40_000, 20_000).unwrap_err().kind(), eof);
        let error = Content::File(file.clone()).sha256().unwrap_err();
        assert_eq!(error.kind(), eof);
        let mut out = Vec::new();
        assert!(file.reader().read_to_end(&mut out).is_err());
    }

    #[test]
    fn a_file_that_was_written_to_or_removed_is_not_sound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = stored(folder.path(), &[7; 100_000]);
        let mut written = File::options().write(true).open(&path).unwrap();
        // The clock of a file system may stand still for some milliseconds.
        while file.is_sound() {
            io::Write::write_all(&mut written, b"8").unwrap();
        }
        let file = stored(folder.path(), &[7; 100_000]);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, [7; 100_000]).unwrap();
        assert!(!file.is_sound());
        assert_eq!(file.read_at(99_999, 1).unwrap(), &[7][..]);
    }

    #[test]
    fn a_suspect_file_is_not_sound() {
        let folder = tempfile::tempdir().unwrap();
        let file = stored(folder.path(), b"x");
        let other = file.clone();
        other.suspect();
        assert!(!file.is_sound());
    }
}
