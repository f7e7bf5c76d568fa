//! Folders where the machine that built the program had them, for one process and its
//! children: a root of its own, in which all else is where it is here.
//!
//! A program built without `-trimpath` names the folders of its source, of Go and of the
//! module cache. Nothing is made outside the work folder for that: in a mount namespace a
//! file system in memory becomes the root, what is here is bound into it, and the wanted
//! folders are bound where they shall be.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The most entries of folders on the way that are bound one by one.
const ENTRIES_MAX: usize = 4000;

/// A folder, and where it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub from: PathBuf,
    /// Where it shall be; absolute.
    pub at: PathBuf,
}

/// One thing to do in the new root.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Make a folder.
    Folder(PathBuf),
    /// Make an empty file.
    File(PathBuf),
    /// Make a symbolic link with this text.
    Link(PathBuf, PathBuf),
    /// Bind what is here to a place in the new root.
    Bind(PathBuf, PathBuf),
}

/// Returns a command that runs `argv` in `folder`, with every place where it shall be.
/// `namespaces` is the command that gives a mount namespace, `root` an empty folder.
///
/// # Errors
/// When a folder on the way can't be listed or has too many entries.
pub fn wrap(
    namespaces: &[OsString],
    root: &Path,
    places: &[Place],
    folder: &Path,
    argv: &[OsString],
) -> anyhow::Result<Vec<OsString>> {
    let steps = steps(places)?;
    let mut words = namespaces.to_vec();
    words.extend(["/bin/sh", "-ec", SCRIPT, "sh"].map(OsString::from));
    words.push(root.into());
    words.push(folder.into());
    words.push(steps.len().to_string().into());
    for step in steps {
        let (kind, one, other) = match step {
            Step::Folder(at) => ("d", at, PathBuf::new()),
            Step::File(at) => ("f", at, PathBuf::new()),
            Step::Link(text, at) => ("l", at, text),
            Step::Bind(from, at) => ("b", at, from),
        };
        words.extend([kind.into(), one.into(), other.into()]);
    }
    words.extend_from_slice(argv);
    Ok(words)
}

/// Bindings take all that is mounted below with them, as a user namespace demands. What is
/// gone since it was listed, as files in /tmp are, is no fault. PATH need not lead to chroot,
/// which many systems have among the programs of root.
const SCRIPT: &str = "\
root=$1; folder=$2; count=$3; shift 3
mount -t tmpfs none \"$root\"
while [ \"$count\" -gt 0 ]; do
  case $1 in
    d) mkdir -p \"$root$2\";;
    f) : > \"$root$2\";;
    l) ln -s \"$3\" \"$root$2\";;
    b) [ ! -e \"$3\" ] || mount --rbind \"$3\" \"$root$2\" || [ ! -e \"$3\" ];;
  esac
  shift 3; count=$((count - 1))
done
exec \"$(PATH=\"$PATH:/usr/sbin:/sbin\" command -v chroot || echo chroot)\" \"$root\" /bin/sh -ec 'cd \"$0\"; exec \"$@\"' \"$folder\" \"$@\"";

fn steps(places: &[Place]) -> anyhow::Result<Vec<Step>> {
    if let Some(odd) = places.iter().find(|place| !is_plain(&place.at)) {
        bail!("{} is not a folder of this system", odd.at.display());
    }
    let mut steps = Vec::new();
    fill(Path::new("/"), places, &mut steps)?;
    // What lies in another place is bound after it.
    let mut ordered: Vec<&Place> = places.iter().collect();
    ordered.sort_by_key(|place| place.at.components().count());
    for place in ordered {
        steps.push(Step::Folder(place.at.clone()));
        steps.push(Step::Bind(place.from.clone(), place.at.clone()));
    }
    Ok(steps)
}

/// An absolute path without turns.
fn is_plain(path: &Path) -> bool {
    use std::path::Component;
    let mut components = path.components();
    components.next() == Some(Component::RootDir)
        && path.components().count() > 1
        && components.all(|part| matches!(part, Component::Normal(_)))
}

/// Binds all entries of a folder but those that lead to a place: these are made anew.
fn fill(folder: &Path, places: &[Place], steps: &mut Vec<Step>) -> anyhow::Result<()> {
    let reading = || format!("listing {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        if steps.len() > ENTRIES_MAX {
            bail!(
                "{} and folders above it have too many entries",
                path.display()
            );
        }
        if places.iter().any(|place| place.at == path) {
            continue;
        }
        let leads_on = places.iter().any(|place| place.at.starts_with(&path));
        let Ok(about) = path.symlink_metadata() else {
            // Gone meanwhile.
            continue;
        };
        if leads_on {
            steps.push(Step::Folder(path.clone()));
            if path.is_dir() {
                fill(&path, places, steps)?;
            }
        } else if about.is_symlink() {
            if let Ok(text) = fs::read_link(&path) {
                steps.push(Step::Link(text, path));
            }
        } else if about.is_dir() {
            steps.push(Step::Folder(path.clone()));
            steps.push(Step::Bind(path.clone(), path));
        } else if about.is_file() {
            steps.push(Step::File(path.clone()));
            steps.push(Step::Bind(path.clone(), path));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn place(from: &str, at: &Path) -> Place {
        Place {
            from: from.into(),
            at: at.into(),
        }
    }

    #[test]
    fn what_is_here_stays_and_what_is_wanted_is_added() {
        let here = tempfile::tempdir().unwrap();
        let top = here.path();
        fs::create_dir_all(top.join("home/me")).unwrap();
        fs::write(top.join("home/file"), "").unwrap();
        std::os::unix::fs::symlink("me", top.join("home/link")).unwrap();
        let wanted = top.join("home/ci/src");
        let steps = steps(&[place("/from", &wanted)]).unwrap();
        let has = |step: Step| assert!(steps.contains(&step), "{step:?} of {steps:?}");
        let at = |name: &str| top.join(name);
        has(Step::Folder(at("home")));
        has(Step::Bind(at("home/me"), at("home/me")));
        has(Step::File(at("home/file")));
        has(Step::Link("me".into(), at("home/link")));
        // The folder on the way is made, not bound: nothing may be made in the real one.
        assert!(!steps.contains(&Step::Bind(at("home"), at("home"))));
        assert_eq!(steps.last(), Some(&Step::Bind("/from".into(), wanted)));
    }

    #[test]
    fn places_of_other_systems_are_refused() {
        for odd in ["C:\\src", "src", "/a/../b", "/"] {
            assert!(steps(&[place("/from", Path::new(odd))]).is_err(), "{odd}");
        }
    }
}
