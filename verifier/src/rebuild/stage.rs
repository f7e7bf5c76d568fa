//! Puts a scene up: folders, copies and the command line of one build.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::copy::{self, Links, Manner};
use super::scene::{Scene, Sources};
use super::scratch::Scratch;
use super::variation::Ground;
use super::wrap::{self, Mount};
use crate::host::machine::{Becoming, Listing, MEMORY, OTHER_ID};
use crate::host::surroundings::Variables;

/// Where builds are put up; copies are made once and serve again.
#[derive(Debug)]
pub struct Stage<'a> {
    ground: &'a Ground<'a>,
    scratch: &'a Scratch,
    /// Copies that are there.
    made: BTreeSet<PathBuf>,
    /// For copies whose files must be listed by the order of their making.
    memory: Option<Scratch>,
}

/// A build that is ready to run.
#[derive(Debug)]
pub struct Ready {
    /// The program to start, with its arguments.
    pub argv: Vec<OsString>,
    /// The folder it is built in.
    pub folder: PathBuf,
    /// Where the program is started: elsewhere when the folder is only there
    /// once something is mounted.
    pub start: PathBuf,
    /// The whole environment.
    pub variables: Variables,
    /// Where the program will be.
    pub program: PathBuf,
    /// Folders that this build alone has, besides its cache and its program's.
    pub own: Vec<PathBuf>,
}

impl<'a> Stage<'a> {
    /// Begins with an empty stage.
    pub fn new(ground: &'a Ground<'a>, scratch: &'a Scratch) -> Self {
        Self {
            ground,
            scratch,
            made: BTreeSet::new(),
            memory: None,
        }
    }

    /// Makes everything ready for build `number` of a scene.
    ///
    /// # Errors
    /// A folder that can't be made or copied.
    pub fn prepare(&mut self, scene: &Scene, number: usize, cache: &Path) -> anyhow::Result<Ready> {
        let project = self.ground.project;
        let mut variables = scene.variables.clone();
        variables.insert("GOCACHE".into(), cache.into());
        let output = self.scratch.folder(&format!("build-{number}/out"))?;
        let mut own = vec![output.clone(), cache.to_owned()];
        self.folders(scene, number, &mut variables, &mut own)?;
        let (copy, mounts) = self.sources(scene.sources)?;
        let moved = |path: &Path| {
            let (Some(copy), Ok(roots)) = (&copy, &project.roots) else {
                return path.to_owned();
            };
            roots.moved(path, copy).unwrap_or_else(|| path.to_owned())
        };
        let folder = moved(&project.folder);
        variables.insert("PWD".into(), folder.clone().into());
        if let Some(work) = variables.get_mut(OsStr::new("GOWORK")) {
            *work = moved(Path::new(work)).into();
        }
        let go = if scene.moved_goroot {
            self.goroot()?
                .join("bin")
                .join(project.go.file_name().unwrap_or_default())
        } else {
            project.go.clone()
        };
        let program = output.join(&project.name);
        let mut build = vec![
            go.into_os_string(),
            "build".into(),
            "-o".into(),
            program.clone().into(),
        ];
        build.extend(
            project
                .build
                .flags
                .iter()
                .map(|flag| moved_flag(flag, &moved)),
        );
        build.extend(scene.flags.iter().cloned());
        build.push("--".into());
        build.extend(
            project
                .build
                .packages
                .iter()
                .map(|one| moved(Path::new(one)).into()),
        );
        if matches!(scene.user, Some(Becoming::Switched(_))) {
            hand_over(self.scratch.path(), &own)?;
        }
        Ok(Ready {
            argv: wrap::wrap(scene, self.ground.machine, &mounts, &folder, build),
            start: if mounts.is_empty() {
                folder.clone()
            } else {
                self.scratch.path().to_owned()
            },
            folder,
            variables,
            program,
            own: own.split_off(2),
        })
    }

