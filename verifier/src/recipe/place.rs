//! What was built, and where: source, package, folders of the building machine.

use std::collections::BTreeSet;

use proto::buildinfo::BuildInfo;
use serde::Serialize;

use super::{Basis, Element, FILES};
use crate::artifact::Artifact;
use crate::goinfo::functions::{Functions, package};
use crate::goinfo::pclntab::Found;

/// The path of a package that was named by its files.
const BY_FILES: &str = "command-line-arguments";

/// The most files listed.
const FILES_MAX: usize = 1000;

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
    /// A module made around it; only where the file beside which this one was put shows
    /// that there was one.
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
    /// The module cache as well, by a go.mod that requires the module: what go install makes
    /// of it has another go line.
    Wrapper,
    /// The build information does not tell.
    #[default]
    Unknown,
}

/// A module that holds nothing of its own but requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrapper {
    /// The module that package main belongs to.
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
    Source {
        origin: match main {
            None => Origin::Unknown,
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
        wrapper: None,
    }
}

impl Wrapper {
    /// The name of a module around another one, which nothing of the program tells.
    pub const NAME: &str = "build";

    /// Makes one around the module of a program that was built in the module cache.
    pub(crate) fn of(artifact: &Artifact) -> Option<Self> {
        let info = artifact.go.info()?;
        let main = info.main.as_ref().filter(|main| !main.sum.is_empty())?;
        Some(Self {
            module: main.path.clone(),
            version: main.version.clone(),
            go_mod: go_mod(artifact, info),
        })
    }
}

/// Writes a go.mod that selects the versions of a program: every requirement is at least
/// what the others ask for, so that none is raised.
fn go_mod(artifact: &Artifact, info: &BuildInfo) -> String {
    let mut text = format!("module {}\n", Wrapper::NAME);
    if let Some(line) = super::go_line::of(artifact) {
        text.push_str(&format!("\ngo {}\n", line.version));
    }
    text.push_str("\nrequire (\n");
    for module in info.main.iter().chain(&info.deps) {
        text.push_str(&format!("\t{} {}\n", module.path, module.version));
    }
    text.push_str(")\n");
    for module in &info.deps {
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
    if info.path == BY_FILES {
        return files(artifact);
    }
    match source.origin {
        Origin::ModuleCache => {
            let version = source.version.as_deref()?;
            Some(recorded(format!("{}@{version}", info.path)))
        }
        Origin::Checkout => {
            let rest = inside(&info.path, source.module.as_deref()?);
            Some(match rest {
                Some("") => recorded(".".into()),
                Some(rest) => recorded(format!(".{rest}")),
                None => recorded(info.path.clone()),
            })
        }
        Origin::Wrapper | Origin::Unknown => {
            (!info.path.is_empty()).then(|| recorded(info.path.clone()))
        }
    }
}

/// The files of package main that have functions; those without leave no name.
fn files(artifact: &Artifact) -> Option<Element> {
    let found = Found::in_image(artifact.bytes(), &artifact.image)?;
    let functions = Functions::read(artifact.bytes(), &artifact.image, &found)?;
    let of_main = functions
        .all
        .iter()
        .filter(|function| package::of_symbol(function.name) == "main");
    let names = of_main.filter_map(|function| {
        let file = functions.table.file(function.record)?;
        let name = file.rsplit(['/', '\\']).next()?;
        name.ends_with(".go").then(|| name.to_owned())
    });
    let names: BTreeSet<String> = names.take(FILES_MAX).collect();
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| {
        Element::new(
            FILES,
            names.join(" "),
            Basis::Likely,
            "line table: files of package main that have functions",
        )
    })
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
