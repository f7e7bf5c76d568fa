//! The programs of a source: folders with a package main.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use walkdir::WalkDir;

/// How deep and how much is looked at.
const DEPTH_MAX: usize = 8;
const ENTRIES_MAX: usize = 200_000;

/// How far into a file its package clause is looked for, in bytes.
const HEAD_BYTES_MAX: u64 = 64 << 10;

/// A folder with a package main.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Main {
    /// The folder below the source's, with slashes; empty for the source's own.
    pub folder: String,
    /// The names of its Go files, tests left out, sorted.
    pub files: Vec<String>,
}

impl Main {
    /// Returns the package, as go build takes it in the source's folder.
    pub fn package(&self) -> String {
        match self.folder.as_str() {
            "" => ".".to_owned(),
            folder => format!("./{folder}"),
        }
    }

    /// Returns files of it, as go build takes them in the source's folder.
    pub fn named(&self, files: &[String]) -> Vec<String> {
        let folder = self.package();
        files
            .iter()
            .map(|file| format!("{folder}/{file}"))
            .collect()
    }

    /// Returns the last part of its folder.
    pub fn name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or_default()
    }
}

/// Finds the programs of a module, those nearest to its top first.
pub fn find(module: &Path) -> Vec<Main> {
    let walk = WalkDir::new(module)
        .follow_links(false)
        .max_depth(DEPTH_MAX)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || is_looked_into(entry));
    let mut mains: Vec<Main> = Vec::new();
    for entry in walk.take(ENTRIES_MAX).flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy());
        let is_source = name.ends_with(".go") && !name.ends_with("_test.go");
        if !is_source || !entry.file_type().is_file() || !is_main(path) {
            continue;
        }
        let inside = path
            .parent()
            .and_then(|folder| folder.strip_prefix(module).ok());
        let Some(folder) = inside.and_then(Path::to_str) else {
            continue;
        };
        match mains.iter_mut().find(|main| main.folder == folder) {
            Some(main) => main.files.push(name.into_owned()),
            None => mains.push(Main {
                folder: folder.to_owned(),
                files: vec![name.into_owned()],
            }),
        }
    }
    mains.sort_by_key(|main| (main.folder.matches('/').count(), main.folder.clone()));
    mains
}

/// Folders that the go command looks into, of the same module.
fn is_looked_into(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_left_out = name.starts_with(['.', '_']) || matches!(&*name, "testdata" | "vendor");
    let is_folder = entry.file_type().is_dir();
    !(is_folder && (is_left_out || entry.path().join("go.mod").is_file()))
}

/// Says whether a file is of package main, as far as its first lines tell.
fn is_main(path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else {
        return false;
    };
    let lines = BufReader::new(file.take(HEAD_BYTES_MAX)).lines();
    let mut clauses = lines
        .map_while(Result::ok)
        .filter(|line| line.starts_with("package "));
    clauses.next().is_some_and(|line| {
        let name = line.split("//").next().unwrap_or_default();
        name.trim_end() == "package main"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("lib.go", "package lib\n");
        write("cmd/x/main.go", "// package lib\n\npackage main // x\n");
        write("cmd/x/more.go", "package main\n");
        write("cmd/x/main_test.go", "package main\n");
        write("testdata/y.go", "package main\n");
        write("other/go.mod", "module other\n");
        write("other/main.go", "package main\n");
        let found = find(place.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].name(), "x");
        assert_eq!(
            found[0].named(&found[0].files),
            ["./cmd/x/main.go", "./cmd/x/more.go"]
        );
    }
}
