//! The commit that the sources are of, as git says; the program's own stamp may
//! say less (`-buildvcs=false`) and is kept beside it.

use std::ffi::OsString;
use std::process::Command;

use proto::inputs::Revision;

use super::QUESTION;
use crate::host::child;
use crate::host::interrupt::Interrupt;
use crate::host::machine::Machine;
use crate::rebuild::project::Project;

/// Asks git; `None` outside a repository.
pub(super) fn of(project: &Project, machine: &Machine, interrupt: &Interrupt) -> Option<Revision> {
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
    Some(Revision {
        system: "git".into(),
        commit: ask(&["rev-parse", "--verify", "HEAD"])?,
        modified: !ask(&["status", "--porcelain", "--untracked-files=normal"])?.is_empty(),
    })
}
