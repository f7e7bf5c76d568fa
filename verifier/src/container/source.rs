//! Bytes that can be read more than once: a file, a part of one, or memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use proto::digest::Digest;

use crate::input::content::Content;

/// Bytes read from a file at a time.
const BUFFER_LEN: usize = 256 << 10;

/// Bytes to be read; clones and parts share them.
#[derive(Debug, Clone)]
pub struct Source {
    data: Data,
    range: Range<u64>,
}

#[derive(Debug, Clone)]
enum Data {
    /// The lock holds the file's one position from seeking to the end of the
    /// read after it; each [`Cursor`] keeps its own position.
    File(Arc<Mutex<File>>),
    Memory(Content),
}

impl Source {
    /// Takes the file as long as it is now.
    ///
    /// # Errors
    /// What the system says when it is asked for the length.
    pub fn file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self {
            data: Data::File(Arc::new(Mutex::new(file))),
            range: 0..len,
        })
    }

    /// Takes bytes in memory.
    pub fn memory(bytes: impl Into<Content>) -> Self {
        let bytes = bytes.into();
        let len = bytes.len() as u64;
        Self {
            data: Data::Memory(bytes),
            range: 0..len,
        }
    }

    /// Returns a part of these bytes, if all of it lies inside.
    pub fn part(&self, offset: u64, len: u64) -> Option<Self> {
        let start = self.range.start.checked_add(offset)?;
        let end = start.checked_add(len)?;
        (end <= self.range.end).then(|| Self {
            data: self.data.clone(),
            range: start..end,
        })
    }

    /// Returns how many bytes there are.
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Reads from the beginning.
    pub fn reader(&self) -> BufReader<Cursor> {
        let len = usize::try_from(self.len()).unwrap_or(usize::MAX);
        BufReader::with_capacity(
            len.clamp(1, BUFFER_LEN),
            Cursor {
                source: self.clone(),
                at: 0,
            },
        )
    }

    /// Reads up to so many bytes at an offset; fewer at the end.
    ///
    /// # Errors
    /// What the system says.
    pub fn bytes_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut cursor = Cursor {
            source: self.clone(),
            at: offset,
        };
        let mut bytes = Vec::new();
        cursor.by_ref().take(len as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Hashes all of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn sha256(&self) -> io::Result<[u8; 32]> {
        Ok(Digest::of(self.reader())?.sha256)
    }
}

/// A position in a [`Source`].
#[derive(Debug)]
pub struct Cursor {
    source: Source,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.at);
        let len = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let start = self.source.range.start.saturating_add(self.at);
        let buffer = &mut buffer[..len];
        let count = match &self.source.data {
            Data::File(file) => {
                // A panic elsewhere left the position anywhere; we set it.
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                file.read(buffer)?
            }
            Data::Memory(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                let mut rest = bytes.get(start..).unwrap_or_default();
                rest.read(buffer)?
            }
        };
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_files_and_of_memory_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, b"0123456789").unwrap();
        let sources = [
            Source::file(File::open(&path).unwrap()).unwrap(),
            Source::memory(b"0123456789".to_vec()),
        ];
        for source in sources {
            let part = source.part(2, 5).unwrap().part(1, 3).unwrap();
            let (mut one, mut two) = (part.reader(), part.reader());
            let mut text = String::new();
            one.read_to_string(&mut text).unwrap();
            two.read_to_string(&mut text).unwrap();
            assert_eq!(text, "345345");
            assert_eq!(part.bytes_at(2, 9).unwrap(), b"5");
            assert!(source.part(8, 3).is_none());
            assert!(source.part(u64::MAX, 3).is_none());
        }
    }
}
