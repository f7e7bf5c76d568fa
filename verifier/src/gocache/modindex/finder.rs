//! Which folder an index is of, and whether the go command takes it for that folder
//! as it is now.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::tz::TimeZone;
use proto::gocache::Id;
use proto::gocache::modindex::{Listed, ModuleIndex, folder_action, module_action};

use crate::toolchain::claim;

/// The most roots of modules that are kept in mind.
const ROOTS_MAX: usize = 1000;

/// The most files of one folder that are looked at.
const FILES_MAX: usize = 100_000;

/// What of an index tells where its folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    /// The root of its module, where a file's path is in it.
    root: Option<String>,
    /// The folder below the root, for the index of a single one.
    folder: Option<String>,
}

impl Outline {
    pub(super) fn of(index: &ModuleIndex<'_>) -> Self {
        let root = index.packages.iter().find_map(|package| {
            let path = package.files.iter().find_map(|file| file.path)?;
            root(path, package.folder)
        });
        let folder = match index.packages.as_slice() {
            [one] => Some(one.folder.to_owned()),
            _ => None,
        };
        Self {
            root: root.map(str::to_owned),
            folder,
        }
    }
}

/// Takes a file's name and the folder's path off a path.
fn root<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let separators = ['/', std::path::MAIN_SEPARATOR];
    let (parent, _) = path.rsplit_once(separators)?;
    let root = if folder.is_empty() {
        parent
    } else {
        parent.strip_suffix(folder)?.strip_suffix(separators)?
    };
    Path::new(root).is_absolute().then_some(root)
}

/// What the go command keeps an index under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Names, times and sizes of the files in a folder.
    Files,
    /// The path of a module in the module cache, where files are taken never to change.
    Path,
}

/// What the go command does with an index.
pub(super) enum Use {
    /// It takes it for the folders below this root, by this key.
    Taken(PathBuf, Key),
    /// It takes it for nothing that lies there now.
    Idle,
    /// That can't be told.
    Unknown,
}

/// Finds the folders that indexes are of.
pub(super) struct Finder {
    roots: BTreeSet<String>,
    versions: BTreeSet<String>,
    zones: Vec<TimeZone>,
    /// The actions of the present state of folders, by root and folder.
    actions: HashMap<(String, String), Vec<Id>>,
}

impl Finder {
    pub(super) fn new<'a>(
        outlines: impl Iterator<Item = &'a Outline>,
        versions: impl Iterator<Item = String>,
    ) -> Self {
        let roots: BTreeSet<String> = outlines
            .filter_map(|outline| outline.root.clone())
            .take(ROOTS_MAX)
            .collect();
        let mut versions: BTreeSet<String> = versions.collect();
        versions.extend(roots.iter().filter_map(|root| installed_version(root)));
        // The times in actions are printed in the zone of the go command.
        let zones = [TimeZone::try_system().ok(), Some(TimeZone::UTC)];
        Self {
            roots,
            versions,
            zones: zones.into_iter().flatten().collect(),
            actions: HashMap::new(),
        }
    }

    pub(super) fn find(&mut self, action: Id, outline: &Outline) -> Use {
        if self.versions.is_empty() {
            return Use::Unknown;
        }
        let roots: Vec<String> = match &outline.root {
            Some(root) => vec![root.clone()],
            None => self.roots.iter().cloned().collect(),
        };
        let mut is_there = outline.root.is_some();
        for root in roots {
            let whole = |version: &String| module_action(version, &root) == action;
            if self.versions.iter().any(whole) {
                return Use::Taken(root.into(), Key::Path);
            }
            if let Some(folder) = &outline.folder {
                let actions = self.actions_of(&root, folder);
                if actions.contains(&action) {
                    return Use::Taken(root.into(), Key::Files);
                }
                is_there = is_there || !actions.is_empty();
            }
        }
        if is_there { Use::Idle } else { Use::Unknown }
    }

    /// Returns the actions under which the go command would look for a folder's index
    /// now; none when it would look for none.
    fn actions_of(&mut self, root: &str, folder: &str) -> &[Id] {
        let (versions, zones) = (&self.versions, &self.zones);
        let key = (root.to_owned(), folder.to_owned());
        self.actions.entry(key).or_insert_with(|| {
            let path = below(Path::new(root), folder);
            let (Some(path_text), Some(files)) = (path.to_str(), list(&path)) else {
                return Vec::new();
            };
            let in_zone = |zone: &TimeZone| -> Option<Vec<Listed>> {
                files.iter().map(|file| file.listed(zone)).collect()
            };
            zones
                .iter()
                .filter_map(in_zone)
                .flat_map(|files| {
                    versions
                        .iter()
                        .map(|version| folder_action(version, root, path_text, &files))
                        .collect::<Vec<_>>()
                })
                .collect()
        })
    }
}

