//! Where what stays after a run is put.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Makes the folders that `-o` asks for and returns the file to write: builds
/// that take an hour should not end with one that is missing.
///
/// # Errors
/// When they can't be made.
pub fn file(output: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let file = if is_folder(output) {
        output.join(name)
    } else {
        output.to_owned()
    };
    file.parent().map_or(Ok(()), lasting)?;
    Ok(file)
}

/// Says whether `-o` names the folder for a program and not the program, as the
/// go command reads it: one that is there, or a name that ends in a slash.
pub fn is_folder(output: &Path) -> bool {
    let last = output.as_os_str().as_encoded_bytes().last();
    output.is_dir() || last.is_some_and(|last| std::path::is_separator(char::from(*last)))
}

/// Makes a folder for what stays after the run.
pub(super) fn lasting(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))
}
