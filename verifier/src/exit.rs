//! How a run ends: exit codes, the part of the answer that scripts read, and what
//! went wrong.

use std::io::{self, Write as _};
use std::process::ExitCode;

use proto::visible::clean;

/// How a run ends. The numbers are part of the interface and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: every file holds the same bytes; or a command that compares nothing
    /// did its work.
    Same,
    /// 1: at least two files are different builds.
    Different,
    /// 2: a file could not be read, or the command line could not be understood.
    Unreadable,
    /// 3: the bytes differ, but whether the builds do can't be told from them.
    Inconclusive,
}

impl Exit {
    /// Returns the number.
    pub fn code(self) -> u8 {
        match self {
            Self::Same => 0,
            Self::Different => 1,
            Self::Unreadable => 2,
            Self::Inconclusive => 3,
        }
    }
}

/// 130: somebody ended the run with Ctrl-C or a signal, and it tidied up after
/// itself. Shells say the same of a program that Ctrl-C ends.
pub const INTERRUPTED: u8 = 130;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Says on standard error what went wrong. Names of files and what other programs said
/// are part of it: no line drives a terminal, and none is a command to the runner of a
/// workflow.
pub fn say_error(message: &str) {
    let mut out = io::stderr().lock();
    for line in message.lines() {
        // Nothing is left to do when even this can't be written.
        let _ = writeln!(out, "{}", clean(line));
    }
}
