//! Files that appear whole or not at all.
//!
//! Each is written under another name in the folder it goes to, flushed, and
//! renamed: a reader finds the old file or the new one, and a run that fails
//! leaves the old one alone. A machine that stops right afterwards may lose the
//! new name, never half of the content.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

/// Writes a file. One that is there keeps its rights, and a link to it stays
/// one; a device or pipe is written to as it is.
///
/// # Errors
/// What the system says, and what to do about it.
pub fn write(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    put(path, None, |file| {
        let mut out = BufWriter::new(file);
        fill(&mut out)?;
        out.flush()
    })
}

/// Copies a file with its rights, as [`write()`] writes one.
///
/// # Errors
/// What the system says, and what to do about it.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = File::open(from).with_context(|| format!("reading {}", from.display()))?;
    let rights = source.metadata()?.permissions();
    put(to, Some(rights), |mut file| {
        io::copy(&mut source, &mut file).map(|_| ())
    })
}

/// Makes a file that gets its name by [`persist`]. Its own begins with a dot,
/// and its rights are what the umask allows, as any new file's.
///
/// # Errors
/// What the system says.
pub fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Flushes a file and gives it its name; a folder that is missing is made.
///
/// # Errors
/// What the system says.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_data()?;
    match file.persist(path) {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder_of(path))?;
            failed.file.persist(path).map_err(|failed| failed.error)?;
            Ok(())
        }
        Err(failed) => Err(failed.error),
    }
}

fn put(
    path: &Path,
    rights: Option<fs::Permissions>,
    fill: impl FnOnce(&File) -> io::Result<()>,
) -> anyhow::Result<()> {
    // A link is followed, so that it stays one.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        bail!("it is a folder; name a file in it");
    }
    if path.exists() && !path.is_file() {
        // A device or pipe can't be replaced, only written to.
        return Ok(fill(&OpenOptions::new().write(true).open(path)?)?);
    }
    let folder = folder_of(&path);
    if !folder.is_dir() {
        bail!("there is no folder {}; make it first", folder.display());
    }
    let file = temporary(&folder)
        .with_context(|| format!("is the folder {} writable?", folder.display()))?;
    fill(file.as_file())?;
    // An older file's rights are someone's decision.
    let older = path.metadata().map(|older| older.permissions());
    if let Some(rights) = rights.or_else(|| older.ok()) {
        file.as_file().set_permissions(rights)?;
    }
    Ok(persist(file, &path)?)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<std::ffi::OsString> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_fails_half_way_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        write(&path, |out| out.write_all(b"old")).unwrap();
        let failed = write(&path, |out| {
            out.write_all(b"new")?;
            out.flush()?;
            Err(io::Error::other("no space"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no space");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["report"]);
    }

    #[test]
    fn links_and_rights_stay_and_programs_keep_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let [path, link, copied] =
            ["report", "link", "copied"].map(|name| folder.path().join(name));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("report", &link).unwrap();
        write(&link, |out| out.write_all(b"new")).unwrap();
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (fs::read(&path).unwrap(), mode(&path)),
            (b"new".to_vec(), 0o640)
        );
        assert!(link.is_symlink());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        copy(&path, &copied).unwrap();
        assert_eq!(
            (fs::read(&copied).unwrap(), mode(&copied)),
            (b"new".to_vec(), 0o750)
        );
        write(Path::new("/dev/null"), |out| out.write_all(b"gone")).unwrap();
        assert!(write(folder.path(), |_| Ok(())).is_err());
        assert_eq!(names(folder.path()), ["copied", "link", "report"]);
    }
}
