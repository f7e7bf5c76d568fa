//! What every build of a run shares, found out once: the program, the go command, the
//! host, what goes in.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::destination;
use super::facts::Facts;
use super::flags::GoBuild;
use super::project::{Asking, Project, Wanted};
use super::scratch::Scratch;
use crate::host::interrupt::Interrupt;
use crate::host::machine::Machine;
use crate::host::redaction::Redaction;
use crate::host::surroundings::{self, Variables};
use crate::host::{Environment, Host};

/// What is asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The go command, where one is named.
    pub go: Option<&'a Path>,
    /// The command line of go build.
    pub build: GoBuild,
    /// Variables that pass beside those that always do.
    pub pass: &'a [OsString],
    /// A variable that no program below may see.
    pub withheld: Option<&'a OsStr>,
    /// The longest that a build may take.
    pub timeout: Duration,
}

/// What every build of a run shares.
#[derive(Debug)]
pub struct Site {
    /// What ends the run.
    pub interrupt: Interrupt,
    /// The run's temporary folder.
    pub scratch: Scratch,
    /// What this host lets a build be surrounded with.
    pub machine: Machine,
    /// The program.
    pub project: Project,
    /// What goes into it.
    pub facts: Facts,
    /// Variables that do not pass.
    pub others: Variables,
    /// Where `-o` of go build wants the program.
    pub output: Option<PathBuf>,
}

/// Where builds begin.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The go command, where one is named.
    pub go: Option<&'a Path>,
    /// The command line of go build.
    pub build: GoBuild,
    /// The folder that it is for.
    pub here: &'a Path,
    /// The whole environment.
    pub variables: Variables,
    /// Variables that do not pass.
    pub others: Variables,
    /// Where `go env -w` keeps its settings, where that is said.
    pub goenv: Option<&'a OsStr>,
    /// The longest that a build may take.
    pub timeout: Duration,
    /// What ends the run.
    pub interrupt: Interrupt,
    /// Where temporary folders lie.
    pub temporary: &'a Path,
}

impl Site {
    /// Finds out what is built, with what, and where.
    ///
    /// # Errors
    /// No go command, not one program; when the run is interrupted, or folders can't be
    /// made.
    pub fn find(asked: Asked<'_>, host: &Host, redaction: &Redaction) -> anyhow::Result<Self> {
        let here = here(&host.environment)?;
        let mut variables = surroundings::of(&host.environment, asked.pass);
        let mut others = surroundings::others(&host.environment, asked.pass);
        if let Some(withheld) = asked.withheld {
            variables.remove(withheld);
            others.remove(withheld);
        }
        let beginning = Beginning {
            go: asked.go,
            build: asked.build,
            here: &here,
            variables,
            others,
            goenv: host.environment.var("GOENV"),
            timeout: asked.timeout,
            interrupt: Interrupt::install()?,
            temporary: &temporary(&host.environment),
        };
        Self::at(beginning, redaction)
    }

    /// Finds out the same where the environment is settled.
    ///
    /// # Errors
    /// As [`Site::find`].
    pub fn at(beginning: Beginning<'_>, redaction: &Redaction) -> anyhow::Result<Self> {
        let Beginning {
            variables,
            interrupt,
            ..
        } = beginning;
        let scratch = Scratch::new(beginning.temporary)?;
        let machine = Machine::probe(&variables, scratch.path(), &interrupt);
        let asking = Asking {
            scratch: scratch.path(),
            timeout: beginning.timeout,
            interrupt: &interrupt,
        };
        let output = beginning.build.output.clone();
        let wanted = Wanted {
            go: beginning.go,
            build: beginning.build,
            here: beginning.here,
            variables,
            goenv: beginning.goenv,
        };
        let project = Project::find(wanted, &asking)?;
        let output = output
            .map(|output| destination::file(&project.folder.join(output), &project.name))
            .transpose()?;
        let facts = Facts::of(&project, &machine, &asking, redaction)?;
        Ok(Self {
            interrupt,
            scratch,
            machine,
            project,
            facts,
            others: beginning.others,
            output,
        })
    }
}

/// Returns the folder for temporary folders.
pub fn temporary(environment: &Environment) -> PathBuf {
    let folder = environment.var("TMPDIR").map(PathBuf::from);
    folder.unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Returns where we stand, by the name that the shell has for it: go records
/// that one.
fn here(environment: &Environment) -> anyhow::Result<PathBuf> {
    let folder = std::env::current_dir().context("finding out where we are")?;
    let named = environment.var("PWD").map(PathBuf::from);
    let is_same = |named: &PathBuf| {
        named.is_absolute() && named.canonicalize().ok() == folder.canonicalize().ok()
    };
    Ok(named.filter(is_same).unwrap_or(folder))
}