    /// Folders that a scene has of its own.
    fn folders(
        &self,
        scene: &Scene,
        number: usize,
        variables: &mut Variables,
        own: &mut Vec<PathBuf>,
    ) -> anyhow::Result<()> {
        let mut make = |name: &str, variable: &str| -> anyhow::Result<PathBuf> {
            let path = self.scratch.folder(&format!("build-{number}/{name}"))?;
            variables.insert(variable.into(), path.clone().into());
            own.push(path.clone());
            Ok(path)
        };
        if scene.moved_temporary {
            make("other-temporary", "TMPDIR")?;
            make("other-temporary-go", "GOTMPDIR")?;
        }
        if scene.fresh_modules {
            make("modules", "GOMODCACHE")?;
        }
        if scene.fresh_home {
            let home = make("other-home", "HOME")?;
            for config in [".config", "Library/Application Support"] {
                // Go's counters would be written here by a process that may
                // outlive the build.
                let telemetry = home.join(config).join("go/telemetry");
                fs::create_dir_all(&telemetry)
                    .and_then(|()| fs::write(telemetry.join("mode"), "off"))
                    .context("making a home folder")?;
            }
            for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
                variables.remove(OsStr::new(name));
            }
        }
        Ok(())
    }

    /// Copies the sources as asked; gives where they have moved to, and what is
    /// to be mounted there or where they have not.
    fn sources(&mut self, sources: Sources) -> anyhow::Result<(Option<PathBuf>, Vec<Mount>)> {
        let (false, Ok(roots)) = (sources.is_original(), &self.ground.project.roots) else {
            return Ok((None, Vec::new()));
        };
        let Manner {
            reversed,
            other_times,
            ..
        } = sources.manner;
        let name = match (reversed, other_times) {
            (false, false) => "elsewhere",
            (true, false) => "elsewhere-reversed",
            (false, true) => "elsewhere-times",
            (true, true) => "elsewhere-reversed-times",
        };
        let in_memory = reversed && self.ground.machine.listing == Ok(Listing::Memory);
        let parent = if in_memory {
            self.memory()?.folder(name)?
        } else {
            self.scratch.folder(name)?
        };
        // The last part is what a folder of sources may be called anywhere.
        let copy = parent.join("src");
        if self.made.insert(copy.clone()) {
            roots.copy(&copy, sources.manner)?;
        }
        if sources.moved && in_memory {
            let at = self.scratch.folder(&format!("{name}/src"))?;
            let mount = Mount {
                from: copy,
                at: at.clone(),
            };
            return Ok((Some(at), vec![mount]));
        }
        if sources.moved {
            return Ok((Some(copy), Vec::new()));
        }
        let pairs = roots.pairs(&copy).into_iter();
        let mounts = pairs.map(|(at, from)| Mount { from, at }).collect();
        Ok((None, mounts))
    }

    /// A temporary folder in memory, made when it is first needed.
    fn memory(&mut self) -> anyhow::Result<&Scratch> {
        let made = match self.memory.take() {
            Some(made) => made,
            None => Scratch::new(Path::new(MEMORY))?,
        };
        Ok(self.memory.insert(made))
    }

    fn goroot(&mut self) -> anyhow::Result<PathBuf> {
        let copy = self.scratch.path().join("another-goroot");
        if self.made.insert(copy.clone()) {
            let manner = Manner {
                links: Links::All,
                ..Manner::default()
            };
            let goroot = Path::new(self.ground.project.env("GOROOT"));
            copy::folder(goroot, &copy, manner)?;
        }
        Ok(copy)
    }
}

/// Gives a flag of go build the path that its file has in the copy.
fn moved_flag(flag: &OsStr, moved: &impl Fn(&Path) -> PathBuf) -> OsString {
    let Some((name, value)) = flag.to_str().and_then(|flag| flag.split_once('=')) else {
        return flag.to_owned();
    };
    let is_path = matches!(name, "-modfile" | "-overlay" | "-pgo" | "-toolexec");
    if !is_path || !Path::new(value).is_absolute() {
        return flag.to_owned();
    }
    let mut word = OsString::from(format!("{name}="));
    word.push(moved(Path::new(value)));
    word
}

/// Lets the other user come to this run's folders, and gives it those that the
/// build writes to.
#[cfg(unix)]
fn hand_over(scratch: &Path, own: &[PathBuf]) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let through = fs::Permissions::from_mode(0o711);
    fs::set_permissions(scratch, through).context("opening the temporary folder")?;
    for folder in own {
        for entry in walkdir::WalkDir::new(folder).follow_links(false) {
            let entry = entry.context("handing over a folder")?;
            std::os::unix::fs::lchown(entry.path(), Some(OTHER_ID), Some(OTHER_ID))
                .with_context(|| format!("handing over {}", entry.path().display()))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn hand_over(_: &Path, _: &[PathBuf]) -> anyhow::Result<()> {
    Ok(())
}
