//! Module indexes held against the folders they describe.
//!
//! An index is kept under the names, times and sizes of a folder's files, not under
//! their content. Whether the go command would take it for what lies there now can
//! be told by computing the action again; whether it is right, by reading the files.
//! Compared are build constraints, package names, imports and the set of Go files;
//! `#cgo` lines and patterns of embedded files are not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::tz::TimeZone;
use proto::gocache::Id;
use proto::gocache::kind::Kind;
use proto::gocache::modindex::source::{Error, Header};
use proto::gocache::modindex::{
    Change, File, Listed, ModuleIndex, Package, folder_action, module_action,
};
use proto::toolchain::VersionFile;
use rayon::prelude::*;

use super::source::Source;
use super::survey::{Line, Output, Survey};
use crate::opening::{self, Links};

/// The most roots of modules that are kept in mind.
const ROOTS_MAX: usize = 1000;

/// The most files of one folder that are looked at.
const FILES_MAX: usize = 100_000;

/// Bytes read of a file at first, and the most.
const HEAD_BYTES: u64 = 16 << 10;
const HEAD_BYTES_MAX: u64 = 4 << 20;

/// What there is to say of the module indexes of a cache.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// How many say what the files say that they would be taken for now.
    pub right: usize,
    /// How many are of another state of their folders, which the go command does not
    /// take them for any more.
    pub idle: usize,
    /// How many can't be judged: nothing tells which folder they are of, the cache is
    /// packed, or a file can't be read.
    pub unknown: usize,
    /// Those that would be taken and are wrong.
    pub stale: Vec<Stale>,
}

/// An index that the go command takes for files that say something else.
#[derive(Debug, Clone)]
pub struct Stale {
    /// Its action.
    pub action: Id,
    /// The index.
    pub output: Id,
    /// The folder it is of.
    pub folder: PathBuf,
    /// What it says (`a`) and what the file says (`b`).
    pub change: Change,
}

/// Judges every sound module index of a cache. `versions` are the go commands that
/// filled it.
///
/// # Errors
/// When the cache can't be read again.
pub fn judge(
    source: &Source,
    survey: &Survey,
    versions: impl Iterator<Item = String>,
) -> anyhow::Result<Judged> {
    let indexes = sound(survey);
    let mut judged = Judged::default();
    if let Source::Packed(_) = source {
        judged.unknown = indexes.len();
        return Ok(judged);
    }
    let outputs: BTreeSet<Id> = indexes.iter().map(|(_, output)| *output).collect();
    let mut outlines = BTreeMap::new();
    source.each(&outputs, &mut |output, bytes| {
        let outline = ModuleIndex::parse(&bytes).ok();
        outlines.extend(outline.map(|index| (output, Outline::of(&index))));
    })?;
    let mut finder = Finder::new(outlines.values(), versions);
    // Two folders can have one index: of files without imports.
    let mut taken: BTreeMap<Id, Vec<(Id, PathBuf)>> = BTreeMap::new();
    for (action, output) in indexes {
        match outlines
            .get(&output)
            .map(|outline| finder.find(action, outline))
        {
            Some(Use::Taken(root)) => {
                taken.entry(output).or_default().push((action, root));
            }
            Some(Use::Idle) => judged.idle += 1,
            Some(Use::Unknown) | None => judged.unknown += 1,
        }
    }
    let outputs: BTreeSet<Id> = taken.keys().copied().collect();
    source.each(&outputs, &mut |output, bytes| {
        let Ok(index) = ModuleIndex::parse(&bytes) else {
            return;
        };
        for (action, root) in taken.get(&output).into_iter().flatten() {
            match compare(&index, root) {
                Compared::Same => judged.right += 1,
                Compared::Unreadable => judged.unknown += 1,
                Compared::Differs(folder, change) => judged.stale.push(Stale {
                    action: *action,
                    output,
                    folder,
                    change,
                }),
            }
        }
    })?;
    judged.stale.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(judged)
}

