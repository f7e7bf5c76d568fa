//! A checkout: cloned at the commit that the file names, and never written to.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use walkdir::WalkDir;

use super::git::Git;
use super::{Site, UNTRACKED, declared};
use crate::rebuild::copy::{self, Manner};
use crate::recipe::Recipe;
use crate::reproduce::desk::Desk;
use crate::reproduce::obstacle::{Kind, Obstacle};
use crate::reproduce::plan::Plan;
use crate::reproduce::tree::Tree;

/// How deep a module may lie in a checkout, and how much is looked at for it.
const DEPTH_MAX: usize = 8;
const ENTRIES_MAX: usize = 200_000;

/// Tags removed by one command.
const TAGS_AT_ONCE: usize = 500;

/// A checkout.
#[derive(Debug)]
pub struct Checkout {
    /// The folder as it was named.
    pub folder: PathBuf,
    /// The repository's top folder; `None` where git knows none.
    top: Option<PathBuf>,
    /// The commit that is built.
    pub commit: Option<String>,
    /// Whether the folder holds something else than its commit.
    pub is_changed: bool,
    /// When that was looked at.
    looked_at: SystemTime,
    /// What a reader should know, a sentence each.
    pub said: Vec<String>,
}

impl Checkout {
    /// Looks at a checkout.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn open(folder: &Path, recipe: &Recipe, desk: &Desk<'_>) -> anyhow::Result<Self> {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("naming {}", folder.display()))?;
        let mut checkout = Self {
            top: None,
            commit: None,
            is_changed: false,
            looked_at: SystemTime::now(),
            said: Vec::new(),
            folder,
        };
        let git = Git::find(desk);
        let top = match &git {
            Some(git) => git.ask(&checkout.folder, &["rev-parse", "--show-toplevel"])?,
            None => Err("there is no git on PATH".into()),
        };
        match (top, git) {
            (Ok(top), Some(git)) => {
                checkout.top = Some(PathBuf::from(top.trim_end_matches('\n')));
                checkout.choose(recipe, &git)?;
            }
            (Err(said), _) => {
                let name = checkout.folder.display();
                checkout.said.push(match recipe.source.revision.as_deref() {
                    Some(commit) => format!(
                        "{name} is not a repository of git ({said}): nothing shows that it is commit {commit}, which the file names"
                    ),
                    None => format!("{name} is not a repository of git; it is taken as it is"),
                });
            }
            (Ok(_), None) => {}
        }
        Ok(checkout)
    }

    /// Says whether git knows it.
    pub fn is_repository(&self) -> bool {
        self.top.is_some()
    }

    /// Returns what tells it from other checkouts, and from itself in another run where
    /// files may have changed that no commit holds.
    pub fn identity(&self) -> String {
        match &self.commit {
            Some(commit) if !self.is_changed => commit.clone(),
            commit => {
                let known = commit.clone();
                let known = known.unwrap_or_else(|| self.folder.display().to_string());
                let since = self.looked_at.duration_since(SystemTime::UNIX_EPOCH);
                format!("{known} at {:?}", since.unwrap_or_default())
            }
        }
    }

    /// Says whether it has a module of this path.
    pub fn declares(&self, module: &str) -> bool {
        find_module(&self.folder, module).is_some()
    }

    /// Chooses the commit: the one that the file names, where it is there.
    fn choose(&mut self, recipe: &Recipe, git: &Git<'_>) -> anyhow::Result<()> {
        let name = self.folder.display().to_string();
        let head = git.ask(&self.folder, &["rev-parse", "--verify", "HEAD"])?;
        let head = match head {
            Ok(head) => head.trim().to_owned(),
            Err(said) => bail!("{name} has no commit: {said}"),
        };
        let status = ["status", "--porcelain", "--untracked-files=normal"];
        let changed = git.ask(&self.folder, &status)?;
        self.is_changed = changed.is_ok_and(|changed| !changed.is_empty());
        if self.is_changed {
            self.said.push(format!(
                "{name} holds changes that are not committed; they are built only where the file says that its tree was modified"
            ));
        }
        let Some(wanted) = recipe.source.revision.as_deref() else {
            self.said
                .push(format!("the file names no commit; {name} is at {head}"));
            self.commit = Some(head);
            return Ok(());
        };
        if !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("the file names a commit that is none: {wanted:?}");
        }
        let kind = git.ask(&self.folder, &["cat-file", "-t", wanted])?;
        let is_there = kind.is_ok_and(|kind| kind.trim() == "commit");
        self.said.push(if wanted == head {
            format!("{name} is at {head}, the commit that the file names")
        } else if is_there {
            format!("{name} is at {head}; the commit that the file names, {wanted}, is in it and is built")
        } else {
            format!(
                "commit {wanted}, which the file names, is not in {name}: another repository's, or not fetched; {head} is built"
            )
        });
        self.commit = Some(if is_there { wanted.to_owned() } else { head });
        Ok(())
    }

    /// Puts it up.
    pub(super) fn put_up(
        &self,
        plan: &Plan,
        recipe: &Recipe,
        desk: &Desk<'_>,
    ) -> anyhow::Result<Site> {
        let name = match plan.tree {
            Tree::Commit => "commit",
            Tree::Untracked => "untracked",
            Tree::Changed => "changed",
            Tree::Module | Tree::Stamped | Tree::Required | Tree::Wrapper => {
                bail!("a checkout is not put up as a module of GOPROXY")
            }
        };
        let name = match plan.tag.as_deref() {
            None => format!("trees/{name}"),
            Some("") => format!("trees/{name}-without-tags"),
            Some(tag) => format!("trees/{name}-{}", hex::encode(tag)),
        };
        let top = desk.work.path().join(&name);
        if !desk.work.holds(&name, &self.identity()) {
            desk.work.empty_folder(&name)?;
            self.fill(plan.tree, &top, desk)?;
            if let Some(tag) = &plan.tag {
                self.tag(tag, &top, recipe, desk)?;
            }
            desk.work.note_held(&name, &self.identity())?;
        }
        let module = recipe.source.module.as_deref();
        let folder = module
            .and_then(|module| find_module(&top, module))
            .unwrap_or_else(|| self.inside(&top));
        if !folder.join("go.mod").is_file() {
            let wanted = module.unwrap_or("the program");
            return Err(Obstacle::new(
                Kind::Source,
                format!("{} has no go.mod of {wanted}", self.folder.display()),
            )
            .into());
        }
        Ok(Site { folder, top })
    }

    /// Where the folder that was named is in a copy of the repository.
    fn inside(&self, top: &Path) -> PathBuf {
        let own = self.top.as_deref().unwrap_or(&self.folder);
        match self.folder.strip_prefix(own) {
            Ok(inside) => top.join(inside),
            Err(_) => top.to_owned(),
        }
    }

    fn fill(&self, tree: Tree, top: &Path, desk: &Desk<'_>) -> anyhow::Result<()> {
        let (Some(own), Some(commit)) = (&self.top, &self.commit) else {
            // Version control that git does not know must not be known in the copy either.
            fs::remove_dir(top).context("making room for the source")?;
            copy::folder(&self.folder, top, Manner::default())?;
            return Ok(());
        };
        let git = Git::find(desk).context("there is no git on PATH")?;
        let own = own.as_os_str().to_owned();
        let words: [OsString; 6] = [
            "clone".into(),
            "--quiet".into(),
            "--no-checkout".into(),
            "--template=".into(),
            own,
            top.into(),
        ];
        git.must(desk.work.path(), &words)?;
        let out = ["checkout", "--quiet", "--detach", commit].map(OsString::from);
        if git.ask_words(top, &out)?.is_err() {
            // What no branch leads to is not cloned.
            let fetch = ["fetch", "--quiet", "origin", commit].map(OsString::from);
            git.must(top, &fetch)?;
            git.must(top, &out)?;
        }
        match tree {
            Tree::Untracked => fs::write(top.join(UNTRACKED), "").context("making a file")?,
            Tree::Changed => self.apply_changes(top, &git, desk)?,
            Tree::Commit | Tree::Module | Tree::Stamped | Tree::Required | Tree::Wrapper => {}
        }
        Ok(())
    }

    /// Leaves the clone without tags but for one at its commit.
    fn tag(&self, tag: &str, top: &Path, recipe: &Recipe, desk: &Desk<'_>) -> anyhow::Result<()> {
        let git = Git::find(desk).context("there is no git on PATH")?;
        let listed = git.must(top, &["tag", "--list"].map(OsString::from))?;
        let tags: Vec<OsString> = listed.lines().map(OsString::from).collect();
        for some in tags.chunks(TAGS_AT_ONCE) {
            let words: Vec<OsString> = ["tag", "--delete", "--"].map(OsString::from).into();
            git.must(top, &[words.as_slice(), some].concat())?;
        }
        if tag.is_empty() {
            return Ok(());
        }
        // A module below the top has its folder in its tags.
        let module = recipe.source.module.as_deref();
        let folder = module.and_then(|module| find_module(top, module));
        let inside = folder
            .as_deref()
            .and_then(|folder| folder.strip_prefix(top).ok());
        let inside = inside.filter(|inside| !inside.as_os_str().is_empty());
        let name = match inside {
            Some(inside) => format!("{}/{tag}", inside.display()),
            None => tag.to_owned(),
        };
        git.must(top, &["tag", "--", &name].map(OsString::from))?;
        Ok(())
    }

    /// Brings what is not committed to the clone.
    fn apply_changes(&self, top: &Path, git: &Git<'_>, desk: &Desk<'_>) -> anyhow::Result<()> {
        let own = self.top.as_deref().unwrap_or(&self.folder);
        let words = ["diff", "--binary", "--no-ext-diff", "HEAD"];
        let Ok(changes) = git.ask(own, &words)? else {
            bail!("git diff in {} does not work", own.display());
        };
        if !changes.trim().is_empty() {
            let file = desk.work.path().join("changes.diff");
            fs::write(&file, changes).context("keeping the changes")?;
            let apply: [OsString; 3] = ["apply".into(), "--whitespace=nowarn".into(), file.into()];
            git.must(top, &apply)?;
        }
        let words = ["ls-files", "--others", "--exclude-standard", "-z"];
        let Ok(others) = git.ask(own, &words)? else {
            return Ok(());
        };
        for name in others.split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (own.join(name), top.join(name));
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).context("making a folder")?;
            }
            let is_file = from.symlink_metadata().is_ok_and(|file| file.is_file());
            if is_file {
                fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
            }
        }
        Ok(())
    }
}

/// Finds the folder of a module in a checkout.
fn find_module(top: &Path, module: &str) -> Option<PathBuf> {
    let is_own = |folder: &Path| declared(&folder.join("go.mod")).as_deref() == Some(module);
    if is_own(top) {
        return Some(top.to_owned());
    }
    let walk = WalkDir::new(top)
        .follow_links(false)
        .max_depth(DEPTH_MAX)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !matches!(entry.file_name().to_str(), Some(".git" | "vendor")));
    walk.take(ENTRIES_MAX)
        .flatten()
        .filter(|entry| entry.file_name() == "go.mod")
        .filter_map(|entry| entry.path().parent().map(Path::to_owned))
        .find(|folder| is_own(folder))
}
