//! The source: a checkout, or a module that GOPROXY has; and the folders in which it is
//! put up for building.

mod checkout;
mod git;
mod module;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::desk::Desk;
use super::obstacle::{Kind, Obstacle};
use super::plan::Plan;
use super::toolchain::Toolchain;
use super::tree::Tree;
use crate::recipe::{Origin, Recipe};

pub use checkout::Checkout;
pub use module::Module;

/// The file that makes a tree a modified one.
const UNTRACKED: &str = "verify-build-untracked";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A folder.
    Checkout(PathBuf),
    /// A module, by path and version.
    Module(String, String),
}

/// The source.
#[derive(Debug)]
pub enum Source {
    /// A checkout.
    Checkout(Checkout),
    /// A module.
    Module(Module),
}

/// A folder to build in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The main module's folder.
    pub folder: PathBuf,
    /// Its top, which version control may know.
    pub top: PathBuf,
}

impl Asked {
    /// Takes what was given for `--source`, or else what the file names.
    ///
    /// # Errors
    /// An [`Obstacle`] when the file names nothing that can be asked for; an error for
    /// what is neither folder nor module.
    pub fn of(given: Option<&str>, recipe: &Recipe) -> anyhow::Result<Self> {
        if let Some(given) = given {
            let folder = PathBuf::from(given);
            if folder.is_dir() {
                return Ok(Self::Checkout(folder));
            }
            return match given.rsplit_once('@') {
                Some((path, version)) if !path.is_empty() && !version.is_empty() => {
                    Ok(Self::Module(path.into(), version.into()))
                }
                _ => anyhow::bail!(
                    "--source {given}: there is no such folder, and it is not a MODULE@VERSION"
                ),
            };
        }
        let source = &recipe.source;
        let (path, version) = match &source.wrapper {
            Some(wrapper) => (Some(&wrapper.module), Some(&wrapper.version)),
            None => (source.module.as_ref(), source.version.as_ref()),
        };
        let path = path.ok_or_else(|| {
            Obstacle::new(
                Kind::Source,
                "the file does not name its module; give the source with --source",
            )
        })?;
        let version = version.filter(|version| version.starts_with('v'));
        // Go stamps what is not committed behind the version.
        let version = version.map(|version| version.trim_end_matches("+dirty"));
        match version.or(source.revision.as_deref()) {
            Some(version) => Ok(Self::Module(path.clone(), version.into())),
            None => Err(Obstacle::new(
                Kind::Source,
                format!(
                    "the file names its module, {path}, and neither version nor commit; give the source with --source"
                ),
            )
            .into()),
        }
    }
}

impl Source {
    /// Gets the source.
    ///
    /// # Errors
    /// An [`Obstacle`] when GOPROXY does not have it; an error when a checkout can't be
    /// read.
    pub fn get(
        asked: &Asked,
        recipe: &Recipe,
        toolchain: &Toolchain,
        desk: &Desk<'_>,
    ) -> anyhow::Result<Self> {
        Ok(match asked {
            Asked::Checkout(folder) => Self::Checkout(Checkout::open(folder, recipe, desk)?),
            Asked::Module(path, version) => {
                Self::Module(Module::fetch(path, version, recipe, toolchain, desk)?)
            }
        })
    }

    /// Returns what a reader should know of where it came from, a sentence each.
    pub fn said(&self) -> &[String] {
        match self {
            Self::Checkout(checkout) => &checkout.said,
            Self::Module(module) => &module.said,
        }
    }

    /// Returns its name: what can be given for `--source`.
    pub fn name(&self) -> String {
        match self {
            Self::Checkout(checkout) => checkout.folder.display().to_string(),
            Self::Module(module) => format!("{}@{}", module.path, module.version),
        }
    }

    /// Returns what tells it from other sources.
    pub fn identity(&self) -> String {
        match self {
            Self::Checkout(checkout) => format!("commit {}", checkout.identity()),
            Self::Module(module) => module.identity(),
        }
    }

    /// Returns how it is put up first, by what the file says of itself.
    pub fn first_tree(&self, recipe: &Recipe) -> Tree {
        let is_modified = recipe.source.modified == Some(true);
        match self {
            Self::Checkout(_) if recipe.source.origin == Origin::ModuleCache => Tree::Commit,
            Self::Checkout(checkout) if is_modified && checkout.is_changed => Tree::Changed,
            Self::Checkout(checkout) if is_modified && checkout.is_repository() => Tree::Untracked,
            Self::Checkout(_) => Tree::Commit,
            Self::Module(module) => match recipe.source.origin {
                Origin::ModuleCache => Tree::Required,
                Origin::Wrapper => Tree::Required,
                _ if recipe.source.module.as_deref() == Some(&module.path) => {
                    match recipe.source.revision {
                        Some(_) => Tree::Stamped,
                        None => Tree::Module,
                    }
                }
                _ => Tree::Required,
            },
        }
    }

