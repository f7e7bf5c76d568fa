//! One build: put the source up, run go, keep what came out. What an earlier run has built
//! in the same way is taken from the work folder.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use proto::hashlog::Log;
use serde::Serialize;

use super::complaint;
use super::desk::{self, Desk};
use super::plan::{Folders, Plan};
use super::rooms::{self, Place};
use super::source::{Site, Source};
use super::toolchain::Toolchain;
use super::tree::Tree;
use crate::durable;
use crate::host::machine::Machine;
use crate::host::search_path;
use crate::recipe::Recipe;

/// What builds share.
#[derive(Debug)]
pub struct Bench<'a> {
    /// Runs programs.
    pub desk: &'a Desk<'a>,
    /// The release.
    pub toolchain: &'a Toolchain,
    /// The source.
    pub source: &'a Source,
    /// What the file says.
    pub recipe: &'a Recipe,
    /// How to get a mount namespace; why not.
    namespaces: OnceCell<Result<Vec<OsString>, String>>,
}

/// A command, where it runs, and its variables.
struct Ready<'p> {
    argv: Vec<OsString>,
    folder: PathBuf,
    variables: Vec<(&'p str, String)>,
}

/// What one build gave.
#[derive(Debug, Clone)]
pub struct Built {
    /// The program; or the end of what go complained.
    pub result: Result<PathBuf, String>,
    /// How long it took.
    pub duration: Duration,
    /// Whether an earlier run had built it.
    pub is_old: bool,
}

/// What is written down of a build.
#[derive(Debug, Serialize)]
struct Written<'a> {
    toolchain: &'a str,
    source: String,
    plan: &'a Plan,
    command: String,
}

impl<'a> Bench<'a> {
    /// Puts together what builds share.
    pub fn new(
        desk: &'a Desk<'a>,
        toolchain: &'a Toolchain,
        source: &'a Source,
        recipe: &'a Recipe,
    ) -> Self {
        Self {
            desk,
            toolchain,
            source,
            recipe,
            namespaces: OnceCell::new(),
        }
    }

    /// Returns the command that gives a mount namespace, or why this host allows none.
    pub fn namespaces(&self) -> &Result<Vec<OsString>, String> {
        self.namespaces.get_or_init(|| {
            let place = self
                .desk
                .work
                .folder("trial")
                .map_err(|error| error.to_string())?;
            let variables = self.desk.variables();
            Machine::probe(variables, &place, self.desk.interrupt()).namespaces
        })
    }

