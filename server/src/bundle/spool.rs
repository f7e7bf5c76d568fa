//! What goes into a bundle, set aside until all of it is known.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// A file without a name that only grows. Nothing of it is left when the process ends,
/// however it does.
pub(crate) struct Spool {
    file: Arc<File>,
    writer: BufWriter<File>,
    len: u64,
}

/// A part of a spool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    at: u64,
    /// Bytes of it.
    pub(crate) len: u64,
    /// SHA-256 of them.
    pub(crate) sha256: [u8; 32],
}

/// A part that is being written.
pub(crate) struct Part<'a> {
    spool: &'a mut Spool,
    at: u64,
    hash: Sha256,
}

impl Spool {
    /// Makes one beside `out`. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn beside(out: &Path) -> io::Result<Self> {
        let mut name = out.as_os_str().to_owned();
        name.push(".spool");
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        let file = match options.open(&name) {
            // Of one that was killed before it took the name away.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&name)?;
                options.open(&name)?
            }
            opened => opened?,
        };
        fs::remove_file(&name)?;
        Ok(Self {
            writer: BufWriter::with_capacity(256 << 10, file.try_clone()?),
            file: Arc::new(file),
            len: 0,
        })
    }

    /// Begins a part.
    pub(crate) fn part(&mut self) -> Part<'_> {
        Part {
            at: self.len,
            hash: Sha256::new(),
            spool: self,
        }
    }

    /// Writes a whole part. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> io::Result<Span> {
        let mut part = self.part();
        part.write(bytes)?;
        Ok(part.end())
    }

    /// Reads a part.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn window(&mut self, span: Span) -> io::Result<Window> {
        self.writer.flush()?;
        Ok(Window {
            file: Arc::clone(&self.file),
            at: span.at,
            len: span.len,
            pos: 0,
        })
    }

    /// Reads a whole part, which is small. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn get(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.window(span)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Part<'_> {
    /// Writes more of it. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.spool.writer.write_all(bytes)?;
        self.spool.len += bytes.len() as u64;
        self.hash.update(bytes);
        Ok(())
    }

    /// Ends it.
    pub(crate) fn end(self) -> Span {
        Span {
            at: self.at,
            len: self.spool.len - self.at,
            sha256: self.hash.finalize().into(),
        }
    }
}

/// A part of a spool as a file.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    file: Arc<File>,
    at: u64,
    len: u64,
    pos: u64,
}

impl Window {
    /// Returns how many bytes it has.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.pos);
        let max = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.file.read_at(&mut buffer[..max], self.at + self.pos)?;
        self.pos += count as u64;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.len, by),
            SeekFrom::Current(by) => (self.pos, by),
        };
        let to = base.checked_add_signed(by);
        self.pos = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.pos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_back_and_no_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("out.spool"), "of one that was killed").unwrap();
        let mut spool = Spool::beside(&folder.path().join("out")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let (one, two) = (spool.put(b"one").unwrap(), spool.put(b"second").unwrap());
        assert_eq!(spool.get(one).unwrap(), b"one");
        assert_eq!(spool.get(two).unwrap(), b"second");
        assert_eq!(two.sha256, <[u8; 32]>::from(Sha256::digest(b"second")));
        let mut window = spool.window(two).unwrap();
        window.seek(SeekFrom::End(-3)).unwrap();
        let mut rest = String::new();
        window.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "ond");
        assert!(window.seek(SeekFrom::Current(-9)).is_err());
    }
}
