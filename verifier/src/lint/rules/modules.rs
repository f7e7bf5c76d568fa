//! Where the code came from.

use proto::buildinfo::Module;
use proto::finding::{Finding, Level};

use super::found;
use crate::goinfo::sources;
use crate::lint::facts::Facts;

/// The most modules named in one finding.
const SHOWN_MAX: usize = 20;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all = folders(facts);
    all.extend(forks(facts));
    all.extend(unsummed(facts));
    all.extend(arguments(facts));
    all
}

fn describe(module: &Module) -> String {
    let by = module
        .replace
        .as_ref()
        .map_or_else(String::new, |by| format!(" => {} {}", by.path, by.version));
    format!("{} {}{by}", module.path, module.version)
        .trim_end()
        .to_owned()
}

/// A folder has no version; neither has a module of a workspace.
fn is_folder(module: &Module) -> bool {
    match &module.replace {
        Some(by) => {
            let is_path = by.path.starts_with('.') || sources::is_absolute(&by.path);
            !by.has_version() || is_path
        }
        None => !module.has_version(),
    }
}

fn listed<'a>(
    finding: Finding,
    place: &str,
    modules: impl Iterator<Item = &'a Module>,
) -> Option<Finding> {
    let mut modules = modules.take(SHOWN_MAX).peekable();
    modules.peek()?;
    Some(modules.fold(finding, |finding, module| {
        finding.seen(place, describe(module))
    }))
}

/// Where a module's folder lies, as far as build information tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder {
    /// Named by its whole path.
    Machine,
    /// Named by a path that leads out of the main module's folder.
    Beside,
    /// Below the main module's folder.
    Below,
    /// A module of the workspace, whose folder go.work names.
    Workspace,
}

impl Folder {
    fn of(module: &Module) -> Self {
        match &module.replace {
            None => Self::Workspace,
            Some(by) if sources::is_absolute(&by.path) => Self::Machine,
            Some(by) if leads_out(&by.path) => Self::Beside,
            Some(_) => Self::Below,
        }
    }

    /// How much is known of what was in it, and what that means.
    fn judge(self, is_clean: bool) -> (Level, &'static str) {
        match self {
            Self::Machine => (
                Level::Error,
                "a replace line names a module's folder by its whole path: a build elsewhere needs the same files there",
            ),
            Self::Beside => (
                Level::Warning,
                "a module was taken from a folder beside the main module's, by replace: whether the commit has it, the \
                 file does not say",
            ),
            Self::Below if is_clean => (
                Level::Note,
                "a module was taken from a folder below the main module's, by replace: it is what the commit has there, \
                 unless git ignores it",
            ),
            Self::Workspace if is_clean => (
                Level::Note,
                "a module of the workspace has no version: it is what the commit has, if go.work and its folder are in \
                 the same repository",
            ),
            Self::Below | Self::Workspace => (
                Level::Warning,
                "a module was taken from a folder, by replace or go.work, and no clean commit is on record that says what \
                 was in it",
            ),
        }
    }
}

/// Whether a relative path leads out of the folder that it starts in.
fn leads_out(path: &str) -> bool {
    let mut depth = 0_i64;
    path.split(['/', '\\']).any(|part| {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        depth < 0
    })
}

fn folders(facts: &Facts<'_>) -> Vec<Finding> {
    let is_clean = facts.is_clean() == Some(true);
    let kinds = [
        Folder::Machine,
        Folder::Beside,
        Folder::Below,
        Folder::Workspace,
    ];
    let finding = |kind: Folder| {
        let (level, summary) = kind.judge(is_clean);
        let first = found("dependency-replaced", level, summary)
            .fix("commit what the folder holds with the rest, or require a published version");
        let modules = facts.dependencies();
        let modules = modules.filter(|dep| is_folder(dep) && Folder::of(dep) == kind);
        listed(first, "build info: dep", modules)
    };
    kinds.into_iter().filter_map(finding).collect()
}

fn forks(facts: &Facts<'_>) -> Option<Finding> {
    let finding = found(
        "dependency-replaced",
        Level::Note,
        "a module was replaced by another: go install path@version refuses such a module, and users of the module do not get the replacement",
    )
    .fix("keep the replace line in the go.mod that is built");
    let replaced = facts
        .dependencies()
        .filter(|dep| dep.replace.is_some() && !is_folder(dep));
    listed(finding, "build info: dep", replaced)
}

fn unsummed(facts: &Facts<'_>) -> Option<Finding> {
    let has_sum = |dep: &&Module| match &dep.replace {
        Some(by) => !by.sum.is_empty(),
        None => !dep.sum.is_empty(),
    };
    let missing = facts
        .dependencies()
        .filter(|dep| !has_sum(dep) && !is_folder(dep));
    let finding = found(
        "dependency-vendored",
        Level::Note,
        "modules are on record without their sums, as vendored ones are; a build from the module cache has them",
    )
    .fix("build both with -mod=vendor, or both without");
    listed(finding, "build info: dep", missing)
}

fn arguments(facts: &Facts<'_>) -> Option<Finding> {
    let path = &facts.info()?.path;
    (path == "command-line-arguments").then(|| {
        found(
            "package-arguments",
            Level::Warning,
            "go build was given files instead of a package, which names the package otherwise and leaves the commit out",
        )
        .seen("build info: path", path.clone())
        .fix("build the package: go build . or go build ./cmd/tool")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(path: &str) -> Module {
        Module {
            path: "example.com/dep".into(),
            version: "v0.0.0".into(),
            replace: Some(Box::new(Module {
                path: path.into(),
                version: "(devel)".into(),
                ..Module::default()
            })),
            ..Module::default()
        }
    }

    #[test]
    fn a_folder_is_told_by_the_path_that_leads_to_it() {
        let table = [
            ("./api", Folder::Below),
            ("./a/../b", Folder::Below),
            ("../api", Folder::Beside),
            ("./a/../../api", Folder::Beside),
            ("/home/me/api", Folder::Machine),
            (r"C:\work\api", Folder::Machine),
            (r"..\api", Folder::Beside),
        ];
        for (path, want) in table {
            let module = replaced(path);
            assert!(is_folder(&module), "{path}");
            assert_eq!(Folder::of(&module), want, "{path}");
        }
        let workspace = Module {
            version: "(devel)".into(),
            ..Module::default()
        };
        assert!(is_folder(&workspace));
        assert_eq!(Folder::of(&workspace), Folder::Workspace);
    }

    /// Only what a clean commit can hold is no more than a note; a whole path never.
    #[test]
    fn a_clean_commit_speaks_for_folders_inside_it_alone() {
        let levels = |is_clean: bool| {
            [
                Folder::Machine,
                Folder::Beside,
                Folder::Below,
                Folder::Workspace,
            ]
            .map(|folder| folder.judge(is_clean).0)
        };
        use Level::{Error, Note, Warning};
        assert_eq!(levels(true), [Error, Warning, Note, Note]);
        assert_eq!(levels(false), [Error, Warning, Warning, Warning]);
        for folder in [Folder::Below, Folder::Workspace, Folder::Beside] {
            for is_clean in [true, false] {
                assert!(!folder.judge(is_clean).1.contains("nobody"));
            }
        }
    }
}
