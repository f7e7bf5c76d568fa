//! The directories that the source paths in a program begin with.
//!
//! Without `-trimpath` they are those of the machine that built it: GOROOT, the
//! module cache and the folder of the source. With it there are none, and paths
//! begin with an import path.

use proto::buildinfo::{BuildInfo, Module};
use proto::module::escape_path;
use serde::Serialize;

use super::pclntab::{Found, Table};
use crate::image::Image;

/// Absolute directories found in a program's line table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// The directory of the Go installation.
    pub goroot: Option<String>,
    /// The module cache.
    pub module_cache: Option<String>,
    /// The folder of the main module's own files; where the build information does
    /// not tell which these are, the deepest folder that holds every other
    /// absolute path.
    pub tree: Option<String>,
    /// The deepest folder that holds every absolute path outside all of these:
    /// replaced modules, other modules of a workspace, generated files.
    pub elsewhere: Option<String>,
    /// The go command's temporary folder, which has another name in each build.
    pub temporary: Option<String>,
    /// How many files the table names.
    pub files: usize,
    /// How many of them by an absolute path.
    pub absolute: usize,
}

/// Returns the directories in the source file names of a program, or `None` when
/// it has no line table that can be read.
pub fn read(bytes: &[u8], image: &Image, info: Option<&BuildInfo>) -> Option<Sources> {
    let found = Found::in_image(bytes, image)?;
    let table = found.table()?;
    let files = table.file_names()?;
    // Trimmed programs need no walk over all functions.
    let has_absolute = files.iter().any(|file| is_absolute(file));
    let main = has_absolute.then(|| main_file(&table)).flatten();
    Some(Sources::of(&files, info, main))
}

/// The file of function `main.main`.
fn main_file<'a>(table: &Table<'a>) -> Option<&'a str> {
    let entry = table
        .entries()
        .find(|entry| table.name(entry.record) == Some("main.main"))?;
    table.file(entry.record)
}

impl Sources {
    /// Sorts file names by the directory they come from. `main` is the file of
    /// function `main.main`.
    pub fn of(files: &[&str], info: Option<&BuildInfo>, main: Option<&str>) -> Self {
        let goroot = files.iter().find_map(|file| goroot_of(file));
        let own = info.and_then(|info| own_folder(info, main?));
        let modules = info.map(escaped_modules).unwrap_or_default();
        let mut sources = Self {
            goroot: goroot.map(str::to_owned),
            tree: own.map(str::to_owned),
            files: files.len(),
            ..Self::default()
        };
        let mut rest: Option<&str> = None;
        for file in files.iter().copied().filter(|file| is_absolute(file)) {
            sources.absolute += 1;
            if goroot.is_some_and(|goroot| below(goroot, file).is_some()) {
                continue;
            }
            if let Some(folder) = temporary_of(file) {
                sources.temporary.get_or_insert_with(|| folder.to_owned());
                continue;
            }
            // The module cache may lie in the source folder, and the source folder
            // may have a name with an @ in it.
            let inner = own.and_then(|own| below(own, file));
            if let Some(cache) = module_cache_of(file, inner.unwrap_or(file), &modules) {
                sources.module_cache.get_or_insert_with(|| cache.to_owned());
                continue;
            }
            if inner.is_some() {
                continue;
            }
            let folder = parent(file);
            rest = Some(rest.map_or(folder, |rest| common_folder(rest, folder)));
        }
        let rest = rest.filter(|rest| !rest.is_empty()).map(str::to_owned);
        match own {
            Some(_) => sources.elsewhere = rest,
            None => sources.tree = rest,
        }
        sources
    }
}

/// Says whether a path is absolute on any system Go builds on.
pub fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with(['/', '\\'])
        || matches!(bytes, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// Every Go program has these two files of the runtime.
fn goroot_of(file: &str) -> Option<&str> {
    let root = ["/src/runtime/proc.go", "/src/runtime/panic.go"]
        .into_iter()
        .find_map(|end| file.strip_suffix(end))?;
    is_absolute(file).then_some(root)
}

/// The folder of the main module, from the file of function `main.main`: its
/// package's folder ends as the package's path does below the module's.
fn own_folder<'a>(info: &BuildInfo, main: &'a str) -> Option<&'a str> {
    // A module with a sum was built in the module cache (go install path@version).
    let module = info.main.as_ref().filter(|module| module.sum.is_empty())?;
    let folder = parent(main);
    if !is_absolute(main) || folder.is_empty() || temporary_of(main).is_some() {
        return None;
    }
    let inner = info.path.strip_prefix(module.path.as_str());
    let inner = inner.filter(|inner| inner.starts_with('/')).unwrap_or("");
    let folder = folder.strip_suffix(inner).unwrap_or(folder);
    (!folder.is_empty()).then_some(folder)
}

