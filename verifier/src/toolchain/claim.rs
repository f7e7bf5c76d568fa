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
/// When it is not a tree of a Go distribution, or of none that was released.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a folder with this VERSION file and tools for these targets.
    fn read_of(version: &str, targets: &[&str], named: Option<&str>) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("VERSION"), version).unwrap();
        for target in targets {
            fs::create_dir_all(folder.path().join("pkg/tool").join(target)).unwrap();
        }
        let named = named.map(|target| Target::parse(target).unwrap());
        match read(folder.path(), named) {
            Ok((file, release)) => Ok(format!("{} {release}", file.version)),
            Err(error) => Err(format!("{error:#}").replace(folder.path().to_str().unwrap(), "")),
        }
    }

    #[test]
    fn a_tree_is_the_release_that_it_names_for_the_tools_that_it_has() {
        let of = |targets: &[&str], named| read_of("go1.27.3\ntime 2026\n", targets, named);
        let one = Ok("go1.27.3 go1.27.3 linux/amd64".to_owned());
        assert_eq!(of(&["linux_amd64"], None), one);
        assert_eq!(of(&["linux_amd64", "notes"], None), one);
        assert_eq!(
            of(&["darwin_arm64", "linux_amd64"], Some("linux/amd64")),
            one
        );
        assert_eq!(of(&[], Some("linux/amd64")), one);
        let many = of(&["darwin_arm64", "linux_amd64"], None).unwrap_err();
        assert!(many.starts_with("/pkg/tool: tools for "), "{many}");
        assert!(
            many.contains("linux/amd64") && many.contains("darwin/arm64"),
            "{many}"
        );
        assert!(many.ends_with("; choose one with --target"), "{many}");
        let none = of(&["notes"], None).unwrap_err();
        assert!(none.contains("/pkg/tool: names no target"), "{none}");
        let missing = of(&[], None).unwrap_err();
        assert!(missing.contains("no GOROOT with tools in it"), "{missing}");
    }

    #[test]
    fn what_was_not_released_has_no_record() {
        let said = read_of("devel go1.28-abcdef\n", &["linux_amd64"], None).unwrap_err();
        assert!(
            said.starts_with("/VERSION: releases alone have records"),
            "{said}"
        );
        let folder = tempfile::tempdir().unwrap();
        let said = format!("{:#}", read_version(folder.path()).unwrap_err());
        assert!(said.contains("no GOROOT: it has no VERSION file"), "{said}");
        // What follows the longest VERSION file is not read.
        let long = format!("go1.27.3\n{}", "x".repeat(5000));
        fs::write(folder.path().join("VERSION"), long).unwrap();
        assert_eq!(read_version(folder.path()).unwrap().version, "go1.27.3");
    }
}
