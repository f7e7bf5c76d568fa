//! What was built, and where: source, package, folders of the building machine.

use proto::buildinfo::{BuildInfo, Module};
use serde::Serialize;

use super::{Basis, Element};
use crate::compare::Artifact;

/// The version of a main module that the go command knows none of.
pub(super) const DEVEL: &str = "(devel)";

/// The path of a package that was named by its files.
const BY_FILES: &str = "command-line-arguments";

/// The source of a program. Fields are empty where the build information does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Where it came from.
    pub origin: Origin,
    /// The main module's path.
    pub module: Option<String>,
    /// Its version; `(devel)` where the go command knew none.
    pub version: Option<String>,
    /// Its sum, `h1:...`: only what was built in the module cache has one.
    pub sum: Option<String>,
    /// The kind of repository: `git`.
    pub vcs: Option<String>,
    /// The commit.
    pub revision: Option<String>,
    /// The commit's time, as the go command writes it.
    pub time: Option<String>,
    /// Whether the tree had uncommitted changes.
    pub modified: Option<bool>,
    /// The module around another one's package main.
    pub wrapper: Option<Wrapper>,
}

/// Where the source of a program came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The module cache: `go install path@version`.
    ModuleCache,
    /// A folder with the main module's go.mod.
    Checkout,
    /// A folder with a go.mod alone; package main is a dependency's.
    Wrapper,
    /// The build information does not tell.
    #[default]
    Unknown,
}

/// A main module that holds nothing of its own but requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrapper {
    /// The dependency that package main belongs to.
    pub module: String,
    /// Its version.
    pub version: String,
    /// The text of a go.mod that requires every module of the program at its version.
    pub go_mod: String,
}

/// Folders of the building machine; only those whose names are in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Folders {
    /// The folder of the main module.
    pub source: Option<String>,
    /// The Go installation.
    pub goroot: Option<String>,
    /// The module cache.
    pub module_cache: Option<String>,
}

pub(super) fn source(artifact: &Artifact) -> Source {
    let go = &artifact.go;
    let setting = |key: &str| go.setting(key).map(str::to_owned);
    let main = go.info().and_then(|info| info.main.as_ref());
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let wrapper = go.info().and_then(|info| wrapper(artifact, info));
    Source {
        origin: match main {
            None => Origin::Unknown,
            Some(_) if wrapper.is_some() => Origin::Wrapper,
            Some(main) if !main.sum.is_empty() => Origin::ModuleCache,
            Some(_) => Origin::Checkout,
        },
        module: main.and_then(|main| text(&main.path)),
        version: main.and_then(|main| text(&main.version)),
        sum: main.and_then(|main| text(&main.sum)),
        vcs: setting("vcs"),
        revision: setting("vcs.revision"),
        time: setting("vcs.time"),
        modified: go
            .setting("vcs.modified")
            .map(|modified| modified == "true"),
        wrapper,
    }
}

/// Package main outside the main module belongs to a dependency.
fn wrapper(artifact: &Artifact, info: &BuildInfo) -> Option<Wrapper> {
    let main = info.main.as_ref()?;
    if info.path.is_empty() || info.path == BY_FILES || inside(&info.path, &main.path).is_some() {
        return None;
    }
    let of_package = |module: &&Module| inside(&info.path, &module.path).is_some();
    let owners = info.deps.iter().filter(of_package);
    let owner = owners.max_by_key(|module| module.path.len())?;
    Some(Wrapper {
        module: owner.path.clone(),
        version: owner.version.clone(),
        go_mod: go_mod(artifact, info),
    })
}

/// Writes a go.mod that selects the versions of a program: every requirement is at least
/// what the others ask for, so that none is raised.
pub(crate) fn go_mod(artifact: &Artifact, info: &BuildInfo) -> String {
    let name = info.main.as_ref().map_or("", |main| main.path.as_str());
    let mut text = format!("module {name}\n");
    if let Some(line) = super::go_line::of(artifact) {
        text.push_str(&format!("\ngo {}\n", line.version));
    }
    let required: Vec<&Module> = info.deps.iter().collect();
    if !required.is_empty() {
        text.push_str("\nrequire (\n");
        for module in &required {
            // A workspace's module has no version; its replacement is a folder.
            let version = match module.version.as_str() {
                "" | DEVEL => "v0.0.0",
                version => version,
            };
            text.push_str(&format!("\t{} {version}\n", module.path));
        }
        text.push_str(")\n");
    }
    for module in required {
        if let Some(by) = &module.replace {
            let to = format!("{} {}", by.path, by.version);
            text.push_str(&format!("\nreplace {} => {}\n", module.path, to.trim_end()));
        }
    }
    text
}

/// Returns what a package's path has behind its module's: empty, or `/cmd/x`.
pub(crate) fn inside<'a>(package: &'a str, module: &str) -> Option<&'a str> {
    let rest = package.strip_prefix(module)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

pub(super) fn package(artifact: &Artifact, source: &Source) -> Option<Element> {
    let info = artifact.go.info()?;
    let recorded =
        |value: String| Element::new("package", value, Basis::Recorded, "build info: path");
    match source.origin {
        Origin::ModuleCache => {
            let version = source.version.as_deref()?;
            Some(recorded(format!("{}@{version}", info.path)))
        }
        Origin::Wrapper => Some(recorded(info.path.clone())),
        Origin::Checkout | Origin::Unknown if info.path == BY_FILES => None,
        Origin::Checkout => {
            let rest = inside(&info.path, source.module.as_deref()?);
            Some(match rest {
                Some("") => recorded(".".into()),
                Some(rest) => recorded(format!(".{rest}")),
                // Of the standard library, or of a module in a workspace.
                None => recorded(info.path.clone()),
            })
        }
        Origin::Unknown => (!info.path.is_empty()).then(|| recorded(info.path.clone())),
    }
}

pub(super) fn folders(artifact: &Artifact) -> Folders {
    let Some(sources) = &artifact.go.sources else {
        return Folders::default();
    };
    Folders {
        source: sources.tree.clone(),
        goroot: sources.goroot.clone(),
        module_cache: sources.module_cache.clone(),
    }
}
