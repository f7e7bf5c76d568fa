//! From the files that people name to the module versions that they need.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use proto::buildinfo::{BuildInfo, Module, blob};
use proto::gosum;
use proto::info::{Info, versions};
use proto::module::{ModulePath, ModuleVersion, pseudo};
use proto::mvs::Graph;
use proto::mvs::gomod::{GoMod, With};
use proto::mvs::gowork::GoWork;
use proto::semver;
use sha2::{Digest as _, Sha256};

use super::Error;
use super::ask::{Ask, not_had, whole};
use super::wanted::{Need, Wanted};
use crate::store::Key;

/// What is asked for.
pub(crate) struct Inputs<'a> {
    pub(crate) files: &'a [PathBuf],
    /// Go toolchains: `go1.27.3:linux/amd64`.
    pub(crate) toolchains: &'a [String],
    pub(crate) with_tests: bool,
}

/// The line of a list whose versions may not exist: those are left out, with a note.
pub(crate) const WHERE_THERE: &str = "# What does not exist is left out.";

/// Bytes of go.mod files and the like.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Bytes that are read of a file that somebody names.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// go.mod files that are asked for at once.
const ASKED_AT_ONCE: usize = 16;
/// Files of a GOMODCACHE.
const FILES_MAX: usize = 1_000_000;

/// Reads the files, and asks for what tells what they need.
///
/// # Errors
/// A file that cannot be read, or something that cannot be had.
pub(crate) async fn gather(ask: &dyn Ask, inputs: &Inputs<'_>) -> Result<Wanted, Error> {
    let mut gathering = Gathering {
        ask,
        with_tests: inputs.with_tests,
        wanted: Wanted::default(),
    };
    for file in inputs.files {
        gathering.file(file).await?;
    }
    for text in inputs.toolchains {
        gathering.toolchain(text)?;
    }
    Ok(gathering.wanted)
}

struct Gathering<'a> {
    ask: &'a dyn Ask,
    with_tests: bool,
    wanted: Wanted,
}

