//! Where go and git run: with an environment of their own, whose folders all lie in the
//! work folder, and within the time that is left.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::work::Work;
use crate::host::Environment;
use crate::host::child::{self, Finished};
use crate::host::goenv;
use crate::host::interrupt::Interrupt;
use crate::host::redaction::Redaction;
use crate::host::search_path;
use crate::host::surroundings::Variables;

/// What passes from the environment: where programs are, how the network is reached, whom
/// go asks for modules, and which C tools there are. No flag passes.
const PASSING: [&str; 27] = [
    "AR",
    "CC",
    "CXX",
    "FC",
    "GOAUTH",
    "GOINSECURE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "GOVCS",
    "LD_LIBRARY_PATH",
    "NETRC",
    "PATH",
    "PKG_CONFIG",
    "PKG_CONFIG_PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];

/// Settings of `go env -w` that say whom go asks.
const SETTINGS: [&str; 7] = [
    "GOAUTH",
    "GOINSECURE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
];

/// The longest file of settings that is read, in bytes.
const SETTINGS_BYTES_MAX: u64 = 1 << 20;

/// The most lines of a complaint that are kept.
const COMPLAINT_LINES: usize = 20;

/// Runs programs.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The work folder.
    pub work: &'a Work,
    variables: Variables,
    interrupt: &'a Interrupt,
    redaction: Redaction,
}

impl<'a> Desk<'a> {
    /// Lays out the folders that programs write to.
    ///
    /// # Errors
    /// When they can't be made.
    pub fn new(
        work: &'a Work,
        environment: &Environment,
        interrupt: &'a Interrupt,
    ) -> anyhow::Result<Self> {
        let passes = |name: &OsStr| PASSING.iter().any(|known| name == *known);
        let mut variables: Variables = environment
            .all()
            .filter(|(name, _)| passes(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        add_settings(&mut variables, environment);
        let own = [
            ("HOME", "home"),
            ("TMPDIR", "temporary"),
            ("GOPATH", "gopath"),
            ("GOMODCACHE", "modules"),
            ("GOCACHE", "cache"),
        ];
        for (name, folder) in own {
            variables.insert(name.into(), work.folder(folder)?.into());
        }
        for (name, value) in FIXED {
            variables.insert(name.into(), value.into());
        }
        // Go's counters would be written by a process that may outlive the run.
        let telemetry = work.folder("home/.config/go/telemetry")?;
        fs::write(telemetry.join("mode"), "off").context("switching off go's counters")?;
        Ok(Self {
            work,
            variables,
            interrupt,
            redaction: Redaction::of(environment.all(), &[]),
        })
    }

    /// Returns a variable that programs get.
    pub fn var(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(OsStr::new(name))?.to_str()?;
        Some(value).filter(|value| !value.is_empty())
    }

    /// Returns all variables.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Returns what ends the run.
    pub fn interrupt(&self) -> &Interrupt {
        self.interrupt
    }

    /// Finds a program on PATH.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        let path = self.variables.get(OsStr::new("PATH"))?;
        search_path::find(path, program)
    }

    /// Runs a program in a folder, with more variables.
    ///
    /// # Errors
    /// When it can't be started, somebody interrupts it, or a limit is reached.
    pub fn run<V: AsRef<OsStr>>(
        &self,
        argv: &[OsString],
        folder: &Path,
        more: &[(&str, V)],
    ) -> anyhow::Result<Finished> {
        let left = self.work.left()?;
        let prepare = |command: &mut Command| {
            command
                .current_dir(folder)
                .env_clear()
                .envs(&self.variables)
                .env("PWD", folder)
                .envs(more.iter().map(|(name, value)| (*name, value.as_ref())));
        };
        match child::run(argv, prepare, left, self.interrupt) {
            Ok(finished) if finished.status.is_none() => Err(self.work.out_of_time().into()),
            Err(child::Error::Interrupted) => {
                self.go_on()?;
                Err(child::Error::Interrupted.into())
            }
            other => Ok(other?),
        }
    }

    /// Ends the run where somebody interrupted it.
    ///
    /// # Errors
    /// The interrupt; or an obstacle, when it came from the watch over the disk.
    pub fn go_on(&self) -> anyhow::Result<()> {
        if !self.interrupt.is_set() {
            return Ok(());
        }
        if self.work.is_full() {
            self.work.left()?;
        }
        Err(child::Error::Interrupted.into())
    }

    /// Runs a program and returns what it prints; what it complains, when it fails.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn ask<V: AsRef<OsStr>>(
        &self,
        argv: &[OsString],
        folder: &Path,
        more: &[(&str, V)],
    ) -> anyhow::Result<Result<String, String>> {
        let finished = self.run(argv, folder, more)?;
        Ok(if finished.is_success() {
            Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
        } else {
            Err(self.complaint(&finished))
        })
    }

    /// Returns the end of what a program complained, without secrets.
    pub fn complaint(&self, finished: &Finished) -> String {
        let said = self.redaction.text(&finished.tail(COMPLAINT_LINES));
        said.replace(&*self.work.path().to_string_lossy(), "$WORK")
    }
}

/// What is the same in every run.
const FIXED: [(&str, &str); 7] = [
    ("GOENV", "off"),
    ("GOTOOLCHAIN", "local"),
    ("GOFLAGS", "-modcacherw"),
    ("LC_ALL", "C"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Adds what `go env -w` has set, where no variable says otherwise.
///
/// Source: cmd/go/internal/cfg readEnvFile
fn add_settings(variables: &mut Variables, environment: &Environment) {
    use std::io::Read as _;
    let file = goenv::file(environment)
        .and_then(|file| crate::opening::regular(&file, crate::opening::Links::Followed).ok());
    let Some(file) = file else {
        return;
    };
    let mut text = String::new();
    if file
        .take(SETTINGS_BYTES_MAX)
        .read_to_string(&mut text)
        .is_err()
    {
        return;
    }
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        if SETTINGS.contains(&name) {
            variables.entry(name.into()).or_insert_with(|| value.into());
        }
    }
}

/// Puts the words of a command together.
pub fn argv<W: AsRef<OsStr>>(program: &Path, words: &[W]) -> Vec<OsString> {
    let program = std::iter::once(program.as_os_str().to_owned());
    program
        .chain(words.iter().map(|word| word.as_ref().to_owned()))
        .collect()
}