/// The folder as the go command names it: the root itself without a slash at its end.
pub(super) fn below(root: &Path, folder: &str) -> PathBuf {
    if folder.is_empty() {
        root.to_owned()
    } else {
        root.join(folder)
    }
}

/// The version of the installation whose standard library this is.
fn installed_version(root: &str) -> Option<String> {
    let goroot = Path::new(root).parent().filter(|_| root.ends_with("src"))?;
    Some(claim::read_version(goroot).ok()?.version)
}

/// A file of a folder.
struct Present {
    name: String,
    modified: SystemTime,
    size: u64,
}

impl Present {
    fn listed(&self, zone: &TimeZone) -> Option<Listed> {
        Some(Listed {
            name: self.name.clone(),
            modified: as_go_prints(self.modified, zone)?,
            size: self.size,
        })
    }
}

/// Lists a folder as the go command does for its index; `None` where it makes none.
fn list(folder: &Path) -> Option<Vec<Present>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() || files.len() >= FILES_MAX {
            return None;
        }
        let metadata = entry.metadata().ok()?;
        files.push(Present {
            name: entry.file_name().into_string().ok()?,
            modified: metadata.modified().ok()?,
            size: metadata.len(),
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Some(files)
}

/// Prints a time as Go's `Time.String` does: no zeros at the end of the fraction.
fn as_go_prints(time: SystemTime, zone: &TimeZone) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    let zoned = time.to_zoned(zone.clone());
    let fraction = match zoned.subsec_nanosecond() {
        0 => String::new(),
        nanoseconds => format!(".{nanoseconds:09}")
            .trim_end_matches('0')
            .to_owned(),
    };
    Some(format!(
        "{}{fraction} {}",
        zoned.strftime("%Y-%m-%d %H:%M:%S"),
        zoned.strftime("%z %Z")
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_those_that_go_prints() {
        let at = |nanoseconds| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        let seconds = 1_764_163_879_000_000_000;
        for (time, want) in [
            (seconds, "2025-11-26 13:31:19 +0000 UTC"),
            (seconds + 500_000_000, "2025-11-26 13:31:19.5 +0000 UTC"),
            (seconds + 1, "2025-11-26 13:31:19.000000001 +0000 UTC"),
        ] {
            assert_eq!(as_go_prints(at(time), &TimeZone::UTC).unwrap(), want);
        }
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let text = as_go_prints(at(seconds), &berlin).unwrap();
        assert_eq!(text, "2025-11-26 14:31:19 +0100 CET");
    }

    #[test]
    #[cfg(unix)]
    fn roots_are_what_lies_above_the_folder() {
        assert_eq!(root("/src/p/a.go", "p"), Some("/src"));
        assert_eq!(root("/src/a.go", ""), Some("/src"));
        assert_eq!(root("/src/q/p/a.go", "q/p"), Some("/src"));
        assert_eq!(root("/src/xp/a.go", "p"), None);
        assert_eq!(root("src/p/a.go", "p"), None);
        assert_eq!(root("a.go", ""), None);
    }

    #[test]
    fn a_stale_index_is_found_by_the_action_of_the_folder_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        let versions = ["go1.27.3".to_owned()].into_iter();
        for below in ["", "p"] {
            let path = super::below(folder.path(), below);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("a.go"), "package p\n").unwrap();
            let files = list(&path).unwrap();
            let files: Vec<Listed> = files
                .iter()
                .map(|file| file.listed(&TimeZone::UTC).unwrap())
                .collect();
            let text = format!("{root}/{below}");
            let action = folder_action("go1.27.3", root, text.trim_end_matches('/'), &files);
            let known = Outline {
                root: Some(root.to_owned()),
                folder: Some(below.to_owned()),
            };
            let mut finder = Finder::new([&known].into_iter(), versions.clone());
            // Without a path in it, it is looked for below every root.
            let unknown = Outline {
                root: None,
                ..known.clone()
            };
            for outline in [&known, &unknown] {
                let found = finder.find(action, outline);
                assert!(matches!(found, Use::Taken(found, Key::Files) if found == folder.path()));
                assert!(matches!(finder.find(Id([1; 32]), outline), Use::Idle));
            }
            let elsewhere = Outline {
                root: None,
                folder: Some("elsewhere".into()),
            };
            assert!(matches!(finder.find(action, &elsewhere), Use::Unknown));
            let whole = module_action("go1.27.3", root);
            assert!(matches!(
                finder.find(whole, &known),
                Use::Taken(_, Key::Path)
            ));
        }
    }
}
