//! The commit that the sources are of, as git says; the program's own stamp may
//! say less (`-buildvcs=false`) and is kept beside it.

use std::ffi::OsString;
use std::process::Command;

use serde::Serialize;

use super::QUESTION;
use crate::rebuild::child;
use crate::rebuild::interrupt::Interrupt;
use crate::rebuild::machine::Machine;
use crate::rebuild::project::Project;

/// A commit.
#[derive(Debug, Clone, Serialize)]
pub struct Revision {
    /// The version control system.
    pub system: &'static str,
    /// The commit's name.
    pub commit: String,
    /// Whether files differ from it, or are not known to it.
    pub modified: bool,
}

impl Revision {
    pub(super) fn of(project: &Project, machine: &Machine, interrupt: &Interrupt) -> Option<Self> {
        let git = machine.program("git")?;
        let ask = |arguments: &[&str]| {
            let mut argv = vec![git.clone().into_os_string()];
            argv.extend(arguments.iter().map(OsString::from));
            let prepare = |command: &mut Command| {
                command
                    .env_clear()
                    .envs(&project.variables)
                    .current_dir(&project.folder);
            };
            let said = child::run(&argv, prepare, QUESTION, interrupt).ok()?;
            let text = String::from_utf8_lossy(&said.stdout).trim().to_owned();
            said.is_success().then_some(text)
        };
        Some(Self {
            system: "git",
            commit: ask(&["rev-parse", "--verify", "HEAD"])?,
            modified: !ask(&["status", "--porcelain"])?.is_empty(),
        })
    }
}
