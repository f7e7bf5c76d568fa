//! A drop folder: what appears there whole is taken in, what is refused is moved aside.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use futures_util::future::BoxFuture;

use super::failed::Failed;
use super::volumes;

/// The folder, inside the drop folder, of what was taken in.
pub(crate) const IMPORTED: &str = "imported";
/// The folder of what was refused, each with the reason beside it.
pub(crate) const REFUSED: &str = "refused";

/// Bundles in a folder, and how they looked the last time.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    seen: BTreeMap<PathBuf, Look>,
    /// Bundles that wait for something else: another volume, or an earlier bundle.
    waiting: BTreeMap<PathBuf, Look>,
}

/// The files of one bundle: names, bytes, times of writing.
type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Drops {
    /// Looks into the folder. Returns the bundles that look as they did the last time, so
    /// nobody writes to them any more. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn settled(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let found = look(folder)?;
        let is_settled = |(name, look): &(&PathBuf, &Look)| {
            self.seen.get(*name) == Some(look) && self.waiting.get(*name) != Some(look)
        };
        let settled = found
            .iter()
            .filter(is_settled)
            .map(|(name, _)| name.clone());
        let settled = settled.collect();
        self.waiting.retain(|name, _| found.contains_key(name));
        self.seen = found;
        Ok(settled)
    }

    /// Leaves a bundle where it is until it looks otherwise, or until
    /// [`try_again`](Self::try_again).
    pub(crate) fn wait(&mut self, bundle: &Path) {
        if let Some(look) = self.seen.get(bundle) {
            self.waiting.insert(bundle.to_owned(), look.clone());
        }
    }

    /// Something was taken in, which others may have waited for.
    pub(crate) fn try_again(&mut self) {
        self.waiting.clear();
    }
}

/// Takes in what has settled, as long as that makes others good, and moves aside what was
/// taken in and what is refused.
///
/// # Errors
/// The folder cannot be read, or a bundle not moved.
pub(crate) async fn turn(
    drops: &mut Drops,
    folder: &Path,
    take: impl Fn(PathBuf) -> BoxFuture<'static, Result<(), Failed>>,
    complain: impl Fn(String),
) -> io::Result<()> {
    // One look a turn: what came since has not been left alone for long enough.
    let mut settled = drops.settled(folder)?;
    let mut taken = true;
    while taken {
        taken = false;
        let mut waiting = Vec::new();
        for bundle in settled {
            let name = bundle.display();
            match take(bundle.clone()).await {
                Ok(()) => {
                    put_aside(folder, &bundle, IMPORTED, None)?;
                    drops.try_again();
                    taken = true;
                }
                Err(Failed::Waits(reason)) => {
                    complain(format!("{name} waits: {reason}"));
                    drops.wait(&bundle);
                    waiting.push(bundle);
                }
                Err(Failed::Refused(reason)) => {
                    complain(format!("{name} is refused: {reason}"));
                    put_aside(folder, &bundle, REFUSED, Some(&reason))?;
                }
                // Nothing is wrong with the bundle.
                Err(Failed::Other(error)) => {
                    complain(format!("{name}: {error:#}"));
                    drops.wait(&bundle);
                }
            }
        }
        settled = waiting;
    }
    Ok(())
}

fn look(folder: &Path) -> io::Result<BTreeMap<PathBuf, Look>> {
    let mut found: BTreeMap<PathBuf, Look> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if !metadata.is_file() || name.starts_with('.') || name.ends_with(".part") {
            continue;
        }
        let bundle = volumes::number_of(&path).map_or_else(|| path.clone(), |(base, _)| base);
        let look = (path, metadata.len(), metadata.modified().ok());
        found.entry(bundle).or_default().push(look);
    }
    found.values_mut().for_each(|look| look.sort());
    Ok(found)
}

/// Moves a bundle into a folder inside the drop folder, with the reason beside it where
/// there is one. One of its name that is there is kept under another. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn put_aside(
    drop_folder: &Path,
    bundle: &Path,
    into: &str,
    reason: Option<&str>,
) -> io::Result<()> {
    let folder = drop_folder.join(into);
    fs::create_dir_all(&folder)?;
    for file in volumes::files_of(bundle) {
        let name = file.file_name().unwrap_or_default();
        fs::rename(&file, free(&folder.join(name)))?;
    }
    if let Some(reason) = reason {
        let mut name = bundle.file_name().unwrap_or_default().to_owned();
        name.push(".reason.txt");
        fs::write(free(&folder.join(name)), format!("{reason}\n"))?;
    }
    Ok(())
}

/// A name that is free: the wanted one, or that with a number behind it.
fn free(wanted: &Path) -> PathBuf {
    let numbered = |number: usize| {
        let mut name = wanted.as_os_str().to_owned();
        name.push(format!(".~{number}"));
        PathBuf::from(name)
    };
    let mut names = std::iter::once(wanted.to_owned()).chain((1..).map(numbered));
    let is_free = |path: &PathBuf| !path.exists();
    names.find(is_free).unwrap_or_else(|| wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_still_grows_is_left_alone_and_waits_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut drops = Drops::default();
        fs::write(path("a"), b"1").unwrap();
        fs::write(path("b.002"), b"2").unwrap();
        fs::write(path("c.part"), b"2").unwrap();
        assert_eq!(drops.settled(folder.path()).unwrap(), Vec::<PathBuf>::new());
        fs::write(path("a"), b"12").unwrap();
        assert_eq!(drops.settled(folder.path()).unwrap(), [path("b")]);
        drops.wait(&path("b"));
        assert_eq!(drops.settled(folder.path()).unwrap(), [path("a")]);
        fs::write(path("b.001"), b"1").unwrap();
        drops.settled(folder.path()).unwrap();
        assert_eq!(
            drops.settled(folder.path()).unwrap(),
            [path("a"), path("b")]
        );
        drops.wait(&path("b"));
        drops.try_again();
        assert_eq!(
            drops.settled(folder.path()).unwrap(),
            [path("a"), path("b")]
        );
    }

    #[test]
    fn what_is_put_aside_replaces_nothing_and_has_its_reason_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("a");
        for reason in ["first", "second"] {
            fs::write(&bundle, reason).unwrap();
            put_aside(folder.path(), &bundle, REFUSED, Some(reason)).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join("refused").join(name));
        assert_eq!(read("a").unwrap(), "first");
        assert_eq!(read("a.~1").unwrap(), "second");
        assert_eq!(read("a.reason.txt.~1").unwrap(), "second\n");
    }
}
