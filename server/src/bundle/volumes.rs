//! A bundle in volumes, for media that are smaller: `NAME.001`, `NAME.002` and so on, which
//! are one file cut in pieces.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::step::{MAKING, Making};
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

/// Whether a name is taken by a bundle, or by volumes of one. Those that a run left which
/// was killed before the first had its name are not counted. Blocks.
pub(crate) fn is_taken(file: &Path, in_volumes: bool) -> bool {
    if !in_volumes {
        return file.exists();
    }
    let first = volume(file, 1);
    let was_killed = part(&first).exists();
    // A volume that is left of another bundle would be read as the end of this one.
    file.exists() || first.exists() || (has_later(file) && !was_killed)
}

/// What a file is called until all of it, and of the volumes behind it, is written.
fn part(name: &Path) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(".part");
    name.into()
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

/// Writes a file, or its volumes. Each has another name until all are written; then they
/// get theirs from the last to the first, so that where the first is, all are.
pub(crate) struct Split {
    out: PathBuf,
    /// Bytes of a volume; one file of any size when `None`.
    max: Option<u64>,
    /// The first is locked, which keeps others from writing the same.
    parts: Vec<File>,
    /// Bytes of the last part.
    len: u64,
}

impl Split {
    /// Begins to write. What a run left that was killed is removed. Blocks.
    ///
    /// # Errors
    /// What the file system answers, or that somebody writes the same now.
    pub(crate) fn begin(out: &Path, max: Option<u64>) -> io::Result<Self> {
        let mut split = Self {
            out: out.to_owned(),
            max,
            parts: Vec::new(),
            len: 0,
        };
        if is_taken(out, max.is_some()) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let first = split.part(1);
        let was_killed = first.exists();
        let file = locked(&first)?;
        split.parts.push(file);
        if was_killed && max.is_some() {
            for number in 2..=VOLUMES_MAX {
                for left in [split.name(number), split.part(number)] {
                    remove(&left)?;
                }
            }
        }
        Ok(split)
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
        for number in (1..=self.parts.len()).rev() {
            if number == 1 {
                // Before the name that says that all are there.
                sync_name(&self.out)?;
            }
            fs::rename(self.part(number), self.name(number))?;
            MAKING.reach(Making::VolumeNamed);
        }
        sync_name(&self.out)?;
        MAKING.reach(Making::Named);
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
        part(&self.name(number))
    }
}

/// Opens a file to write it anew, and keeps others from doing so at the same time.
fn locked(path: &Path) -> io::Result<File> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let is_busy = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    // Whoever held it until now may have given it its name.
    let ours = file.metadata()?;
    let is_named =
        !fs::metadata(path).is_ok_and(|it| it.ino() == ours.ino() && it.dev() == ours.dev());
    if is_busy || is_named {
        return Err(io::Error::other("another command writes it at this moment"));
    }
    file.set_len(0)?;
    Ok(file)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Write for Split {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self
            .max
            .map_or(u64::MAX, |max| max.saturating_sub(self.len));
        if room == 0 {
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
            if number > 1 {
                let _ = fs::remove_file(self.name(number));
            }
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
        let mut split = Split::begin(&out, Some(4)).unwrap();
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
    fn what_a_killed_run_left_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("b");
        // It had written three and named the last two.
        for left in ["b.001.part", "b.002", "b.003"] {
            fs::write(folder.path().join(left), "left").unwrap();
        }
        assert!(!is_taken(&out, true));
        let mut split = Split::begin(&out, Some(4)).unwrap();
        let busy = Split::begin(&out, Some(4)).err().unwrap();
        assert!(busy.to_string().contains("another command"), "{busy}");
        split.write_all(b"01234").unwrap();
        split.finish().unwrap();
        let mut all = String::new();
        open(&out).unwrap().read_to_string(&mut all).unwrap();
        assert_eq!(all, "01234");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(is_taken(&out, true) && !is_taken(&out, false));
        // Of another bundle, the first volume of which is elsewhere.
        fs::remove_file(volume(&out, 1)).unwrap();
        assert!(is_taken(&out, true));
    }

    #[test]
    fn what_is_given_up_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut split = Split::begin(&folder.path().join("b"), None).unwrap();
        split.write_all(b"0123").unwrap();
        drop(split);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
