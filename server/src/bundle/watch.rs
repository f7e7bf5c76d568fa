//! A drop folder: what appears there whole is taken in, what is refused is moved aside.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use futures_util::future::BoxFuture;

use super::failed::Failed;
use super::volumes;
use crate::blocking;

/// The folder, inside the drop folder, of what was taken in.
pub(crate) const IMPORTED: &str = "imported";
/// The folder of what was refused, each with the reason beside it.
pub(crate) const REFUSED: &str = "refused";

/// Bundles in a folder, and how they looked the last time.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    seen: BTreeMap<PathBuf, Look>,
    /// Bundles that are not tried as long as they look as they did.
    waiting: BTreeMap<PathBuf, Waiting>,
}

/// A bundle that is left where it is.
#[derive(Debug)]
struct Waiting {
    /// How it looked when it was tried.
    look: Look,
    /// Turns after which it is tried again as it is; `None` for one that waits for another
    /// volume, or for an earlier bundle.
    turns: Option<u32>,
    /// How often it failed though nothing is wrong with it.
    failures: u32,
}

/// The most turns between two tries of a bundle that nothing is wrong with.
const TURNS_MAX: u32 = 64;

/// The files of one bundle: names, bytes, times of writing.
type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Drops {
    /// Looks for the first time: what comes later is compared with this.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) async fn begin(folder: &Path) -> io::Result<Self> {
        let mut drops = Self::default();
        drops.settled(look_into(folder).await?);
        Ok(drops)
    }

    /// Takes what the folder has now. Returns the bundles that look as they did the last
    /// time, so nobody writes to them any more.
    fn settled(&mut self, found: BTreeMap<PathBuf, Look>) -> Vec<PathBuf> {
        self.waiting
            .retain(|name, waiting| found.get(name) == Some(&waiting.look));
        for waiting in self.waiting.values_mut() {
            waiting.turns = waiting.turns.map(|turns| turns.saturating_sub(1));
        }
        let is_due = |name: &PathBuf| {
            let waiting = self.waiting.get(name);
            waiting.is_none_or(|waiting| waiting.turns == Some(0))
        };
        let settled = found
            .iter()
            .filter(|(name, look)| self.seen.get(*name) == Some(look) && is_due(name))
            .map(|(name, _)| name.clone())
            .collect();
        self.seen = found;
        settled
    }

    /// Leaves a bundle where it is until it looks otherwise, or until
    /// [`try_again`](Self::try_again).
    fn wait(&mut self, bundle: &Path) {
        self.leave(bundle, None, 0);
    }

    /// Leaves a bundle that nothing is wrong with for some turns, twice as many each time.
    fn fail(&mut self, bundle: &Path) {
        let before = self.waiting.get(bundle);
        let failures = before.map_or(0, |waiting| waiting.failures);
        let turns = 1_u32.checked_shl(failures).unwrap_or(TURNS_MAX);
        self.leave(
            bundle,
            Some(turns.min(TURNS_MAX)),
            failures.saturating_add(1),
        );
    }

    fn leave(&mut self, bundle: &Path, turns: Option<u32>, failures: u32) {
        if let Some(look) = self.seen.get(bundle) {
            let waiting = Waiting {
                look: look.clone(),
                turns,
                failures,
            };
            self.waiting.insert(bundle.to_owned(), waiting);
        }
    }

    /// Something was taken in, which others may have waited for.
    fn try_again(&mut self) {
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
) -> io::Result<usize> {
    let mut troubles = 0;
    // One look a turn: what came since has not been left alone for long enough.
    let mut settled = drops.settled(look_into(folder).await?);
    let mut taken = true;
    while taken {
        taken = false;
        let mut waiting = Vec::new();
        for bundle in settled {
            let name = bundle.display();
            match take(bundle.clone()).await {
                Ok(()) => {
                    move_aside(folder, &bundle, IMPORTED, None).await?;
                    drops.try_again();
                    taken = true;
                }
                Err(Failed::Waits(reason)) => {
                    complain(format!("{name} waits: {reason}"));
                    drops.wait(&bundle);
                    waiting.push(bundle);
                }
                Err(Failed::Refused(reason)) => {
                    troubles += 1;
                    complain(format!("{name} is refused: {reason}"));
                    move_aside(folder, &bundle, REFUSED, Some(reason)).await?;
                }
                // Nothing is wrong with the bundle: the disk was full, say.
                Err(Failed::Other(error)) => {
                    troubles += 1;
                    complain(format!("{name}: {error:#}"));
                    drops.fail(&bundle);
                }
            }
        }
        settled = waiting;
    }
    Ok(troubles)
}

async fn move_aside(
    drop_folder: &Path,
    bundle: &Path,
    into: &'static str,
    reason: Option<String>,
) -> io::Result<()> {
    let (drop_folder, bundle) = (drop_folder.to_owned(), bundle.to_owned());
    blocking::run(move || put_aside(&drop_folder, &bundle, into, reason.as_deref())).await
}

async fn look_into(folder: &Path) -> io::Result<BTreeMap<PathBuf, Look>> {
    let folder = folder.to_owned();
    blocking::run(move || look(&folder)).await
}

/// Looks into a folder. Blocks.
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
        let settled = |drops: &mut Drops| drops.settled(look(folder.path()).unwrap());
        fs::write(path("a"), b"1").unwrap();
        fs::write(path("b.002"), b"2").unwrap();
        fs::write(path("c.part"), b"2").unwrap();
        assert_eq!(settled(&mut drops), Vec::<PathBuf>::new());
        fs::write(path("a"), b"12").unwrap();
        assert_eq!(settled(&mut drops), [path("b")]);
        drops.wait(&path("b"));
        assert_eq!(settled(&mut drops), [path("a")]);
        fs::write(path("b.001"), b"1").unwrap();
        settled(&mut drops);
        assert_eq!(settled(&mut drops), [path("a"), path("b")]);
        drops.wait(&path("b"));
        drops.try_again();
        assert_eq!(settled(&mut drops), [path("a"), path("b")]);
    }

    #[test]
    fn what_nothing_is_wrong_with_is_tried_again_after_ever_more_turns() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("a");
        fs::write(&bundle, b"1").unwrap();
        let mut drops = Drops::default();
        let turns_until_tried = |drops: &mut Drops| {
            let tries = 1..=TURNS_MAX + 1;
            let mut tries = tries.skip_while(|_| {
                let found = look(folder.path()).unwrap();
                drops.settled(found).is_empty()
            });
            tries.next()
        };
        // The first look is for whether it grows.
        assert_eq!(turns_until_tried(&mut drops), Some(2));
        for turns in [1, 2, 4, 8, 16, 32, 64, 64] {
            drops.fail(&bundle);
            assert_eq!(turns_until_tried(&mut drops), Some(turns));
        }
        // One that waits for a volume is not.
        drops.wait(&bundle);
        assert_eq!(turns_until_tried(&mut drops), None);
        // What looks otherwise is another one.
        fs::write(&bundle, b"12").unwrap();
        assert_eq!(turns_until_tried(&mut drops), Some(2));
        drops.fail(&bundle);
        assert_eq!(turns_until_tried(&mut drops), Some(1));
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
