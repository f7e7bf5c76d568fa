//! A bundle in volumes, for media that are smaller: `NAME.001`, `NAME.002` and so on, which
//! are one file cut in pieces.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::store::folder::sync_name;

/// The most volumes of one bundle.
pub(crate) const VOLUMES_MAX: usize = 999;

/// The path of a volume, numbered from 1 on.
pub(crate) fn volume(file: &Path, number: usize) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{number:03}"));
    name.into()
}

/// Returns the bundle's name and the volume's number where a file has the name of one.
pub(crate) fn number_of(file: &Path) -> Option<(PathBuf, usize)> {
    let ending = file.extension()?.to_str()?;
    let number = ending
        .parse()
        .ok()
        .filter(|it| (1..=VOLUMES_MAX).contains(it))?;
    let is_number = ending.len() == 3 && ending.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| (file.with_extension(""), number))
}

/// The files that a bundle is in: itself, or its volumes in order.
pub(crate) fn files_of(file: &Path) -> Vec<PathBuf> {
    if file.exists() {
        return vec![file.to_owned()];
    }
    let volumes = (1..=VOLUMES_MAX).map(|number| volume(file, number));
    volumes.take_while(|path| path.exists()).collect()
}

/// Whether a volume of a bundle is there, though not the first.
pub(crate) fn has_later(file: &Path) -> bool {
    (2..=VOLUMES_MAX).any(|number| volume(file, number).exists())
}

/// Opens a bundle, or its volumes one after the other. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn open(file: &Path) -> io::Result<Joined> {
    // One may name the first volume as well.
    let base = match number_of(file) {
        Some((base, 1)) if !base.exists() => base,
        _ => file.to_owned(),
    };
    let mut left = files_of(&base);
    left.reverse();
    let first = left.pop().unwrap_or_else(|| file.to_owned());
    Ok(Joined {
        open: File::open(first)?,
        left,
    })
}

/// Files that are read as one.
pub(crate) struct Joined {
    open: File,
    /// The next one last.
    left: Vec<PathBuf>,
}

impl Read for Joined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.open.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(next) = self.left.pop() else {
                return Ok(0);
            };
            self.open = File::open(next)?;
        }
    }
}

/// Writes a file, or its volumes. Each has another name until all are written.
pub(crate) struct Split {
    out: PathBuf,
    /// Bytes of a volume; one file of any size when `None`.
    max: Option<u64>,
    parts: Vec<File>,
    /// Bytes of the last part.
    len: u64,
}

impl Split {
    /// Begins to write.
    pub(crate) fn new(out: &Path, max: Option<u64>) -> Self {
        Self {
            out: out.to_owned(),
            max,
            parts: Vec::new(),
            len: 0,
        }
    }

    /// Makes what was written durable and gives it its names. Returns the bytes.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        let mut bytes = 0;
        for part in &self.parts {
            part.sync_all()?;
            bytes += part.metadata()?.len();
        }
        for number in 1..=self.parts.len() {
            fs::rename(self.part(number), self.name(number))?;
        }
        sync_name(&self.out)?;
        self.parts.clear();
        Ok(bytes)
    }

    fn name(&self, number: usize) -> PathBuf {
        match self.max {
            Some(_) => volume(&self.out, number),
            None => self.out.clone(),
        }
    }

    fn part(&self, number: usize) -> PathBuf {
        let mut name = self.name(number).into_os_string();
        name.push(".part");
        name.into()
    }
}

impl Write for Split {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self
            .max
            .map_or(u64::MAX, |max| max.saturating_sub(self.len));
        if self.parts.is_empty() || room == 0 {
            let number = self.parts.len() + 1;
            if number > VOLUMES_MAX {
                let text = format!("more than {VOLUMES_MAX} volumes: give a larger --volume");
                return Err(io::Error::other(text));
            }
            self.parts.push(File::create(self.part(number))?);
            self.len = 0;
        }
        let room = self
            .max
            .map_or(u64::MAX, |max| max.saturating_sub(self.len));
        let count = usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len()));
        let Some(file) = self.parts.last_mut() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let count = file.write(&bytes[..count])?;
        self.len += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.parts.last_mut().map_or(Ok(()), File::flush)
    }
}

impl Drop for Split {
    fn drop(&mut self) {
        for number in 1..=self.parts.len() {
            // Nobody knows of it.
            let _ = fs::remove_file(self.part(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_read_as_the_one_file_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("b.bundle");
        let mut split = Split::new(&out, Some(4));
        split.write_all(b"0123456789").unwrap();
        assert!(!volume(&out, 1).exists(), "not before all is written");
        assert_eq!(split.finish().unwrap(), 10);
        let files = files_of(&out);
        assert_eq!(files.len(), 3);
        assert_eq!(fs::read(&files[2]).unwrap(), b"89");
        for name in [&out, &files[0]] {
            let mut all = String::new();
            open(name).unwrap().read_to_string(&mut all).unwrap();
            assert_eq!(all, "0123456789");
        }
        assert_eq!(number_of(&files[1]), Some((out, 2)));
        for other in ["b.bundle", "b.0001", "b.000", "b.01", "b.+01"] {
            assert_eq!(number_of(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn what_is_given_up_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut split = Split::new(&folder.path().join("b"), None);
        split.write_all(b"0123").unwrap();
        drop(split);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
