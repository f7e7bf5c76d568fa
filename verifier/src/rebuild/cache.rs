//! The build cache of one build: what lay in it before and after.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proto::gocache::closure::Closure;
use proto::gocache::kind::{HEAD_LEN, Kind};
use proto::gocache::name::Entry;
use proto::gocache::{Id, Index};
use serde::Serialize;

use crate::opening::{self, Links};

/// How a build found its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Empty.
    Cold,
    /// As an equal build right before had left it.
    Warm,
    /// As somebody named it on the command line.
    Given,
}

/// The compiled packages in a cache: how many, and one hash over all of them.
///
/// Other entries are left out: which indexes of folders go keeps depends on how
/// old their files are, so that no two runs agree on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Compiled packages.
    pub packages: u64,
    /// SHA-256 in hexadecimal over one line `<action> <output> <size>` for each
    /// package, in the order of actions; times are left out.
    pub closure: String,
}

/// The most files looked at.
const FILES_MAX: usize = 4_000_000;

/// Counts the index entries of a cache: files `<action>-a`.
pub fn count(folder: &Path) -> u64 {
    let names = files(folder).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.ends_with("-a"))
    });
    names.count() as u64
}

/// The compiled packages in a cache, by action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages(BTreeMap<Id, Index>);

impl Packages {
    /// Reads which packages a cache holds. What is not an entry is passed over: this
    /// describes a cache, and `verify-build cache audit` judges it.
    pub fn read(folder: &Path) -> Self {
        let packages = files(folder).filter_map(|path| package(folder, &path));
        Self(packages.map(|index| (index.action, index)).collect())
    }

    /// Returns the index line of each, in the order of actions.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.0.values()
    }

    /// Counts those for which another cache holds another output under the same
    /// action: the inputs that go knows are equal, what was compiled is not. Others
    /// that the cache holds are not looked at.
    pub fn conflicts_with(&self, folder: &Path) -> usize {
        let others = self.0.values().filter(|here| {
            let path = folder.join(Entry::Action(here.action).path());
            package(folder, &path)
                .is_some_and(|there| (there.output, there.size) != (here.output, here.size))
        });
        others.count()
    }

    /// Describes them in a record.
    pub fn contents(&self) -> Contents {
        let mut closure = Closure::new();
        self.0.values().for_each(|index| closure.add(index));
        Contents {
            packages: closure.len() as u64,
            closure: hex::encode(closure.finish()),
        }
    }
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    (0..=255_u8)
        .filter_map(|first| fs::read_dir(folder.join(format!("{first:02x}"))).ok())
        .flatten()
        .flatten()
        .map(|file| file.path())
        .take(FILES_MAX)
}

/// Reads an index line whose output is a package.
fn package(folder: &Path, path: &Path) -> Option<Index> {
    path.file_name()?.to_str()?.strip_suffix("-a")?;
    let index = Index::parse(&head(path, Index::LEN + 1)?).ok()?;
    let data = folder.join(Entry::Output(index.output).path());
    let is_package = Kind::sniff(&head(&data, HEAD_LEN)?) == Kind::Archive;
    is_package.then_some(index)
}

/// Reads how a file begins.
fn head(path: &Path, len: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    let file = opening::regular(path, Links::Followed).ok()?;
    file.take(len as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_told_by_its_packages_and_not_by_its_times() {
        let folder = tempfile::tempdir().unwrap();
        let read = |folder: &Path| Packages::read(folder).contents();
        assert_eq!(read(folder.path()).packages, 0);
        let (action, output) = ("ab".repeat(32), "cd".repeat(32));
        for name in ["ab", "cd"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let data = folder.path().join("cd").join(format!("{output}-d"));
        fs::write(&data, "!<arch>\nrest").unwrap();
        let write = |output: &str, size: u64, time: u64| {
            let text = format!("v1 {action} {output} {size:>20} {time:>20}\n");
            fs::write(folder.path().join(format!("ab/{action}-a")), text).unwrap();
        };
        write(&output, 7, 1);
        let first = read(folder.path());
        assert_eq!(first.packages, 1);
        write(&output, 7, 2);
        assert_eq!(read(folder.path()), first);
        write(&output, 8, 2);
        assert_ne!(read(folder.path()).closure, first.closure);
        let changed = Packages::read(folder.path());
        assert_eq!(changed.conflicts_with(folder.path()), 0);
        write(&output, 7, 2);
        assert_eq!(changed.conflicts_with(folder.path()), 1);
        write(&output, 8, 2);
        fs::write(folder.path().join("ab/y-a"), "nonsense").unwrap();
        assert_eq!((count(folder.path()), read(folder.path()).packages), (2, 1));
        // It would become a path; and a line that go itself takes no notice of.
        for output in [&"../".repeat(22)[..64], &"cd".repeat(31)] {
            write(output, 8, 2);
            assert_eq!(read(folder.path()).packages, 0, "{output}");
        }
        write(&output, 8, 2);
        fs::write(&data, "an index").unwrap();
        assert_eq!(read(folder.path()).packages, 0);
    }
}