impl Gathering<'_> {
    async fn file(&mut self, file: &Path) -> Result<(), Error> {
        if file.is_dir() {
            return self.module_cache(file);
        }
        let bytes = read(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let sha256 = hex::encode(Sha256::digest(&bytes));
        self.wanted.asked.push(format!("{name} (SHA-256 {sha256})"));
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if !["sum", "mod", "work", "txt"].contains(&ending) {
            return self.program(file, &bytes);
        }
        let text = String::from_utf8(bytes).map_err(|_| wrong(file, "it is not UTF-8"))?;
        match ending {
            "sum" => {
                let lines = gosum::parse(&text).map_err(|error| wrong(file, error))?;
                self.wanted.add_go_sum(lines);
                Ok(())
            }
            "mod" => self.go_mod(file, &text).await,
            "work" => self.go_work(file, &text).await,
            _ => self.list(file, &text).await,
        }
    }

    async fn go_mod(&mut self, file: &Path, text: &str) -> Result<(), Error> {
        let main = GoMod::parse(text).map_err(|error| wrong(file, error))?;
        let graph = Graph::of_module(&main).map_err(|error| wrong(file, error))?;
        self.graph(file, graph).await
    }

    async fn go_work(&mut self, file: &Path, text: &str) -> Result<(), Error> {
        let work = GoWork::parse(text).map_err(|error| wrong(file, error))?;
        let mut mains = Vec::new();
        for folder in &work.folders {
            let path = beside(file, folder).join("go.mod");
            let text =
                String::from_utf8(read(&path)?).map_err(|_| wrong(&path, "it is not UTF-8"))?;
            mains.push(GoMod::parse(&text).map_err(|error| wrong(&path, error))?);
        }
        let graph = Graph::of_workspace(&mains, work.replace);
        self.graph(file, graph.map_err(|error| wrong(file, error))?)
            .await
    }

    /// Reads the graph's go.mod files to its end.
    async fn graph(&mut self, file: &Path, mut graph: Graph) -> Result<(), Error> {
        loop {
            let needed = graph.needed();
            if needed.is_empty() {
                break;
            }
            let ask = self.ask;
            let given: Vec<(ModuleVersion, GoMod)> = stream::iter(needed)
                .map(|version| {
                    let with = graph.replacement(&version).map(|it| it.with.clone());
                    async move {
                        let text = match with {
                            Some(With::Folder(folder)) => in_folder(&beside(file, &folder))?,
                            Some(With::Module(other)) => go_mod_of(ask, &other).await?,
                            None => go_mod_of(ask, &version).await?,
                        };
                        let file = GoMod::parse_dependency(&text);
                        let file =
                            file.map_err(|error| not_had(&version.to_string(), error.to_string()))?;
                        Ok::<_, Error>((version, file))
                    }
                })
                .buffered(ASKED_AT_ONCE)
                .try_collect()
                .await?;
            for (version, go_mod) in given {
                let taken = graph.give(&version, &go_mod);
                taken.map_err(|error| wrong(file, error))?;
            }
        }
        let place = |version: &ModuleVersion| match graph.replacement(version) {
            None => Some(version.clone()),
            Some(replacement) => match &replacement.with {
                With::Module(other) => Some(other.clone()),
                With::Folder(_) => None,
            },
        };
        self.wanted.add_graph(&graph, self.with_tests, &place);
        Ok(())
    }

    async fn list(&mut self, file: &Path, text: &str) -> Result<(), Error> {
        let need = match text.lines().any(|line| line.trim() == WHERE_THERE) {
            true => Need::ZipIfThere,
            false => Need::Zip,
        };
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let version = match line.strip_suffix("@latest") {
                Some(module) => {
                    let module = ModulePath::parse(module).map_err(|error| wrong(file, error))?;
                    let version = self.latest(&module).await?;
                    self.wanted.asked.push(format!("{line}: {version}"));
                    version
                }
                None => ModuleVersion::parse(line).map_err(|error| wrong(file, error))?,
            };
            self.wanted.add(version, need);
        }
        Ok(())
    }

    /// The version that the go command takes for `latest`: the highest release of the list,
    /// else its highest pre-release, else what upstream calls the latest.
    async fn latest(&self, module: &ModulePath) -> Result<ModuleVersion, Error> {
        let list = whole(
            self.ask,
            &format!("{}/@v/list", module.escaped()),
            TEXT_BYTES_MAX,
        )
        .await;
        let list = match list {
            Err(Error::NotHad { absent: true, .. }) => Vec::new(),
            list => list?,
        };
        let what = format!("{module}@latest");
        let wrong = |error: &dyn std::fmt::Display| not_had(&what, error.to_string());
        let listed = versions::parse(&list).map_err(|error| wrong(&error))?;
        let named = listed.into_iter().map(|it| it.version.to_string());
        let named = named.filter(|it| !pseudo::is_pseudo(it));
        let is_release = |it: &str| semver::prerelease(it).is_empty();
        let highest = named.max_by(|a, b| {
            let by_kind = is_release(a).cmp(&is_release(b));
            by_kind.then(semver::compare(a, b))
        });
        let version = match highest {
            Some(version) => version,
            None => {
                let path = format!("{}/@latest", module.escaped());
                let info = whole(self.ask, &path, TEXT_BYTES_MAX).await?;
                Info::parse(&info).map_err(|error| wrong(&error))?.version
            }
        };
        ModuleVersion::parse(&format!("{module}@{version}")).map_err(|error| wrong(&error))
    }

    fn program(&mut self, file: &Path, bytes: &[u8]) -> Result<(), Error> {
        let none = || {
            let text = "it is not a go.sum, go.mod, go.work or list (.txt), and no program with build \
                        information";
            wrong(file, text)
        };
        let framed = blob::find_framed(bytes).ok_or_else(none)?;
        let text = bytes.get(framed).map(blob::unframe).ok_or_else(none)?;
        let text = std::str::from_utf8(text).map_err(|_| none())?;
        let info = BuildInfo::parse(text).map_err(|error| wrong(file, error))?;
        for module in info.main.iter().chain(&info.deps) {
            if let Some(version) = fetched(module) {
                self.wanted.add(version, Need::Zip);
            }
        }
        Ok(())
    }

    /// Adds all that a GOMODCACHE, or its `cache/download`, holds.
    fn module_cache(&mut self, folder: &Path) -> Result<(), Error> {
        let inner = folder.join("cache/download");
        let root = if inner.is_dir() {
            inner
        } else {
            folder.to_owned()
        };
        let mut folders = vec![root.clone()];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(Error::at(&folder))? {
                let entry = entry.map_err(Error::at(&folder))?;
                count += 1;
                if count > FILES_MAX {
                    return Err(wrong(&root, format!("it has more than {FILES_MAX} files")));
                }
                let path = entry.path();
                if entry.file_type().map_err(Error::at(&path))?.is_dir() {
                    folders.push(path);
                } else if let Ok(place) = path.strip_prefix(&root) {
                    self.cached(&place.to_string_lossy());
                }
            }
        }
        self.wanted.asked.push("a GOMODCACHE".to_owned());
        if self.wanted.modules.is_empty() {
            return Err(wrong(&root, "it holds no modules: give a GOMODCACHE"));
        }
        Ok(())
    }

    fn cached(&mut self, place: &str) {
        let Some(key) = Key::parse(place) else { return };
        let Some((module, version, ending)) = key.of_version() else {
            return;
        };
        let need = match ending {
            "zip" => Need::Zip,
            "mod" => Need::GoMod,
            _ => return,
        };
        if let Ok(version) = ModuleVersion::from_escaped(&format!("{module}@{version}")) {
            self.wanted.add(version, need);
        }
    }

    fn toolchain(&mut self, text: &str) -> Result<(), Error> {
        let bad = || {
            let text = format!("--toolchain {text:?}: write it as go1.27.3:linux/amd64");
            Error::Refused(text)
        };
        let (go, platform) = text.split_once(':').ok_or_else(bad)?;
        let (os, arch) = platform.split_once('/').ok_or_else(bad)?;
        let is_word = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric());
        if !go.starts_with("go1") || !is_word(os) || !is_word(arch) {
            return Err(bad());
        }
        let name = format!("golang.org/toolchain@v0.0.1-{go}.{os}-{arch}");
        let version = ModuleVersion::parse(&name).map_err(|_| bad())?;
        self.wanted.asked.push(format!("toolchain {text}"));
        self.wanted.add(version, Need::Zip);
        Ok(())
    }
}