    /// Puts the source up.
    ///
    /// # Errors
    /// When files can't be written, or this source can't be put up so.
    pub fn put_up(&self, plan: &Plan, recipe: &Recipe, desk: &Desk<'_>) -> anyhow::Result<Site> {
        if plan.tree == Tree::Wrapper {
            return self.wrap(plan, recipe, desk);
        }
        match self {
            Self::Checkout(checkout) => checkout.put_up(plan, recipe, desk),
            Self::Module(module) => module.put_up(plan, recipe, desk),
        }
    }

    /// Returns the folder with the source's own files.
    ///
    /// # Errors
    /// When a checkout can't be put up.
    pub fn files(&self, plan: &Plan, recipe: &Recipe, desk: &Desk<'_>) -> anyhow::Result<PathBuf> {
        let own = match self {
            Self::Module(module) => return Ok(module.folder.clone()),
            Self::Checkout(_) => Plan {
                tree: Tree::Commit,
                ..plan.clone()
            },
        };
        Ok(self.put_up(&own, recipe, desk)?.folder)
    }

    /// Puts up a main module that has the files of the source's package main, in the
    /// folder where the program's was.
    fn wrap(&self, plan: &Plan, recipe: &Recipe, desk: &Desk<'_>) -> anyhow::Result<Site> {
        let from = self.files(plan, recipe, desk)?;
        let from = from.join(plan.main.as_deref().unwrap_or_default());
        let folder = desk.work.empty_folder("trees/wrapper")?;
        let package = plan.packages.first().map_or("", String::as_str);
        let to = folder.join(package.trim_start_matches("./"));
        std::fs::create_dir_all(&to).context("making a folder for package main")?;
        let reading = || format!("reading {}", from.display());
        for entry in std::fs::read_dir(&from).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let name = entry.file_name();
            let is_mod = name == "go.mod" || name == "go.sum";
            if entry.file_type().is_ok_and(|kind| kind.is_file()) && !is_mod {
                std::fs::copy(entry.path(), to.join(name)).context("copying package main")?;
            }
        }
        let text = plan.go_mod.as_deref().unwrap_or_default();
        std::fs::write(folder.join("go.mod"), text).context("writing go.mod")?;
        Ok(Site {
            top: folder.clone(),
            folder,
        })
    }

    /// Says whether go can stamp what version control says.
    pub fn can_be_stamped(&self) -> bool {
        match self {
            Self::Checkout(checkout) => checkout.is_repository(),
            Self::Module(_) => false,
        }
    }

    /// Returns the version to install, where the source is a module that go install takes.
    pub fn installs(&self, tree: Tree) -> Option<&str> {
        match self {
            Self::Module(module) if tree == Tree::Required && !module.replaces => {
                Some(&module.version)
            }
            Self::Module(_) | Self::Checkout(_) => None,
        }
    }

    /// Says whether a checkout has a module of this path.
    pub fn declares(&self, path: &str) -> bool {
        match self {
            Self::Checkout(checkout) => checkout.declares(path),
            Self::Module(module) => module.path == path,
        }
    }

    /// Returns the source's module path, where it is known before anything is put up.
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Module(module) => Some(&module.path),
            Self::Checkout(_) => None,
        }
    }
}

/// Returns the module path that a go.mod declares.
fn declared(go_mod: &Path) -> Option<String> {
    use std::io::Read as _;
    let file = crate::opening::regular(go_mod, crate::opening::Links::Refused).ok()?;
    let mut text = String::new();
    file.take(GO_MOD_BYTES_MAX).read_to_string(&mut text).ok()?;
    let line = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim());
    let path = line.filter_map(|line| line.strip_prefix("module")).next()?;
    let path = path.trim().trim_matches(['"', '`']);
    (!path.is_empty()).then(|| path.to_owned())
}

/// The longest go.mod that is read, in bytes.
const GO_MOD_BYTES_MAX: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_mod_declares_its_module() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("go.mod");
        for (text, want) in [
            ("module example.com/a\n", Some("example.com/a")),
            (
                "// x\n\nmodule \"example.com/a\" // y\ngo 1.21\n",
                Some("example.com/a"),
            ),
            ("go 1.21\n", None),
            ("module\n", None),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(declared(&path).as_deref(), want, "{text}");
        }
        assert_eq!(declared(&folder.path().join("none")), None);
    }
}
