//! Unpacking a bundle into a folder.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use proto::bundle::{Member, Sealed};
use proto::quantity;

use super::Error;
use super::archive::Sink;

/// Bytes that are written at once.
const PIECE_BYTES: usize = 256 << 10;

/// Unpacks members into a folder. Their places were parsed: none leads out of it.
pub(crate) struct Unpack<'a> {
    folder: &'a Path,
    open: Option<(PathBuf, BufWriter<File>)>,
    progress: &'a mut dyn FnMut(u64),
}

impl<'a> Unpack<'a> {
    pub(crate) fn new(folder: &'a Path, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            folder,
            open: None,
            progress,
        }
    }
}

impl Sink for Unpack<'_> {
    fn sealed(&mut self, sealed: &Sealed) -> Result<(), Error> {
        let free = rustix::fs::statvfs(self.folder).map_err(io::Error::from);
        let free = free.map_err(Error::at(self.folder))?;
        let (free, size) = (
            free.f_bavail.saturating_mul(free.f_frsize),
            sealed.manifest.size(),
        );
        if free < size {
            let text = format!(
                "it unpacks to {}, and {} are free",
                quantity::size(size),
                quantity::size(free)
            );
            let error = io::Error::new(io::ErrorKind::StorageFull, text);
            return Err(Error::at(self.folder)(error));
        }
        Ok(())
    }

    fn begin(&mut self, member: &Member) -> Result<(), Error> {
        let path = self.folder.join(&member.place);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::at(&path))?;
        }
        let file = File::options().write(true).create_new(true).open(&path);
        let file = BufWriter::with_capacity(PIECE_BYTES, file.map_err(Error::at(&path))?);
        self.open = Some((path, file));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Error> {
        (self.progress)(bytes.len() as u64);
        let Some((path, file)) = &mut self.open else {
            return Ok(());
        };
        file.write_all(bytes).map_err(Error::at(path))
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some((path, mut file)) = self.open.take() else {
            return Ok(());
        };
        file.flush().map_err(Error::at(&path))
    }
}

/// Removes a folder that a bundle was unpacked in, when it is dropped.
pub(crate) struct Unpacking(pub(crate) PathBuf);

impl Drop for Unpacking {
    fn drop(&mut self) {
        // What stays is removed at the next start.
        let _ = fs::remove_dir_all(&self.0);
    }
}