/// The paths of all modules as they are written in the module cache; a folder's path
/// is not.
fn escaped_modules(info: &BuildInfo) -> Vec<String> {
    let replaced = |module: &Module| module.replace.as_deref().map(|by| by.path.clone());
    let modules = info.main.iter().chain(&info.deps);
    let paths = modules.flat_map(|module| [Some(module.path.clone()), replaced(module)]);
    let escaped = paths.flatten().map(|path| escape_path(&path).ok());
    escaped.flatten().collect()
}

/// A folder `path@v1.2.3` is that of a module version in the module cache, whatever
/// the cache is called. `inner` is the end of the file's path to look for it in.
fn module_cache_of<'a>(file: &'a str, inner: &str, modules: &[String]) -> Option<&'a str> {
    let start = file.len() - inner.len();
    let versioned = |at: &usize| {
        let mut letters = inner[at + 1..].chars();
        letters.next() == Some('v') && letters.next().is_some_and(|c| c.is_ascii_digit())
    };
    let at = inner.match_indices('@').map(|(at, _)| at).find(versioned)?;
    let path = &file[..start + at];
    let of_module = |module: &String| {
        let cache = path.strip_suffix(module.as_str())?;
        cache.strip_suffix(['/', '\\'])
    };
    let known = modules.iter().filter_map(of_module);
    let cache = known.min_by_key(|cache| cache.len());
    Some(cache.unwrap_or_else(|| unknown_module(path))).filter(|cache| !cache.is_empty())
}

/// The module cache where the module's path is not known: it has this name by
/// default, and a module's path begins with the name of a host.
fn unknown_module(path: &str) -> &str {
    if let Some(at) = path.find("/pkg/mod/") {
        return &path[..at + "/pkg/mod".len()];
    }
    let mut start = 0;
    let mut hosts = Vec::new();
    for element in path.split(['/', '\\']) {
        if element.contains('.') {
            hosts.push(start);
        }
        start += element.len() + 1;
    }
    let host = hosts.iter().rev().copied().find(|host| *host > 1);
    host.map_or_else(|| parent(path), |host| &path[..host - 1])
}

/// The go command compiles in `$TMPDIR/go-build1234567890/b001`.
///
/// Source: cmd/go/internal/work/action.go NewBuilder, NewObjdir
fn temporary_of(file: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let is_folder = |at: usize| {
        let name = &file[at + "go-build".len()..];
        let len = digits(name);
        let step = name[len..].strip_prefix(['/', '\\'])?.strip_prefix('b')?;
        let before = file[..at].ends_with(['/', '\\']);
        (before && len > 0 && digits(step) > 0).then_some(at + "go-build".len() + len)
    };
    let mut places = file.match_indices("go-build");
    places
        .find_map(|(at, _)| is_folder(at))
        .map(|end| &file[..end])
}

/// Returns the rest of a path that lies in a folder.
fn below<'a>(folder: &str, file: &'a str) -> Option<&'a str> {
    file.strip_prefix(folder)
        .filter(|rest| rest.starts_with(['/', '\\']))
}

fn parent(file: &str) -> &str {
    file.rfind(['/', '\\']).map_or("", |end| &file[..end])
}

fn common_folder<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let ends_folder = |path: &str| path.len() == same || path.as_bytes()[same] == b'/';
    if ends_folder(a) && ends_folder(b) {
        return &a[..same];
    }
    // Cutting at a slash keeps the text whole: a slash is one byte.
    let end = a.as_bytes()[..same].iter().rposition(|byte| *byte == b'/');
    end.map_or("", |end| &a[..end])
}

#[cfg(test)]
mod tests;
