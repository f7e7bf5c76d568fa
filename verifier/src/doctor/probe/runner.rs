//! Running programs of the host, and keeping record of it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use proto::visible::clean;
use serde::Serialize;

use crate::doctor::facts::Problem;
use crate::host::Host;
use crate::host::child::{self, Finished};
use crate::host::interrupt::Interrupt;
use crate::host::redaction::Redaction;

/// How long a program may take to say its version.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most of what a program says that is shown, in characters.
const SAID_MAX: usize = 200;

/// A program that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The command.
    pub command: String,
    /// Names of the variables that it got.
    pub variables: Vec<String>,
    /// How it ended: `0`, `1`, `timed out`, `not started`.
    pub ended: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// Runs programs.
pub(super) struct Runner<'a> {
    interrupt: &'a Interrupt,
    path: OsString,
    redaction: Redaction,
    /// What ran, added to by every probe as its programs end.
    ran: Mutex<Vec<Ran>>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(host: &Host, interrupt: &'a Interrupt) -> Self {
        Self {
            interrupt,
            path: host.environment.var("PATH").unwrap_or_default().to_owned(),
            // Where programs lie is what this report is about.
            redaction: Redaction::of(
                host.environment.all().filter(|(name, _)| *name != "PATH"),
                &[],
            ),
            ran: Mutex::default(),
        }
    }

    /// The PATH that programs are looked for in.
    pub(super) fn path(&self) -> &OsStr {
        &self.path
    }

    /// Finds a program by name, or by path.
    pub(super) fn find(&self, name: &str) -> Option<std::path::PathBuf> {
        if name.contains('/') {
            let path = Path::new(name);
            return (path.is_absolute() && path.is_file()).then(|| path.to_owned());
        }
        crate::host::search_path::find(&self.path, name)
    }

    /// Runs a program and returns what it printed.
    ///
    /// # Errors
    /// What went wrong.
    pub(super) fn ask(
        &self,
        argv: &[&OsStr],
        variables: &[(&str, &OsStr)],
    ) -> Result<String, Problem> {
        self.printed(argv, variables, Finished::is_success)
    }

    /// Runs a program and returns what it printed and complained, however it ended by itself.
    ///
    /// # Errors
    /// What went wrong.
    pub(super) fn said(&self, argv: &[&OsStr]) -> Result<String, Problem> {
        let finished = self.run(Path::new("/"), argv, &[], TIMEOUT)?;
        let ended = finished.status.and_then(|status| status.code());
        if ended.is_none() {
            return Err(self.failed(&finished));
        }
        let said = [finished.stdout, finished.stderr].concat();
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// The same of a program that ends with 1, and says nothing, where there is nothing to say.
    ///
    /// # Errors
    /// What went wrong.
    pub(super) fn ask_if_any(
        &self,
        argv: &[&OsStr],
        variables: &[(&str, &OsStr)],
    ) -> Result<String, Problem> {
        self.printed(argv, variables, |finished| {
            let code = finished.status.and_then(|status| status.code());
            let is_silent = finished.stdout.is_empty() && finished.stderr.is_empty();
            finished.is_success() || (code == Some(1) && is_silent)
        })
    }

    fn printed(
        &self,
        argv: &[&OsStr],
        variables: &[(&str, &OsStr)],
        is_good: impl FnOnce(&Finished) -> bool,
    ) -> Result<String, Problem> {
        let finished = self.run(Path::new("/"), argv, variables, TIMEOUT)?;
        if !is_good(&finished) {
            return Err(self.failed(&finished));
        }
        Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
    }

    /// Returns how a program ended, if it ended well.
    ///
    /// # Errors
    /// What went wrong.
    pub(super) fn good(&self, finished: Finished) -> Result<Finished, Problem> {
        if finished.is_success() {
            Ok(finished)
        } else {
            Err(self.failed(&finished))
        }
    }

    /// Runs a program that lists something and may fail over part of it, which it names by
    /// `excused`.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(super) fn listed(
        &self,
        argv: &[&OsStr],
        excused: &str,
        timeout: Duration,
    ) -> Result<String, String> {
        let finished = self
            .run(Path::new("/"), argv, &[], timeout)
            .map_err(|problem| problem.words())?;
        let ended = finished
            .status
            .is_some_and(|status| status.code().is_some());
        let is_excused = ended && String::from_utf8_lossy(&finished.stderr).contains(excused);
        if !finished.is_success() && !is_excused {
            return Err(self.failed(&finished).words());
        }
        Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
    }

    /// Runs a program in a folder, to whatever end.
    ///
    /// # Errors
    /// Why it was not started.
    pub(super) fn run(
        &self,
        folder: &Path,
        argv: &[&OsStr],
        variables: &[(&str, &OsStr)],
        timeout: Duration,
    ) -> Result<Finished, Problem> {
        let words: Vec<OsString> = argv.iter().map(|word| (*word).to_owned()).collect();
        let began = Instant::now();
        let prepare = |command: &mut std::process::Command| {
            command
                .current_dir(folder)
                .env_clear()
                .env("PATH", &self.path)
                .env("LC_ALL", "C")
                .envs(variables.iter().copied());
        };
        let finished = child::run(&words, prepare, timeout, self.interrupt);
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = match &finished {
            Err(_) => "not started".to_owned(),
            Ok(Finished { status: None, .. }) => "timed out".to_owned(),
            Ok(Finished {
                status: Some(status),
                ..
            }) => status
                .code()
                .map_or_else(|| "a signal".to_owned(), |code| code.to_string()),
        };
        self.record(argv, variables, ended, took);
        finished.map_err(|error| Problem::Failed(self.shown(error.to_string().as_bytes())))
    }

    fn failed(&self, finished: &Finished) -> Problem {
        match finished.status {
            None => Problem::TimedOut,
            Some(status) => {
                use std::os::unix::process::ExitStatusExt as _;
                let said = self.shown(finished.tail(3).as_bytes());
                Problem::Failed(match status.signal() {
                    Some(signal) => format!("ended by signal {signal} {said}").trim_end().into(),
                    None => said,
                })
            }
        }
    }

    fn record(
        &self,
        argv: &[&OsStr],
        variables: &[(&str, &OsStr)],
        ended: String,
        milliseconds: u64,
    ) {
        let words: Vec<String> = argv
            .iter()
            .map(|word| self.redaction.text(&word.to_string_lossy()))
            .collect();
        let names = ["PATH", "LC_ALL"]
            .into_iter()
            .chain(variables.iter().map(|(name, _)| *name));
        let ran = Ran {
            command: words.join(" "),
            variables: names.map(str::to_owned).collect(),
            ended,
            milliseconds,
        };
        if let Ok(mut all) = self.ran.lock() {
            all.push(ran);
        }
    }

    /// Returns the beginning of what a program said, without secrets of the environment.
    pub(super) fn shown(&self, said: &[u8]) -> String {
        let text = String::from_utf8_lossy(said);
        let text = self.redaction.text(text.trim());
        let text: String = text.chars().take(SAID_MAX).collect();
        clean(&text)
    }

    /// Returns what ran, in the order of the commands' names: probes run side by side.
    pub(super) fn finish(self) -> Vec<Ran> {
        let mut all = self.ran.into_inner().unwrap_or_default();
        all.sort_by(|a, b| a.command.cmp(&b.command));
        all
    }
}
