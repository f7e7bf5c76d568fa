//! What is built: the package, the go command that builds it, and the folders
//! it is made of.

mod roots;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::destination;
use super::flags::GoBuild;
use crate::host::child::Finished;
use crate::host::interrupt::Interrupt;
use crate::host::surroundings::Variables;
use crate::host::{child, search_path, surroundings};
pub use roots::Roots;

/// The program to build, and with what.
#[derive(Debug)]
pub struct Project {
    /// The go command: the one of GOROOT, after go has chosen a toolchain.
    pub go: PathBuf,
    /// Where builds run.
    pub folder: PathBuf,
    /// What builds find in their environment unless it is varied.
    pub variables: Variables,
    /// The command line of go build.
    pub build: GoBuild,
    /// `go env`, as JSON gives it.
    pub env: BTreeMap<String, String>,
    /// The import path of the package.
    pub package: String,
    /// Name for the program.
    pub name: String,
    /// Whether C code goes into it, of whichever package.
    pub has_cgo: bool,
    /// The folders that the program's own sources lie in; why they can't be
    /// copied.
    pub roots: Result<Roots, String>,
}

/// What is asked for, before go was asked anything.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The go command, where one is named.
    pub go: Option<&'a Path>,
    /// The command line of go build.
    pub build: GoBuild,
    /// Where we stand.
    pub here: &'a Path,
    /// What builds find in their environment.
    pub variables: Variables,
    /// Where `go env -w` keeps its settings, where that is said.
    pub goenv: Option<&'a OsStr>,
}

/// Runs the go command for questions.
#[derive(Debug)]
pub struct Asking<'a> {
    /// Where a cache may lie that no build shares.
    pub scratch: &'a Path,
    /// The longest that an answer may take.
    pub timeout: Duration,
    /// What ends the run.
    pub interrupt: &'a Interrupt,
}

impl Project {
    /// Finds out what is built.
    ///
    /// # Errors
    /// No go command, no package, not one program; each says what to do.
    pub fn find(wanted: Wanted<'_>, asking: &Asking<'_>) -> anyhow::Result<Self> {
        let Wanted {
            go,
            build,
            here,
            mut variables,
            goenv,
        } = wanted;
        let go = go_command(go, &variables)?;
        let folder = match &build.folder {
            Some(inside) => here.join(inside),
            None => here.to_owned(),
        };
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        variables.insert("PWD".into(), folder.clone().into());
        // Questions may change the index of the repository no more than builds.
        variables.insert("GIT_OPTIONAL_LOCKS".into(), "0".into());
        if let Some(goenv) = goenv {
            variables.insert("GOENV".into(), goenv.to_owned());
        }
        let env = asking.env(&go, &folder, &variables)?;
        let of = |name: &str| env.get(name).filter(|value| !value.is_empty());
        if let Some(file) = of("GOENV").filter(|file| *file != "off") {
            // There is none until somebody runs `go env -w`.
            let text = fs::read_to_string(file).unwrap_or_default();
            surroundings::add_settings(&mut variables, &text);
        }
        let goroot = of("GOROOT").context("go env says no GOROOT")?;
        let go = Path::new(goroot)
            .join("bin")
            .join(search_path::file_name("go"));
        if !go.is_file() {
            bail!(
                "{} is not there, though go env says GOROOT={goroot}",
                go.display()
            );
        }
        for (name, value) in [("GOENV", "off"), ("GOTOOLCHAIN", "local")] {
            variables.insert(name.into(), value.into());
        }
        // A build that is stopped leaves its files where nobody looks for them,
        // so they lie in a folder that goes away.
        for name in ["TMPDIR", "GOTMPDIR"] {
            variables.insert(name.into(), asking.temporary()?.into());
        }
        for name in ["GOPATH", "GOMODCACHE"] {
            if let Some(value) = of(name) {
                variables.insert(name.into(), value.into());
            }
        }
        let mut project = Self {
            roots: Roots::find(&folder, &env, &go, &variables, asking),
            go,
            folder,
            variables,
            build,
            env,
            package: String::new(),
            name: String::new(),
            has_cgo: false,
        };
        project.look(asking)?;
        Ok(project)
    }

    /// Returns what `go env` says, empty for nothing.
    pub fn env(&self, name: &str) -> &str {
        self.env.get(name).map_or("", String::as_str)
    }

