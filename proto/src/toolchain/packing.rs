//! Which files of an installed tree are in the module, and under which names.

use super::Release;

/// Where a file of a tree belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the module, under this name after `<module>/`.
    Module(String),
    /// Not in the module, whatever its content.
    Outside(Outside),
}

/// Why a file of an installed tree is not in the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// In `api/`, `doc/`, `misc/` or `test/`: in the release's archive alone.
    ArchiveOnly,
    /// Version control and what editors and systems leave behind.
    Leftover,
    /// A program in `bin/` other than `go` and `gofmt`.
    Program,
    /// A tool that releases of this version do not carry.
    Tool,
    /// Below `pkg/`, neither a header nor a tool: compiled packages and the like.
    Package,
}

/// The folders at the root that the module leaves out.
const ARCHIVE_ONLY: [&str; 4] = ["api", "doc", "misc", "test"];

/// The tools that releases carry since Go 1.25; what else `go tool` names is
/// compiled when it is first used.
const TOOLS: [&str; 8] = [
    "asm",
    "cgo",
    "compile",
    "cover",
    "fix",
    "link",
    "preprofile",
    "vet",
];

/// Tools of Go's own build that releases before Go 1.25 left out.
const BUILD_TOOLS: [&str; 4] = ["api", "dist", "distpack", "metadata"];

/// The first Go whose releases carry [`TOOLS`] alone.
const FEW_TOOLS_MINOR: u32 = 25;

/// Says where the file `name` (below the root, with slashes) of a tree of
/// `release` belongs.
///
/// Source: Go's cmd/distpack (pack.go) of 1.21, 1.24 and 1.27.
pub fn place(name: &str, release: &Release) -> Place {
    let (first, rest) = name.split_once('/').unwrap_or(("", name));
    let outside = match first {
        _ if is_leftover(name) => Some(Outside::Leftover),
        "bin" => program(rest, release),
        "pkg" => package(rest, release),
        folder if ARCHIVE_ONLY.contains(&folder) => Some(Outside::ArchiveOnly),
        _ => None,
    };
    match outside {
        Some(outside) => Place::Outside(outside),
        None => Place::Module(in_module(name)),
    }
}

/// Says whether no file below the folder `name` of a tree can be in the module, so
/// that it need not be looked into.
pub fn folder_outside(name: &str, release: &Release) -> Option<Outside> {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [folder] if ARCHIVE_ONLY.contains(folder) => Some(Outside::ArchiveOnly),
        [".git" | ".github" | ".jj"] => Some(Outside::Leftover),
        ["pkg", folder] if !["include", "tool"].contains(folder) => Some(Outside::Package),
        ["pkg", "tool", folder] => {
            let target = release.target();
            let own = format!("{}_{}", target.goos(), target.goarch());
            (*folder != own).then_some(Outside::Tool)
        }
        _ => None,
    }
}

/// A module zip may hold one go.mod, at its root, and this one holds none.
fn in_module(name: &str) -> String {
    match name.strip_suffix("go.mod") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => format!("{folder}_go.mod"),
        _ => name.to_owned(),
    }
}

fn is_leftover(name: &str) -> bool {
    let folder = [".git/", ".github/", ".jj/"];
    let file = [
        ".gitattributes",
        ".gitignore",
        "VERSION.cache",
        "src/cmd/dist/dist",
        "src/cmd/dist/dist.exe",
    ];
    let base = name.rsplit('/').next().unwrap_or(name);
    folder.iter().any(|folder| name.starts_with(folder))
        || file.contains(&name)
        || base == ".DS_Store"
        || base.ends_with(".exe~")
}

fn program(name: &str, release: &Release) -> Option<Outside> {
    let exe = release.target().exe();
    let known = ["go", "gofmt"].map(|program| format!("{program}{exe}"));
    (!known.iter().any(|known| known == name)).then_some(Outside::Program)
}

fn package(name: &str, release: &Release) -> Option<Outside> {
    if name.starts_with("include/") {
        return None;
    }
    let Some(tool) = name.strip_prefix("tool/") else {
        return Some(Outside::Package);
    };
    let target = release.target();
    let own = format!("{}_{}/", target.goos(), target.goarch());
    let Some(tool) = tool.strip_prefix(&own) else {
        return Some(Outside::Tool);
    };
    let base = tool.rsplit('/').next().unwrap_or(tool);
    let base = base.strip_suffix(".exe").unwrap_or(base);
    let carried = if release.minor().is_none_or(|minor| minor >= FEW_TOOLS_MINOR) {
        TOOLS.contains(&base)
    } else {
        !BUILD_TOOLS.contains(&base)
    };
    (!carried).then_some(Outside::Tool)
}
