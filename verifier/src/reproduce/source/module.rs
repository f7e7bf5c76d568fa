//! A module that GOPROXY has, fetched and proved by the go command.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proto::module::pattern::Patterns;
use serde::Deserialize;

use super::git::Git;
use super::{Site, UNTRACKED};
use crate::rebuild::copy::{self, Manner};
use crate::recipe::Recipe;
use crate::reproduce::desk::{self, Desk};
use crate::reproduce::obstacle::{Kind, Obstacle};
use crate::reproduce::plan::Plan;
use crate::reproduce::toolchain::Toolchain;
use crate::reproduce::tree::Tree;

/// The name of the main module that requires the source; it is in no program.
const WRAPPER: &str = "reproduce.invalid/wrapper";

/// A module version in the module cache.
#[derive(Debug)]
pub struct Module {
    /// Its path.
    pub path: String,
    /// Its version.
    pub version: String,
    /// Its sum.
    pub sum: String,
    /// Its files.
    pub folder: PathBuf,
    /// The version of its go line; empty for none.
    go_line: String,
    /// Whether its go.mod replaces modules; go install takes no such.
    pub replaces: bool,
    /// What a reader should know, a sentence each.
    pub said: Vec<String>,
}

/// What `go mod download -json` says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    #[serde(default)]
    version: String,
    #[serde(default)]
    dir: PathBuf,
    #[serde(default)]
    go_mod: PathBuf,
    #[serde(default)]
    sum: String,
    #[serde(default)]
    error: String,
}

impl Module {
    /// Fetches a module version.
    ///
    /// # Errors
    /// An [`Obstacle`] when it can't be had or is not proved.
    pub fn fetch(
        path: &str,
        version: &str,
        recipe: &Recipe,
        toolchain: &Toolchain,
        desk: &Desk<'_>,
    ) -> anyhow::Result<Self> {
        let name = format!("{path}@{version}");
        let missing = |said: &str| {
            Obstacle::new(
                Kind::Source,
                format!("{name} can't be had through GOPROXY: {said}"),
            )
        };
        let folder = desk.work.folder("questions")?;
        let argv = desk::argv(&toolchain.go, &["mod", "download", "-json", &name]);
        let finished = desk.run(&argv, &folder, &[("GOWORK", "off")])?;
        let said: Option<Downloaded> = serde_json::from_slice(&finished.stdout).ok();
        let Some(said) = said else {
            return Err(missing(&desk.complaint(&finished)).into());
        };
        if !said.error.is_empty() {
            return Err(missing(&said.error).into());
        }
        if !said.dir.is_dir() {
            return Err(missing("go mod download gives no folder").into());
        }
        let go_mod = fs::read_to_string(&said.go_mod).unwrap_or_default();
        let mut module = Self {
            path: path.into(),
            go_line: go_line(&go_mod).unwrap_or_default().into(),
            replaces: go_mod
                .lines()
                .any(|line| line.trim_start().starts_with("replace")),
            version: said.version,
            folder: said.dir,
            said: vec![proof(path, desk)],
            sum: said.sum,
        };
        module.hold_against(recipe);
        Ok(module)
    }

    /// Returns what tells it from other modules.
    pub fn identity(&self) -> String {
        format!("{}@{} {}", self.path, self.version, self.sum)
    }

    /// Compares it with what the file says of its source.
    fn hold_against(&mut self, recipe: &Recipe) {
        let source = &recipe.source;
        let is_own = source.module.as_deref() == Some(&self.path);
        let (name, sum) = (format!("{}@{}", self.path, self.version), &self.sum);
        match source.sum.as_deref().filter(|_| is_own) {
            Some(recorded) if recorded == sum => {
                let said = format!("{name} has the sum that the file names, {sum}");
                self.said.push(said);
            }
            Some(recorded) if source.version.as_deref() == Some(&self.version) => {
                self.said.push(format!(
                    "alarm: {name} has the sum {sum}, and the file names {recorded} for the same version"
                ));
            }
            _ => {}
        }
    }

    /// Puts it up.
    pub(super) fn put_up(
        &self,
        plan: &Plan,
        recipe: &Recipe,
        desk: &Desk<'_>,
    ) -> anyhow::Result<Site> {
        match plan.tree {
            Tree::Module => self.as_main("trees/module", desk, |_| Ok(())),
            Tree::Stamped => {
                self.as_main("trees/stamped", desk, |folder| stamp(folder, recipe, desk))
            }
            Tree::Required => self.as_requirement(plan.go_mod.as_deref(), desk),
            Tree::Commit | Tree::Untracked | Tree::Changed | Tree::Wrapper => {
                bail!("a module of GOPROXY is not a checkout")
            }
        }
    }

