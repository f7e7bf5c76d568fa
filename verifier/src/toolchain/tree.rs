//! An installed Go distribution, hashed as the module it was published as.
//!
//! Links are followed, since the go command follows them too and some packagers
//! lay trees out with them; pipes and devices are never opened. What the rules of
//! packing leave out is counted and not read.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proto::digest::Digest;
use proto::toolchain::{
    Manifest, Outside, Place, Release, Target, VersionFile, folder_outside, place,
};
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::claim;
use super::unhashed::{self, NAMES_MAX, Unhashed};
use crate::opening::{self, Links};
use crate::progress::{Bar, Progress};

/// The most files and folders of a tree that are looked at.
const ENTRIES_MAX: usize = 400_000;

/// The most that all hashed files may hold together, in bytes: what a module zip
/// may unpack to, four times.
const TOTAL_BYTES_MAX: u64 = 2 << 30;

/// How deep folders may lie in each other.
const DEPTH_MAX: usize = 64;

/// A tree and what it holds.
#[derive(Debug)]
pub struct Tree {
    /// Its root.
    pub root: PathBuf,
    /// What its VERSION file says.
    pub version: VersionFile,
    /// The release that it says it is, for the target it has tools for.
    pub release: Release,
    /// The hashes of the files that belong to the module.
    pub manifest: Manifest,
    /// Bytes in them.
    pub bytes: u64,
    /// What belongs to no module, by kind.
    pub outside: BTreeMap<Outside, Outsiders>,
    /// Links that were followed, or led nowhere.
    pub links: Vec<Link>,
    /// What could not be hashed or named, and why.
    pub unhashed: Unhashed,
    /// Each `go.mod` that differs from the `_go.mod` beside it. The module has the
    /// second, the go command reads the first.
    pub shadowed: Vec<String>,
}

/// Files and folders outside the module.
#[derive(Debug, Default, Clone)]
pub struct Outsiders {
    /// How many were seen; folders were not looked into.
    pub count: usize,
    /// Their names, at most `NAMES_MAX`.
    pub names: Vec<String>,
}

/// A symbolic link in a tree.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its name below the root.
    pub name: String,
    /// Where it points, as it is written.
    pub target: String,
}

/// A file that belongs to the module.
struct ModuleFile {
    path: PathBuf,
    /// Its name below the root.
    name: String,
    /// Its name in the module.
    inside: String,
    size: u64,
}

impl Tree {
    /// Reads VERSION, walks the tree and hashes what belongs to the module.
    ///
    /// # Errors
    /// When the folder is not a Go distribution, a file in it can't be read, or it
    /// holds more than is read.
    pub fn read(root: &Path, target: Option<Target>, progress: Progress) -> anyhow::Result<Self> {
        let root = fs::canonicalize(root)
            .with_context(|| format!("{}: there is no such folder", root.display()))?;
        let (version, release) = claim::read(&root, target)?;
        let mut tree = Self {
            manifest: Manifest::new(release.clone()),
            root,
            version,
            release,
            bytes: 0,
            outside: BTreeMap::new(),
            links: Vec::new(),
            unhashed: Unhashed::default(),
            shadowed: Vec::new(),
        };
        let found = tree.walk()?;
        tree.hash(found, progress)?;
        Ok(tree)
    }

