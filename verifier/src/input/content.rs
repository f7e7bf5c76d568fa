//! Where a file's bytes are kept while questions are put to them: in memory, and
//! past a size in a temporary file without a name, mapped.
//!
//! Pages of such a file are the system's to take back when memory is short, so
//! two programs of a gigabyte are compared where there is a fraction of that.
//! What the user named is never mapped itself: see [`super`].

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Deref;
use std::sync::Arc;

/// The most bytes of one file kept in memory. Few programs are larger, and those
/// cost one more copy, to disk.
pub const MEMORY_MAX: usize = 64 << 20;

/// The bytes of one file, all at hand; clones share them.
#[derive(Debug, Clone)]
pub enum Content {
    /// In memory.
    Memory(Arc<Vec<u8>>),
    /// In a temporary file of our own.
    Mapped(Arc<memmap2::Mmap>),
}

impl Default for Content {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Memory(Arc::new(bytes))
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Memory(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

/// Takes bytes in piece by piece, and decides where they are kept.
#[derive(Debug)]
pub struct Gatherer {
    memory: Vec<u8>,
    /// The temporary file, with how much it holds.
    file: Option<(File, u64)>,
    memory_max: usize,
}

impl Gatherer {
    /// Begins with nothing, for a file that is said to be this long.
    ///
    /// # Errors
    /// Not enough memory.
    pub fn new(len: u64) -> io::Result<Self> {
        Self::with_bound(len, MEMORY_MAX)
    }

    fn with_bound(len: u64, memory_max: usize) -> io::Result<Self> {
        let mut memory = Vec::new();
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        let mut file = None;
        if wanted > memory_max {
            // Without room for temporary files there may still be memory.
            file = tempfile::tempfile().ok().map(|file| (file, 0));
        }
        if file.is_none() {
            memory.try_reserve_exact(wanted)?;
        }
        Ok(Self {
            memory,
            file,
            memory_max,
        })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// Not enough memory, or a temporary file that can't be read back.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        if let Some((file, len)) = &mut self.file {
            if file.write_all(piece).is_ok() {
                *len = len.saturating_add(piece.len() as u64);
                return Ok(());
            }
            self.back_to_memory()?;
        } else if self.memory.len().saturating_add(piece.len()) > self.memory_max {
            // A pipe, or a file that grew; of no known length.
            if self.memory.len() <= self.memory_max && self.over_to_file(piece) {
                return Ok(());
            }
        }
        self.memory.try_reserve(piece.len())?;
        self.memory.extend_from_slice(piece);
        Ok(())
    }

    /// Ends, and hands out all that came.
    ///
    /// # Errors
    /// A temporary file that can be neither mapped nor read back.
    pub fn finish(mut self) -> io::Result<Content> {
        if let Some((file, _)) = &self.file {
            match map::own(file) {
                Ok(map) => return Ok(Content::Mapped(Arc::new(map))),
                Err(_) => self.back_to_memory()?,
            }
        }
        Ok(self.memory.into())
    }

    /// Moves what came so far, and a piece, to a file; says whether that worked.
    fn over_to_file(&mut self, piece: &[u8]) -> bool {
        let write = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            file.write_all(&self.memory)?;
            file.write_all(piece)?;
            Ok(file)
        };
        let Ok(file) = write() else { return false };
        let len = self.memory.len().saturating_add(piece.len()) as u64;
        self.memory = Vec::new();
        self.file = Some((file, len));
        true
    }

    /// Gives the file up, for a full disk, say.
    fn back_to_memory(&mut self) -> io::Result<()> {
        let Some((mut file, len)) = self.file.take() else {
            return Ok(());
        };
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        self.memory.try_reserve_exact(wanted)?;
        file.seek(SeekFrom::Start(0))?;
        file.take(len).read_to_end(&mut self.memory)?;
        if self.memory.len() as u64 != len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

mod map {
    #![expect(
        unsafe_code,
        reason = "the program's one exception: large files in less memory than they are long"
    )]

    use std::fs::File;
    use std::io;

    /// Maps a temporary file that has no name and that nobody writes any more.
    pub(super) fn own(file: &File) -> io::Result<memmap2::Mmap> {
        // SAFETY: a map is unsound when the file shrinks or changes under it.
        // This one was made without a name (`O_TMPFILE`, or unlinked at once),
        // its only descriptor is the gatherer's, which writes no more and
        // closes it after this.
        unsafe { memmap2::Mmap::map(file) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(said: u64, bound: usize, pieces: &[&[u8]]) -> Content {
        let mut gatherer = Gatherer::with_bound(said, bound).unwrap();
        pieces
            .iter()
            .for_each(|piece| gatherer.push(piece).unwrap());
        gatherer.finish().unwrap()
    }

    #[test]
    fn short_files_stay_in_memory_and_long_ones_do_not() {
        let pieces: [&[u8]; 3] = [b"one ", b"two ", b"three"];
        let all = pieces.concat();
        // Said to be long, found to be long, or just within the bound.
        for (said, bound, mapped) in [(13, 5, true), (0, 5, true), (13, 13, false)] {
            let content = gather(said, bound, &pieces);
            assert_eq!(&*content, all, "{said} {bound}");
            assert_eq!(matches!(content, Content::Mapped(_)), mapped);
        }
        assert!(gather(0, 5, &[]).is_empty());
        // A file that was cut to nothing after its length was asked.
        assert!(gather(13, 5, &[]).is_empty());
    }

    #[test]
    fn what_was_written_comes_back_when_the_disk_is_full() {
        let mut gatherer = Gatherer::with_bound(100, 5).unwrap();
        gatherer.push(b"on disk, ").unwrap();
        let (file, len) = gatherer.file.take().unwrap();
        // A descriptor that refuses to be written, as a full disk does.
        let refuses = File::open(format!(
            "/proc/self/fd/{}",
            std::os::fd::AsRawFd::as_raw_fd(&file)
        ));
        gatherer.file = Some((refuses.unwrap(), len));
        gatherer.push(b"in memory").unwrap();
        let content = gatherer.finish().unwrap();
        assert!(matches!(content, Content::Memory(_)));
        assert_eq!(&*content, b"on disk, in memory");
    }
}
