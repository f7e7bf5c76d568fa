//! Looking at the host: the one part of this command that reads files and runs programs.
//!
//! Nothing is written. Programs run with an empty environment but for what is tested,
//! within a time limit, and each is on record. The go command gets no HOME: with one it would
//! count its own use there.

mod c_side;
mod cache;
mod deep;
mod disk;
mod git;
mod gos;
mod guards;
mod online;
mod runner;
mod system;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::facts::Facts;
use super::settings::{self, Raw, Settings};
use crate::host::interrupt::Interrupt;
use crate::host::{Host, goenv};
use disk::Disk;
use gos::Found;
use runner::Runner;

pub use runner::Ran;

/// What is looked at, and how far.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The folder that stands for `/` where files of the system are read.
    pub root: Option<PathBuf>,
    /// Kernel settings and the values asked for.
    pub sysctls: Vec<(String, String)>,
    /// Whether the network may be asked.
    pub online: bool,
    /// Whether every installation is compared, not the first on the PATH alone.
    pub deep: bool,
}

/// What was found out, and how.
#[derive(Debug)]
pub struct Probed {
    /// The facts.
    pub facts: Facts,
    /// The programs that ran.
    pub ran: Vec<Ran>,
}

/// What every probe may use.
struct Desk<'a> {
    host: &'a Host,
    disk: Disk,
    runner: Runner<'a>,
    scope: &'a Scope,
}

impl Desk<'_> {
    fn var(&self, name: &str) -> Option<OsString> {
        self.host.environment.var(name).map(OsString::from)
    }

    fn home(&self) -> Option<PathBuf> {
        self.var("HOME").map(PathBuf::from)
    }
}

/// Looks at the host.
pub fn run(scope: &Scope, host: &Host, interrupt: &Interrupt) -> Probed {
    let desk = Desk {
        host,
        disk: Disk::new(scope.root.clone()),
        runner: Runner::new(host, interrupt),
        scope,
    };
    let bar = host.progress.work("looking at this host");
    let mut facts = Facts {
        online: scope.online,
        deep: scope.deep,
        ..Facts::default()
    };
    let found = gos::find(&desk);
    let raw = raw(&desk, &found);
    let (env, settings) = (effective(&desk, &raw), Settings::of(&raw));
    let first = found.iter().find(|one| one.on_path == Some(1));
    // Each of these waits for programs or a disk, and knows nothing of the others.
    std::thread::scope(|threads| {
        let system = threads.spawn(|| system::look(&desk));
        let guards = threads.spawn(|| guards::look(&desk));
        let git = threads.spawn(|| git::look(&desk));
        let cache = threads.spawn(|| cache::look(&env));
        let c = threads.spawn(|| c_side::look(&desk, first, &env, &settings));
        facts.gos = gos::ask(&desk, &found);
        facts.system = system.join().unwrap_or_default();
        facts.guards = guards.join().unwrap_or_default();
        facts.git = git.join().unwrap_or_default();
        (facts.cache, facts.module_cache) = cache.join().unwrap_or_default();
        facts.c = c.join().unwrap_or_default();
    });
    facts.settings = settings;
    facts.sysctls = system::sysctls(&desk);
    if scope.online {
        bar.say("asking the servers of GOPROXY and GOSUMDB");
        online::look(&desk, &mut facts);
    }
    if scope.deep {
        deep::look(&desk, &env, &bar, &mut facts);
    }
    bar.finish();
    Probed {
        facts,
        ran: desk.runner.finish(),
    }
}

/// Variables and settings as the go command sees them, nothing left out: for finding
/// folders and programs, never for a report.
type Effective = BTreeMap<String, String>;

fn effective(desk: &Desk<'_>, raw: &Raw) -> Effective {
    let mut all = Effective::new();
    let file = raw.file.as_ref().and_then(|(_, text)| text.as_ref().ok());
    let file = file.and_then(Option::as_deref).unwrap_or_default();
    for line in file.lines().map(str::trim) {
        if let Some((name, value)) = line.split_once('=')
            && settings::is_go(name)
        {
            all.insert(name.into(), value.into());
        }
    }
    for (name, value) in desk.host.environment.all() {
        if let (Some(name), Some(value)) = (name.to_str(), value.to_str())
            && !value.is_empty()
        {
            all.insert(name.into(), value.into());
        }
    }
    all
}

fn raw(desk: &Desk<'_>, found: &[Found]) -> Raw {
    let text = |(name, value): (&std::ffi::OsStr, &std::ffi::OsStr)| {
        Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
    };
    let first = found.iter().find(|one| one.on_path == Some(1));
    let installation = first
        .and_then(|one| one.root.as_ref())
        .and_then(|root| desk.disk.read_host(&root.join("go.env")).ok().flatten());
    Raw {
        environment: desk.host.environment.all().filter_map(text).collect(),
        file: goenv::file(&desk.host.environment)
            .map(|path| (path.display().to_string(), desk.disk.read_host(&path))),
        installation: installation.unwrap_or_default(),
    }
}

/// Says whether a path is below another.
fn is_below(path: &Path, folder: &str) -> bool {
    path.starts_with(folder)
}