    /// Asks which package is meant, and for code in C.
    fn look(&mut self, asking: &Asking<'_>) -> anyhow::Result<()> {
        let found = asking.list(self, &["-f", "{{.Name}}\t{{.ImportPath}}"])?;
        let listed: Vec<(&str, &str)> = found
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .collect();
        let is_program = |(name, _): &&(&str, &str)| *name == "main";
        let programs: Vec<_> = listed.iter().filter(is_program).collect();
        let (name, package) = match (listed.as_slice(), programs.as_slice()) {
            ([], _) => bail!("go list finds no package"),
            ([one], _) => *one,
            (_, [one]) => {
                // Of a pattern such as ./... go would want a folder for several.
                self.build.packages = vec![one.1.into()];
                **one
            }
            (several, []) => bail!(
                "none of the {} packages that this names is a program; name the folder of a package main",
                several.len()
            ),
            (_, several) => bail!(
                "name one program, and run this for each; this names {} programs: {}",
                several.len(),
                several
                    .iter()
                    .take(PROGRAMS_NAMED)
                    .map(|(_, path)| *path)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        if name != "main" {
            bail!("{package} is package {name}, no program; name the folder of a package main");
        }
        self.package = package.to_owned();
        let output = self.build.output.as_deref();
        let output = output.filter(|output| !destination::is_folder(&self.folder.join(output)));
        let output = output.and_then(Path::file_name);
        let name = output.map(|name| name.to_string_lossy().into_owned());
        self.name = name.unwrap_or_else(|| self.program_name());
        // The standard library's too: what is compiled from it is the C compiler's.
        let cgo = "{{range .CgoFiles}}c{{end}}";
        self.has_cgo = self.env("CGO_ENABLED") == "1"
            && asking.list(self, &["-deps", "-f", cgo])?.contains('c');
        Ok(())
    }

    /// The name that go would choose: the last part of the path that is not a major
    /// version, or of the first file.
    fn program_name(&self) -> String {
        let first = self.build.packages.first();
        let file = first.filter(|_| self.package == "command-line-arguments");
        let stem = file.and_then(|file| Path::new(file).file_stem());
        let is_major = |part: &&str| {
            let digits = part.strip_prefix('v');
            digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let path = self.package.rsplit('/').find(|part| !is_major(part));
        let name = stem.map_or_else(
            || path.unwrap_or("program").to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        name + self.env("GOEXE")
    }
}

/// Programs named where one is wanted.
const PROGRAMS_NAMED: usize = 12;

impl Asking<'_> {
    /// Returns the folder for temporary files, where that is not varied.
    fn temporary(&self) -> anyhow::Result<PathBuf> {
        let folder = self.scratch.join("temporary");
        let problem = || format!("making {}", folder.display());
        fs::create_dir_all(&folder).with_context(problem)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // As /tmp is: a build may run as another user. Who may come here at
            // all, the folder above says.
            let mode = fs::Permissions::from_mode(0o1777);
            fs::set_permissions(&folder, mode).with_context(problem)?;
        }
        Ok(folder)
    }

    /// Runs go and returns what it prints.
    ///
    /// # Errors
    /// With what it complained, when it fails.
    pub fn go(
        &self,
        go: &Path,
        folder: &Path,
        variables: &Variables,
        arguments: &[OsString],
    ) -> anyhow::Result<String> {
        let mut argv = vec![go.as_os_str().to_owned()];
        argv.extend_from_slice(arguments);
        let prepare = |command: &mut Command| {
            command
                .current_dir(folder)
                .env_clear()
                .envs(variables)
                .env("GOCACHE", self.scratch.join("questions"));
        };
        let finished: Finished = child::run(&argv, prepare, self.timeout, self.interrupt)?;
        if !finished.is_success() {
            let word = arguments.first().map(|word| word.to_string_lossy());
            bail!(
                "go {} in {}: {}",
                word.unwrap_or_default(),
                folder.display(),
                finished.tail(20)
            );
        }
        String::from_utf8(finished.stdout).context("go printed what is not text")
    }

    fn env(
        &self,
        go: &Path,
        folder: &Path,
        variables: &Variables,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let text = self.go(go, folder, variables, &["env".into(), "-json".into()])?;
        serde_json::from_str(&text).context("reading what go env -json prints")
    }

    /// Runs `go list` on the package, with the flags of the build.
    ///
    /// # Errors
    /// As [`Asking::go`].
    pub fn list(&self, project: &Project, arguments: &[&str]) -> anyhow::Result<String> {
        let mut words = vec![OsString::from("list")];
        words.extend(arguments.iter().map(OsString::from));
        words.extend(project.build.flags.iter().cloned());
        words.push("--".into());
        words.extend(project.build.packages.iter().cloned());
        self.go(&project.go, &project.folder, &project.variables, &words)
    }
}

fn go_command(given: Option<&Path>, variables: &Variables) -> anyhow::Result<PathBuf> {
    let path = variables
        .get(OsStr::new("PATH"))
        .cloned()
        .unwrap_or_default();
    match given {
        None => {
            search_path::find(&path, "go").context("there is no go on PATH; name one with --go")
        }
        Some(given) => {
            let file = if given.is_dir() {
                given.join("bin").join(search_path::file_name("go"))
            } else {
                given.to_owned()
            };
            std::path::absolute(&file)
                .ok()
                .filter(|file| file.is_file())
                .with_context(|| format!("there is no go command at {}", file.display()))
        }
    }
}
