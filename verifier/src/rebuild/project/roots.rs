//! The folders that a program's own sources lie in: its repository, the modules
//! of its workspace, and what they are replaced with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::Asking;
use crate::host::surroundings::Variables;
use crate::rebuild::copy::{self, Manner};
use crate::rebuild::scratch;

/// Folders, none inside another, and the one above them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    common: PathBuf,
    folders: Vec<PathBuf>,
}

/// What marks the top of a repository.
///
/// Source: cmd/go/internal/vcs
const REPOSITORY: &[&str] = &[".git", ".hg", ".bzr", ".svn", ".fslckout", "_FOSSIL_"];

/// The part of `go work edit -json` that is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Work {
    r#use: Option<Vec<Use>>,
    replace: Option<Vec<Replace>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Use {
    disk_path: String,
}

/// The part of `go mod edit -json` that is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Mod {
    replace: Option<Vec<Replace>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Replace {
    new: Target,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Target {
    path: String,
    version: String,
}

impl Roots {
    /// Finds the folders; says why not where they can't be told.
    ///
    /// # Errors
    /// In words for a list of what could not be tried.
    pub fn find(
        folder: &Path,
        env: &BTreeMap<String, String>,
        go: &Path,
        variables: &Variables,
        asking: &Asking<'_>,
    ) -> Result<Self, String> {
        let of = |name: &str| env.get(name).map_or("", String::as_str);
        let go_mod = Some(Path::new(of("GOMOD")));
        let go_mod = go_mod.filter(|file| file.file_name() == Some("go.mod".as_ref()));
        // At the top of a workspace there is none.
        let has_work = !matches!(of("GOWORK"), "" | "off");
        if go_mod.is_none() && !has_work {
            return Err("the package lies in no module, so what to copy can't be told".into());
        }
        let edit = |arguments: [&str; 3], file: &Path| -> Result<String, String> {
            let mut words: Vec<OsString> = arguments.map(OsString::from).into();
            words.push(file.into());
            let said = asking.go(go, folder, variables, &words);
            said.map_err(|error| format!("{error:#}"))
        };
        let parent = |file: &Path| file.parent().unwrap_or_else(|| Path::new("/")).to_owned();
        let mut modules: Vec<PathBuf> = go_mod.map(parent).into_iter().collect();
        let mut places = Vec::new();
        let work = Path::new(of("GOWORK"));
        if has_work {
            let base = parent(work);
            let found: Work = read(&edit(["work", "edit", "-json"], work)?)?;
            let used = found.r#use.unwrap_or_default();
            modules = used
                .iter()
                .map(|one| clean(&base.join(&one.disk_path)))
                .collect();
            places.extend(local(&base, found.replace));
            places.push(base);
        }
        for module in &modules {
            let found: Mod = read(&edit(["mod", "edit", "-json"], &module.join("go.mod"))?)?;
            places.extend(local(module, found.replace));
        }
        places.extend(modules);
        let tops: Vec<PathBuf> = places.iter().map(|place| top(place)).collect();
        let roots = Self::of(tops);
        match roots
            .folders
            .iter()
            .find(|root| asking.scratch.starts_with(root))
        {
            Some(root) => Err(format!(
                "temporary files lie in {}, which would be copied into itself; set TMPDIR to a folder outside",
                root.display()
            )),
            None => Ok(roots),
        }
    }

    fn of(mut folders: Vec<PathBuf>) -> Self {
        folders.sort();
        // Sorted, a folder comes right before what lies in it.
        folders.dedup_by(|later, earlier| later.starts_with(earlier));
        let mut common = folders.first().cloned().unwrap_or_default();
        while !folders.iter().all(|folder| folder.starts_with(&common)) && common.pop() {}
        Self { common, folders }
    }

    /// Returns where a path lies in a copy at `copy`; `None` for a path that is
    /// not copied.
    pub fn moved(&self, path: &Path, copy: &Path) -> Option<PathBuf> {
        let inside = |root: &PathBuf| path.starts_with(root);
        if !self.folders.iter().any(inside) {
            return None;
        }
        let rest = path.strip_prefix(&self.common).ok()?;
        if rest.as_os_str().is_empty() {
            return Some(copy.to_owned());
        }
        Some(copy.join(rest))
    }

    /// Copies every folder to its place below `copy`; nothing may be there.
    ///
    /// # Errors
    /// As [`copy::folder`].
    pub fn copy(&self, copy: &Path, manner: Manner) -> Result<(), copy::Error> {
        self.pairs(copy)
            .into_iter()
            .try_for_each(|(from, to)| copy::folder(&from, &to, manner))
    }

    /// Adds up the disk space of every folder, in bytes.
    pub fn size(&self) -> u64 {
        self.folders.iter().map(|root| scratch::size(root)).sum()
    }

    /// Returns each folder and its place below `copy`.
    pub fn pairs(&self, copy: &Path) -> Vec<(PathBuf, PathBuf)> {
        let place = |root: &PathBuf| self.moved(root, copy).map(|to| (root.clone(), to));
        self.folders.iter().filter_map(place).collect()
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("reading what go prints: {error}"))
}

/// Replacements by relative folder. One by an absolute path is that folder
/// wherever the copy is.
fn local(base: &Path, replace: Option<Vec<Replace>>) -> Vec<PathBuf> {
    let targets = replace.unwrap_or_default().into_iter().map(|one| one.new);
    targets
        .filter(|target| target.version.is_empty() && Path::new(&target.path).is_relative())
        .map(|target| clean(&base.join(target.path)))
        .collect()
}

/// Returns the repository that a folder lies in, or the folder itself.
fn top(folder: &Path) -> PathBuf {
    let is_top = |folder: &&Path| REPOSITORY.iter().any(|mark| folder.join(mark).exists());
    folder.ancestors().find(is_top).unwrap_or(folder).to_owned()
}

/// Takes `.` and `..` out of an absolute path, as the go command does.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                cleaned.pop();
            }
            part => cleaned.push(part),
        }
    }
    cleaned
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn of(folders: &[&str]) -> Roots {
        Roots::of(folders.iter().map(PathBuf::from).collect())
    }

    #[test]
    fn folders_keep_their_places_among_each_other() {
        let one = of(&["/home/me/src/tool", "/home/me/src/tool/sub"]);
        assert_eq!(one.folders, [Path::new("/home/me/src/tool")]);
        let copy = Path::new("/tmp/x");
        assert_eq!(
            one.moved(Path::new("/home/me/src/tool"), copy),
            Some("/tmp/x".into())
        );
        assert_eq!(
            one.moved(Path::new("/home/me/src/tool/sub/a"), copy),
            Some("/tmp/x/sub/a".into())
        );
        // Its name begins alike and it is not part of it.
        assert_eq!(one.moved(Path::new("/home/me/src/tools"), copy), None);
        let two = of(&["/home/me/tool", "/home/me/lib/a b"]);
        assert_eq!(two.common, Path::new("/home/me"));
        assert_eq!(
            two.pairs(copy),
            [
                ("/home/me/lib/a b".into(), "/tmp/x/lib/a b".into()),
                ("/home/me/tool".into(), "/tmp/x/tool".into())
            ]
        );
        // What lies beside them is not copied.
        assert_eq!(two.moved(Path::new("/home/me/secret"), copy), None);
    }

    #[test]
    fn replacements_by_relative_folder_are_sources() {
        let found: Mod = read(
            r#"{"Module":{"Path":"m"},"Replace":[
                {"Old":{"Path":"a"},"New":{"Path":"../a"}},
                {"Old":{"Path":"b"},"New":{"Path":"./sub/b"}},
                {"Old":{"Path":"c"},"New":{"Path":"/opt/c"}},
                {"Old":{"Path":"d"},"New":{"Path":"example.com/d","Version":"v1.0.0"}}]}"#,
        )
        .unwrap();
        let folders = local(Path::new("/src/m"), found.replace);
        assert_eq!(folders, [Path::new("/src/a"), Path::new("/src/m/sub/b")]);
        let none: Mod = read(r#"{"Replace":null}"#).unwrap();
        assert!(local(Path::new("/"), none.replace).is_empty());
    }

    #[test]
    fn the_repository_above_a_module_is_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("repo/sub/module");
        std::fs::create_dir_all(&module).unwrap();
        std::fs::create_dir(folder.path().join("repo/.git")).unwrap();
        assert_eq!(top(&module), folder.path().join("repo"));
    }
}
