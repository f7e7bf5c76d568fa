//! Reading a file that settings come from or name: whole, once, and never without bounds.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// The longest configuration file, certificate or key, in bytes. One with every key and
/// what it means has 20 KiB.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads a regular file of at most [`FILE_BYTES_MAX`] bytes. Never waits for a writer.
///
/// # Errors
/// What to say of it, without its name.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    // A FIFO would keep the start waiting until somebody writes.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(cannot)?;
    let kind = file.metadata().map_err(cannot)?.file_type();
    if kind.is_dir() {
        return Err("is a folder; name a file".to_owned());
    }
    if !kind.is_file() {
        return Err("is a device, pipe or socket; name a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err("is larger than 1 MiB, the most that is read".to_owned());
    }
    Ok(bytes)
}

/// Returns the text of what was read.
///
/// # Errors
/// The line, from 1, of the first byte that is not UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, usize> {
    str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    })
}

/// Returns the paths that a path stands for: itself, or the `*.yaml` of a folder in byte
/// order. Names that begin with a dot are left out, as editors leave files of such names.
///
/// # Errors
/// What to say of the folder, without its name.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if name.ends_with(b".yaml") && !name.starts_with(b".") {
            paths.push(path);
        }
        if paths.len() > FOLDER_FILES_MAX {
            return Err(format!("has more than {FOLDER_FILES_MAX} files *.yaml"));
        }
    }
    // Paths compare by their parts, and these differ in the last one alone: in its bytes.
    paths.sort();
    Ok(paths)
}

/// As many as a signed manifest may list.
const FOLDER_FILES_MAX: usize = proto::manifest::FILES_MAX;

/// Returns the folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

/// Writes a small file in the place of what was there. Durable on return.
///
/// # Errors
/// What the file system answers; the file is then as it was, or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut staged = path.as_os_str().to_owned();
    staged.push(".new");
    let mut file = File::create(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&staged, path)?;
    File::open(folder_of(path))?.sync_all()
}
