//! What an installation says it is.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::toolchain::{Release, Target, VersionFile};

use crate::opening::{self, Links};

/// The longest VERSION file that is read, in bytes.
const VERSION_BYTES_MAX: u64 = 4096;

/// The most names of targets that are looked at.
const TARGETS_MAX: usize = 1000;

/// Reads which release a tree says it is, in its VERSION file, for the target named
/// or the one that it has tools for.
///
/// # Errors
/// When it is no tree of a Go distribution, or of none that was released.
pub fn read(root: &Path, target: Option<Target>) -> anyhow::Result<(VersionFile, Release)> {
    let version = read_version(root)?;
    let target = match target {
        Some(target) => target,
        None => target_of(root)?,
    };
    let release = Release::new(&version.version, target).with_context(|| {
        format!(
            "{}: releases alone have records in checksum databases",
            root.join("VERSION").display()
        )
    })?;
    Ok((version, release))
}

/// Reads the VERSION file of an installation.
///
/// # Errors
/// When there is none, or it says no version.
pub fn read_version(root: &Path) -> anyhow::Result<VersionFile> {
    let path = root.join("VERSION");
    let mut bytes = Vec::new();
    let file = opening::regular(&path, Links::Followed).with_context(|| {
        format!(
            "{}: no GOROOT: it has no VERSION file that can be read",
            root.display()
        )
    })?;
    file.take(VERSION_BYTES_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("reading {}", path.display()))?;
    VersionFile::parse(&bytes).with_context(|| format!("reading {}", path.display()))
}

/// The one target that the tree has tools for.
fn target_of(root: &Path) -> anyhow::Result<Target> {
    let folder = root.join("pkg/tool");
    let mut targets: Vec<Target> = Vec::new();
    let entries = fs::read_dir(&folder).with_context(|| {
        format!(
            "{}: no GOROOT with tools in it; say --target linux/amd64 if it is one all the same",
            root.display()
        )
    })?;
    for entry in entries.take(TARGETS_MAX).flatten() {
        let name = entry.file_name();
        targets.extend(name.to_str().and_then(|name| Target::parse(name).ok()));
    }
    match targets.as_slice() {
        [target] => Ok(target.clone()),
        [] => bail!(
            "{}: names no target; say --target linux/amd64",
            folder.display()
        ),
        many => {
            let names: Vec<String> = many.iter().map(ToString::to_string).collect();
            bail!(
                "{}: tools for {}; choose one with --target",
                folder.display(),
                names.join(", ")
            )
        }
    }
}