/// The version that a module of a program was fetched as, where it was.
fn fetched(module: &Module) -> Option<ModuleVersion> {
    let module = module.replace.as_deref().unwrap_or(module);
    if module.sum.is_empty() {
        return None;
    }
    ModuleVersion::parse(&format!("{}@{}", module.path, module.version)).ok()
}

async fn go_mod_of(ask: &dyn Ask, version: &ModuleVersion) -> Result<String, Error> {
    let (module, name) = (version.path.escaped(), version.version.escaped());
    let path = format!("{module}/@v/{name}.mod");
    let bytes = whole(ask, &path, TEXT_BYTES_MAX).await?;
    String::from_utf8(bytes).map_err(|_| not_had(&path, "it is not UTF-8".to_owned()))
}

/// The go.mod of a folder that takes a module's place; empty where there is none.
fn in_folder(folder: &Path) -> Result<String, Error> {
    let path = folder.join("go.mod");
    match read(&path) {
        Err(Error::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            Ok(String::new())
        }
        bytes => String::from_utf8(bytes?).map_err(|_| wrong(&path, "it is not UTF-8")),
    }
}

fn beside(file: &Path, folder: &str) -> PathBuf {
    let parent = file.parent().unwrap_or_else(|| Path::new(""));
    parent.join(folder)
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    use io::Read as _;
    let opened = fs::File::open(file).map_err(Error::at(file))?;
    let mut bytes = Vec::new();
    let mut opened = opened.take(FILE_BYTES_MAX + 1);
    opened.read_to_end(&mut bytes).map_err(Error::at(file))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(wrong(
            file,
            format!("it has more than {FILE_BYTES_MAX} bytes"),
        ));
    }
    Ok(bytes)
}

fn wrong(file: &Path, why: impl std::fmt::Display) -> Error {
    Error::Refused(format!("{}: {why}", file.display()))
}
