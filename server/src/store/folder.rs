//! Folders that hold durable names.

use std::fs::{self, File};
use std::io;
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