/// The actions whose output is a module index, whole and as its name says.
fn sound(survey: &Survey) -> Vec<(Id, Id)> {
    let actions = survey.actions.iter();
    actions
        .filter_map(|(action, line)| match (line, survey.output(action)) {
            (Line::Sound(index), Some(Output::File(read)))
                if read.kind == Kind::ModuleIndex
                    && read.sha256 == index.output.0
                    && read.size == index.size =>
            {
                Some((*action, index.output))
            }
            _ => None,
        })
        .collect()
}

/// What of an index tells where its folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outline {
    /// The root of its module, where a file's path is in it.
    root: Option<String>,
    /// The folder below the root, for the index of a single one.
    folder: Option<String>,
}

impl Outline {
    fn of(index: &ModuleIndex<'_>) -> Self {
        let roots = index.packages.iter().filter_map(|package| {
            let path = package.files.iter().find_map(|file| file.path)?;
            root(path, package.folder)
        });
        let folder = match index.packages.as_slice() {
            [one] => Some(one.folder.to_owned()),
            _ => None,
        };
        Self {
            root: { roots }.next().map(str::to_owned),
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

/// What the go command does with an index.
enum Use {
    /// It takes it for the folders below this root.
    Taken(PathBuf),
    /// It takes it for nothing that lies there now.
    Idle,
    /// That can't be told.
    Unknown,
}

/// Finds the folders that indexes are of.
struct Finder {
    roots: BTreeSet<String>,
    versions: BTreeSet<String>,
    zones: Vec<TimeZone>,
    /// The actions of the present state of folders, by root and folder.
    actions: HashMap<(String, String), Vec<Id>>,
}

impl Finder {
    fn new<'a>(
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

    fn find(&mut self, action: Id, outline: &Outline) -> Use {
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
                return Use::Taken(root.into());
            }
            if let Some(folder) = &outline.folder {
                let actions = self.actions_of(&root, folder);
                if actions.contains(&action) {
                    return Use::Taken(root.into());
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
fn below(root: &Path, folder: &str) -> PathBuf {
    if folder.is_empty() {
        root.to_owned()
    } else {
        root.join(folder)
    }
}

/// The version of the installation whose standard library this is.
fn installed_version(root: &str) -> Option<String> {
    let goroot = Path::new(root).parent().filter(|_| root.ends_with("src"))?;
    let mut bytes = Vec::new();
    let file = opening::regular(&goroot.join("VERSION"), Links::Followed).ok()?;
    file.take(4096).read_to_end(&mut bytes).ok()?;
    Some(VersionFile::parse(&bytes).ok()?.version)
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

/// What the files say of an index.
enum Compared {
    Same,
    /// Some could not be read or understood.
    Unreadable,
    Differs(PathBuf, Change),
}

fn compare(index: &ModuleIndex<'_>, root: &Path) -> Compared {
    let mut compared = Compared::Same;
    for package in &index.packages {
        let folder = below(root, package.folder);
        match compare_package(package, &folder) {
            Compared::Same => {}
            Compared::Unreadable => compared = Compared::Unreadable,
            differs @ Compared::Differs(..) => return differs,
        }
    }
    compared
}

fn compare_package(package: &Package<'_>, folder: &Path) -> Compared {
    if !package.error.is_empty() {
        return Compared::Unreadable;
    }
    if let Some(change) = other_files(package, folder) {
        return Compared::Differs(folder.to_owned(), change);
    }
    let of_files: Vec<Result<(), Option<Change>>> = package
        .files
        .par_iter()
        .map(|file| compare_file(file, folder))
        .collect();
    let mut compared = Compared::Same;
    for of_file in of_files {
        match of_file {
            Ok(()) => {}
            Err(None) => compared = Compared::Unreadable,
            Err(Some(change)) => return Compared::Differs(folder.to_owned(), change),
        }
    }
    compared
}

/// Whether the folder holds other Go files than the index names. In the module cache
/// the action does not tell.
fn other_files(package: &Package<'_>, folder: &Path) -> Option<Change> {
    let is_go = |name: &str| name.ends_with(".go") && !name.starts_with(['.', '_']);
    let indexed: BTreeSet<&str> = package
        .files
        .iter()
        .map(|file| file.name)
        .filter(|name| is_go(name))
        .collect();
    let present: BTreeSet<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_go(name))
        .collect();
    let gone = indexed.iter().find(|name| !present.contains(**name));
    let new = present.iter().find(|name| !indexed.contains(name.as_str()));
    let change = |file: &str, a: &str, b: &str| Change {
        file: file.to_owned(),
        what: "presence",
        a: a.to_owned(),
        b: b.to_owned(),
    };
    match (gone, new) {
        (Some(name), _) => Some(change(name, "listed", "missing")),
        (None, Some(name)) => Some(change(name, "not listed", "there")),
        (None, None) => None,
    }
}

/// `Err(None)` when the file can't be read or understood.
fn compare_file(file: &File<'_>, folder: &Path) -> Result<(), Option<Change>> {
    // Of these the go command reads nothing.
    if file.name.ends_with(".syso") {
        return Ok(());
    }
    let path = folder.join(file.name);
    let is_go = file.name.ends_with(".go");
    let mut limit = if is_go { HEAD_BYTES } else { HEAD_BYTES_MAX };
    loop {
        let bytes = head(&path, limit).ok_or(None)?;
        let whole = (bytes.len() as u64) < limit;
        let header = if is_go {
            Header::read(&bytes, whole)
        } else {
            Header::read_other(&bytes)
        };
        return match (header, file.has_error) {
            (Err(Error::CutOff), _) if limit < HEAD_BYTES_MAX => {
                limit = HEAD_BYTES_MAX;
                continue;
            }
            // Both see an error: which, decides nothing.
            (Err(Error::Syntax), true) => Ok(()),
            (Err(_), _) | (Ok(_), true) => Err(None),
            (Ok(header), false) => match file.header.change(file.name, &header) {
                None => Ok(()),
                Some(change) => Err(Some(change)),
            },
        };
    }
}

fn head(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = opening::regular(path, Links::Followed).ok()?;
    file.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
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
                assert!(matches!(found, Use::Taken(found) if found == folder.path()));
                assert!(matches!(finder.find(Id([1; 32]), outline), Use::Idle));
            }
            let elsewhere = Outline {
                root: None,
                folder: Some("elsewhere".into()),
            };
            assert!(matches!(finder.find(action, &elsewhere), Use::Unknown));
            let whole = module_action("go1.27.3", root);
            assert!(matches!(finder.find(whole, &known), Use::Taken(_)));
        }
    }

    #[test]
    fn a_file_is_held_against_what_the_index_says_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| fs::write(folder.path().join("a.go"), text).unwrap();
        let file = |has_error| File {
            name: "a.go",
            path: None,
            has_error,
            header: Header {
                go_build: "//go:build foo",
                package: "p",
                ..Header::default()
            },
            cgo: "",
            embeds: Vec::new(),
        };
        let compare = |has_error| compare_file(&file(has_error), folder.path());
        assert_eq!(compare(false), Err(None), "there is no file");
        write("//go:build foo\n\npackage p\n\nfunc f() {}\n");
        assert_eq!(compare(false), Ok(()));
        assert_eq!(compare(true), Err(None));
        write("//go:build bar\n\npackage p\n\nfunc f() {}\n");
        let change = compare(false).unwrap_err().unwrap();
        assert_eq!(
            (change.what, change.b.as_str()),
            ("//go:build", "//go:build bar")
        );
        // A comment longer than what is read at first.
        let comment = format!("/*{}*/\n", "x".repeat(20_000));
        write(&format!("{comment}//go:build foo\n\npackage p\n"));
        assert_eq!(compare(false), Ok(()));
        write("packag p\n");
        assert_eq!(compare(false), Err(None));
        assert_eq!(compare(true), Ok(()));
    }
}