    fn walk(&mut self) -> anyhow::Result<Vec<ModuleFile>> {
        let mut found = Vec::new();
        let mut walk = WalkDir::new(&self.root)
            .follow_links(true)
            // What is named first is the same on every machine.
            .sort_by_file_name()
            .max_depth(DEPTH_MAX)
            .min_depth(1)
            .into_iter();
        let mut entries = 0_usize;
        while let Some(entry) = walk.next() {
            entries += 1;
            if entries > ENTRIES_MAX {
                bail!(
                    "{}: more than {ENTRIES_MAX} files; name the GOROOT itself",
                    self.root.display()
                );
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable(&error)?;
                    continue;
                }
            };
            let name = match unhashed::name_in_module(self.relative(entry.path())) {
                Ok(name) => name,
                Err(reason) => {
                    self.unhashed(entry.path(), reason);
                    if entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                    continue;
                }
            };
            self.note_link(&entry, &name);
            if entry.file_type().is_dir() {
                if let Some(outside) = folder_outside(&name, &self.release) {
                    self.outside(outside, format!("{name}/"));
                    walk.skip_current_dir();
                } else if entry.depth() >= DEPTH_MAX {
                    self.unhashed(entry.path(), "a folder deeper than any that is looked into");
                }
                continue;
            }
            self.file(&entry, name, &mut found)?;
        }
        Ok(found)
    }

    /// Sorts one file in.
    fn file(
        &mut self,
        entry: &DirEntry,
        name: String,
        found: &mut Vec<ModuleFile>,
    ) -> anyhow::Result<()> {
        let inside = match place(&name, &self.release) {
            Place::Outside(outside) => {
                self.outside(outside, name);
                return Ok(());
            }
            Place::Module(inside) => inside,
        };
        if !entry.file_type().is_file() {
            self.unhashed(
                entry.path(),
                "neither a file nor a folder; it was not opened",
            );
            return Ok(());
        }
        let size = entry
            .metadata()
            .with_context(|| format!("reading {}", entry.path().display()))?
            .len();
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > TOTAL_BYTES_MAX {
            bail!(
                "{}: more than {TOTAL_BYTES_MAX} bytes, several times what a release has",
                self.root.display()
            );
        }
        found.push(ModuleFile {
            path: entry.path().into(),
            name,
            inside,
            size,
        });
        Ok(())
    }

    /// Hashes files on all processors, the largest first so that none is last.
    fn hash(&mut self, mut found: Vec<ModuleFile>, progress: Progress) -> anyhow::Result<()> {
        found.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
        let bar = progress.bytes("hashing", self.bytes);
        let hashes: Vec<[u8; 32]> = found
            .par_iter()
            .map(|found| {
                hash_file(found, &bar).with_context(|| format!("reading {}", found.path.display()))
            })
            .collect::<anyhow::Result<_>>()?;
        bar.finish();
        let mut renamed = HashMap::new();
        for (found, sha256) in found.iter().zip(hashes) {
            // In a tree that the go command downloaded both are there, the second
            // copied from the first.
            if found.name != found.inside {
                renamed.insert(found.inside.as_str(), (found.name.as_str(), sha256));
            } else {
                self.manifest.insert(&found.inside, sha256);
            }
        }
        for (inside, (name, sha256)) in renamed {
            match self.manifest.file(inside) {
                None => self.manifest.insert(inside, sha256),
                Some(packed) if packed != sha256 => self.shadowed.push(name.to_owned()),
                Some(_) => {}
            }
        }
        self.shadowed.sort_unstable();
        Ok(())
    }

    fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    fn note_link(&mut self, entry: &DirEntry, name: &str) {
        if entry.path_is_symlink() && self.links.len() < NAMES_MAX {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            self.links.push(Link {
                name: name.to_owned(),
                target: target.to_string_lossy().into_owned(),
            });
        }
    }

    /// A broken link or a loop of links leaves a tree that can be judged; a folder
    /// that may not be read does not.
    fn unreadable(&mut self, error: &walkdir::Error) -> anyhow::Result<()> {
        let path = error.path().unwrap_or(&self.root).to_owned();
        let is_link = path.is_symlink();
        if !is_link && error.loop_ancestor().is_none() {
            let reason = error
                .io_error()
                .map_or_else(|| error.to_string(), io::Error::to_string);
            bail!("reading {}: {reason}", path.display());
        }
        let reason = if error.loop_ancestor().is_some() {
            "a link to a folder that it lies in"
        } else {
            "a link that leads nowhere"
        };
        self.unhashed(&path, reason);
        Ok(())
    }

    fn outside(&mut self, outside: Outside, name: String) {
        let is_run = outside == Outside::Tool && self.is_own_tool(&name);
        let outsiders = self.outside.entry(outside).or_default();
        outsiders.count += 1;
        if is_run {
            // The go command runs these: however many others there are, they are told.
            outsiders.names.insert(0, name);
            outsiders.names.truncate(NAMES_MAX);
        } else if outsiders.names.len() < NAMES_MAX {
            outsiders.names.push(name);
        }
    }

    /// Says whether a name outside the module is that of a tool for the tree's own
    /// system.
    pub fn is_own_tool(&self, name: &str) -> bool {
        let target = self.release.target();
        let own = format!("pkg/tool/{}_{}/", target.goos(), target.goarch());
        name.starts_with(&own) && !name.ends_with('/')
    }

    /// The first thing that the hash does not cover and a build may read all the same,
    /// and what it is.
    pub fn uncovered(&self) -> Option<(&str, &'static str)> {
        if let Some(name) = self.shadowed.first() {
            return Some((name, "is not the _go.mod beside it that the release has"));
        }
        let odd = self.unhashed.mattering.first()?;
        Some((&odd.name, odd.reason))
    }

    /// Whether compiled packages lie in pkg/ that this release can link and the hash
    /// does not cover.
    pub fn has_linkable_packages(&self) -> bool {
        !self.release.rules_are_known() && self.outside.contains_key(&Outside::Package)
    }

    fn unhashed(&mut self, path: &Path, reason: &'static str) {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        self.unhashed.add(relative, &self.release, reason);
    }
}

fn hash_file(found: &ModuleFile, bar: &Bar) -> io::Result<[u8; 32]> {
    let file = opening::regular(&found.path, Links::Followed)?.take(TOTAL_BYTES_MAX);
    Ok(Digest::of(bar.along(file))?.sha256)
}

#[cfg(test)]
mod tests {
    use crate::toolchain::made;

    #[test]
    fn tools_of_its_own_system_are_files_in_their_folder() {
        let tree = made::tree("go1.27.3");
        for (name, want) in [
            ("pkg/tool/linux_amd64/pack", true),
            ("pkg/tool/linux_amd64/folder/", false),
            ("pkg/tool/darwin_arm64/pack", false),
            ("pkg/tool/", false),
        ] {
            assert_eq!(tree.is_own_tool(name), want, "{name}");
        }
    }
}