    fn as_main(
        &self,
        name: &str,
        desk: &Desk<'_>,
        finish: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Site> {
        let folder = desk.work.path().join(name);
        if !desk.work.holds(name, &self.identity()) {
            desk.work.empty_folder(name)?;
            fs::remove_dir(&folder).context("making room for the source")?;
            copy::folder(&self.folder, &folder, Manner::default())?;
            open(&folder)?;
            finish(&folder)?;
            desk.work.note_held(name, &self.identity())?;
        }
        Ok(Site {
            top: folder.clone(),
            folder,
        })
    }

    fn as_requirement(&self, go_mod: Option<&str>, desk: &Desk<'_>) -> anyhow::Result<Site> {
        let folder = desk.work.empty_folder("trees/required")?;
        let text = match go_mod {
            Some(text) => text.to_owned(),
            None => {
                let go_line = match self.go_line.as_str() {
                    "" => String::new(),
                    version => format!("\ngo {version}\n"),
                };
                let (path, version) = (&self.path, &self.version);
                format!("module {WRAPPER}\n{go_line}\nrequire {path} {version}\n")
            }
        };
        fs::write(folder.join("go.mod"), text).context("writing go.mod")?;
        Ok(Site {
            top: folder.clone(),
            folder,
        })
    }
}

/// Makes a repository of the module's files, with one commit at the time that the file
/// names, a tag for the version that it names, and a file beside the commit where it says
/// that the tree was modified.
fn stamp(folder: &Path, recipe: &Recipe, desk: &Desk<'_>) -> anyhow::Result<()> {
    let source = &recipe.source;
    let git = Git::find(desk).context("there is no git on PATH")?;
    let time = source.time.as_deref().unwrap_or("2000-01-01T00:00:00Z");
    let more = [
        ("GIT_AUTHOR_DATE", time),
        ("GIT_COMMITTER_DATE", time),
        ("GIT_AUTHOR_NAME", "verify-build"),
        ("GIT_COMMITTER_NAME", "verify-build"),
        ("GIT_AUTHOR_EMAIL", "verify-build@reproduce.invalid"),
        ("GIT_COMMITTER_EMAIL", "verify-build@reproduce.invalid"),
    ];
    let steps: [&[&str]; 3] = [
        &["init", "--quiet", "--template="],
        &["add", "--all", "--force", "."],
        &[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message=files of the module",
        ],
    ];
    for words in steps {
        git.must_with(folder, words, &more)?;
    }
    let version = source
        .version
        .as_deref()
        .filter(|version| version.starts_with('v'));
    if let Some(version) = version {
        let tag = version.trim_end_matches("+dirty");
        // A pseudo-version is made of the commit, and of no tag.
        if !proto::module::pseudo::is_pseudo(tag) {
            git.must_with(folder, &["tag", "--", tag], &more)?;
        }
    }
    if source.modified == Some(true) {
        fs::write(folder.join(UNTRACKED), "").context("making a file")?;
    }
    Ok(())
}

/// Gives files and folders of a copy from the module cache back their write bits: go
/// writes to go.sum, and the copy must go away.
fn open(folder: &Path) -> anyhow::Result<()> {
    for entry in walkdir::WalkDir::new(folder).follow_links(false) {
        let entry = entry.context("looking through the copy of the module")?;
        let mut rights = entry.metadata().context("reading rights")?.permissions();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            rights.set_mode(rights.mode() | 0o200);
        }
        #[cfg(not(unix))]
        rights.set_readonly(false);
        if !entry.path_is_symlink() {
            fs::set_permissions(entry.path(), rights).context("setting rights")?;
        }
    }
    Ok(())
}

/// Returns the version of a go.mod's go line.
fn go_line(go_mod: &str) -> Option<&str> {
    go_mod
        .lines()
        .find_map(|line| line.trim().strip_prefix("go "))
        .map(str::trim)
}

/// Says who proved a module.
fn proof(path: &str, desk: &Desk<'_>) -> String {
    let sumdb = desk.var("GOSUMDB").unwrap_or("sum.golang.org");
    if sumdb == "off" {
        return "no checksum database was asked for the modules (GOSUMDB=off): whoever runs GOPROXY vouches for them".into();
    }
    let list = desk.var("GONOSUMDB").or_else(|| desk.var("GOPRIVATE"));
    let is_private = list
        .and_then(|list| Patterns::parse(list).ok())
        .is_some_and(|patterns| patterns.matches(path));
    if is_private {
        return format!(
            "no checksum database was asked for {path} (GONOSUMDB, GOPRIVATE): whoever runs GOPROXY vouches for it"
        );
    }
    let name = sumdb.split(['+', ' ']).next().unwrap_or(sumdb);
    format!("{path} was fetched through GOPROXY, and the go command proved it by {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_go_line_is_found() {
        assert_eq!(go_line("module a\n\ngo 1.21.3\n"), Some("1.21.3"));
        assert_eq!(go_line("module a\n\nrequire go.example/x v1.0.0\n"), None);
    }
}
