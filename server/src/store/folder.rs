//! Folders that hold durable names.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Makes the folder that holds `to`, where it is absent, and returns it. Blocks.
///
/// # Errors
/// What the file system answers.
pub(super) fn make_folder_of(to: &Path) -> io::Result<&Path> {
    let folder = to.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    Ok(folder)
}

/// Makes the names in a folder durable. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes a file's name durable. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn sync_name(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
        _ => sync_folder(Path::new(".")),
    }
}

/// Reads at most `bytes_max` bytes of a small file; `None` where there is none. Blocks.
///
/// # Errors
/// What the file system answers, but for a missing file.
pub(crate) fn read_small(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
