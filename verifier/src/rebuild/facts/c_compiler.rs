//! The C compiler: in no key of the build cache beyond the first line of its
//! version, so a record keeps more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use super::QUESTION;
use crate::rebuild::child;
use crate::rebuild::interrupt::Interrupt;
use crate::rebuild::machine::Machine;
use crate::rebuild::project::Project;

/// The C compiler.
#[derive(Debug, Clone, Serialize)]
pub struct CCompiler {
    /// `go env CC`.
    pub command: String,
    /// What it prints when asked for its version, first line; null when it does
    /// not answer.
    pub version: Option<String>,
    /// SHA-256 of the program itself; null when it is not found.
    pub sha256: Option<String>,
}

impl CCompiler {
    pub(super) fn of(project: &Project, machine: &Machine, interrupt: &Interrupt) -> Self {
        let command = project.env("CC").to_owned();
        let words: Vec<&str> = command.split_ascii_whitespace().collect();
        let first = words.first().copied().unwrap_or_default();
        let program = if Path::new(first).is_absolute() {
            Some(PathBuf::from(first))
        } else {
            machine.program(first)
        };
        let mut argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        argv.push("--version".into());
        let prepare = |command: &mut Command| {
            command
                .env_clear()
                .envs(&project.variables)
                .current_dir(&project.folder);
        };
        let said = child::run(&argv, prepare, QUESTION, interrupt).ok();
        let version = said.filter(child::Finished::is_success).and_then(|said| {
            let text = String::from_utf8_lossy(&said.stdout).into_owned();
            text.lines().next().map(str::to_owned)
        });
        Self {
            sha256: program.and_then(|program| super::sha256(&program)),
            command,
            version,
        }
    }
}