    /// Returns the files of a package that a build by this plan compiles.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn files_of(&self, plan: &Plan, package: &str) -> anyhow::Result<Vec<String>> {
        let site = self.source.put_up(plan, self.recipe, self.desk)?;
        let mut words = vec!["list".to_owned(), "-f".into(), GO_FILES.into()];
        words.extend(plan.flag("-tags").map(|tags| format!("-tags={tags}")));
        words.push(package.to_owned());
        let argv = desk::argv(&self.toolchain.go, &words);
        let own = plan.variables.iter();
        let mut variables: Vec<(&str, &str)> = own
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        variables.push(("GOWORK", "off"));
        let listed = self.desk.ask(&argv, &site.folder, &variables)?;
        // A build of these files then says what is wrong.
        Ok(listed
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect())
    }

    /// Builds by a plan.
    ///
    /// # Errors
    /// A limit that is reached, an interrupt, files that can't be written. A build that
    /// fails is no error.
    pub fn build(&self, plan: &Plan) -> anyhow::Result<Built> {
        let name = plan.name(&self.toolchain.identity(), &self.source.identity());
        let place = self.desk.work.path().join("builds").join(&name[..NAME_LEN]);
        let program = place.join("program");
        if program.is_file() {
            return Ok(Built {
                result: Ok(program),
                duration: Duration::ZERO,
                is_old: true,
            });
        }
        self.desk.work.left()?;
        let clock = Instant::now();
        let result = self.run(plan, &program)?;
        let built = Built {
            result: result.map(|()| program),
            duration: clock.elapsed(),
            is_old: false,
        };
        self.write_down(plan, &place, &built)?;
        self.desk.work.measure()?;
        Ok(built)
    }

    /// Builds again as it was built, and returns what the go command hashed.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn log(&self, plan: &Plan) -> anyhow::Result<Option<Log>> {
        let place = self.desk.work.empty_folder("hashed")?;
        // What go complains goes to a file: a log is longer than what is kept of output.
        let file = place.join("log");
        let Some(ready) = self.ready(plan, &place.join("program"))? else {
            return Ok(None);
        };
        let script = ["-c", "exec \"$@\" 2> \"$0\""];
        let mut whole = desk::argv(Path::new("/bin/sh"), &script);
        whole.push(file.clone().into());
        whole.extend(ready.argv);
        let mut variables = ready.variables;
        variables.push(("GODEBUG", "gocachehash=1".into()));
        let finished = self.desk.run(&whole, &ready.folder, &variables)?;
        if !finished.is_success() {
            return Ok(None);
        }
        // Without a log there is one way less to find out.
        let file = fs::File::open(&file).ok().map(std::io::BufReader::new);
        Ok(file.and_then(|file| Log::read(file).ok()))
    }

    fn run(&self, plan: &Plan, program: &Path) -> anyhow::Result<Result<(), String>> {
        if let Some(parent) = program.parent() {
            fs::create_dir_all(parent).context("making a folder for the program")?;
        }
        // Written under another name: what is there under its own is whole.
        let new = program.with_extension("new");
        let Some(ready) = self.ready(plan, &new)? else {
            return Ok(Err("the go command can't be given these -ldflags".into()));
        };
        let finished = self
            .desk
            .run(&ready.argv, &ready.folder, &ready.variables)?;
        if !finished.is_success() || !new.is_file() {
            let said = self.desk.complaint(&finished);
            if let Some(obstacle) = complaint::lacks_compiler(&said, self.recipe) {
                return Err(obstacle.into());
            }
            return Ok(Err(said));
        }
        fs::rename(&new, program).context("naming the program")?;
        Ok(Ok(()))
    }

    /// Puts the source up, and the command of the build together; `None` where the go
    /// command can't be given these flags.
    fn ready<'p>(&self, plan: &'p Plan, program: &Path) -> anyhow::Result<Option<Ready<'p>>> {
        let Some(words) = plan.words() else {
            return Ok(None);
        };
        let site = self.source.put_up(plan, self.recipe, self.desk)?;
        let mut variables: Vec<(&str, String)> = plan
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        // A go.work above the work folder is not the program's.
        let has_work = site.folder.join("go.work").is_file() || site.top.join("go.work").is_file();
        if !has_work && plan.variable("GOWORK").is_none() {
            variables.push(("GOWORK", "off".into()));
        }
        let is_required = matches!(plan.tree, Tree::Required | Tree::Wrapper);
        let goroot = plan
            .folders
            .as_ref()
            .and_then(|folders| folders.goroot.as_ref());
        let go = match goroot {
            Some(goroot) => Path::new(goroot)
                .join("bin")
                .join(search_path::file_name("go")),
            None => self.toolchain.go.clone(),
        };
        let mut argv = desk::argv(&go, &["build", "-o"]);
        argv.push(program.into());
        argv.extend(words.iter().map(Into::into));
        if is_required && plan.flag("-mod").is_none() {
            // Its go.sum and the rest of its go.mod are written by go, which proves them.
            argv.push("-mod=mod".into());
        }
        argv.extend(plan.packages.iter().map(Into::into));
        let Some(folders) = &plan.folders else {
            return Ok(Some(Ready {
                argv,
                folder: site.folder,
                variables,
            }));
        };
        let (places, folder) = self.places(folders, &site);
        if let Some(cache) = &folders.module_cache {
            variables.push(("GOMODCACHE", cache.clone()));
        }
        variables.push(("PWD", folder.display().to_string()));
        let namespaces = match self.namespaces() {
            Ok(namespaces) => namespaces,
            Err(said) => bail!("{said}"),
        };
        let root = self.desk.work.folder("root")?;
        Ok(Some(Ready {
            argv: rooms::wrap(namespaces, &root, &places, &folder, &argv)?,
            folder: root,
            variables,
        }))
    }

    /// What is bound where, and the folder in which go is run.
    fn places(&self, folders: &Folders, site: &Site) -> (Vec<Place>, PathBuf) {
        let mut places = Vec::new();
        let mut folder = site.folder.clone();
        if let Some(source) = folders.source.as_deref().map(Path::new) {
            // The repository around the module keeps its place around it.
            let inside = site.folder.strip_prefix(&site.top);
            let inside = inside.unwrap_or_else(|_| Path::new(""));
            let top = source
                .ancestors()
                .nth(inside.components().count())
                .filter(|top| source.strip_prefix(top) == Ok(inside));
            places.push(match top {
                Some(top) => Place {
                    from: site.top.clone(),
                    at: top.into(),
                },
                None => Place {
                    from: site.folder.clone(),
                    at: source.into(),
                },
            });
            folder = source.to_owned();
        }
        let others = [
            (&folders.goroot, self.toolchain.goroot.clone()),
            (&folders.module_cache, self.desk.work.path().join("modules")),
        ];
        for (at, from) in others {
            places.extend(at.as_ref().map(|at| Place {
                from,
                at: at.into(),
            }));
        }
        (places, folder)
    }

    fn write_down(&self, plan: &Plan, place: &Path, built: &Built) -> anyhow::Result<()> {
        let written = Written {
            toolchain: &self.toolchain.said,
            source: self.source.name(),
            plan,
            command: plan.command(None),
        };
        let text = serde_json::to_vec_pretty(&written).context("writing down a build")?;
        durable::write(&place.join("plan.json"), |out| out.write_all(&text))?;
        if let Err(said) = &built.result {
            durable::write(&place.join("failure"), |out| out.write_all(said.as_bytes()))?;
        }
        Ok(())
    }
}

/// Prints the Go files of a package, a line each.
const GO_FILES: &str = "{{range .GoFiles}}{{.}}\n{{end}}{{range .CgoFiles}}{{.}}\n{{end}}";

/// Digits of a build's name that name its folder.
const NAME_LEN: usize = 24;
