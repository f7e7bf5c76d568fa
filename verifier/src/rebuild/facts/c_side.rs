//! The C side: in no key of the build cache beyond the compiler's path and the first
//! line of its version, so a record keeps more.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use proto::buildinfo::keys::C_FLAGS;
use proto::inputs::Cgo;

use super::{QUESTION, Unstated, set};
use crate::host::child;
use crate::host::machine::Machine;
use crate::host::redaction::Redaction;
use crate::rebuild::project::{Asking, Project};

/// Variables that C compilers read and whose values say all there is to say.
const VARIABLES: &[&str] = &["MACOSX_DEPLOYMENT_TARGET", "SOURCE_DATE_EPOCH"];

/// Takes down the C side of a program. What lies where is in the hash `sysroot`, so
/// the variables that say so need not be.
pub(super) fn of(
    project: &Project,
    machine: &Machine,
    asking: &Asking<'_>,
    redaction: &Redaction,
    unstated: &mut Unstated,
) -> Cgo {
    let command: Vec<&str> = project.env("CC").split_ascii_whitespace().collect();
    let compiler = version(&command, project, asking);
    // What stands behind the compiler's name are flags.
    for name in ["CC", "CXX"] {
        let words = project.env(name).split_ascii_whitespace().count();
        unstated.unless(words <= 1, name);
    }
    let sysroot = super::sysroot::digest(project, asking, &command);
    unstated.unless(sysroot.is_some(), "sysroot");
    let mut settings = BTreeMap::new();
    for name in C_FLAGS {
        settings.extend(unstated.variable(name, project.env(name)));
    }
    for name in VARIABLES {
        settings.extend(unstated.variable(name, &set(project, name)));
    }
    Cgo {
        settings,
        compiler: compiler.map(|version| redaction.text(&version)),
        compiler_sha256: program(&command, machine).and_then(|path| super::sha256(&path)),
        sysroot,
    }
}

fn program(command: &[&str], machine: &Machine) -> Option<PathBuf> {
    let first = Path::new(command.first()?);
    if first.is_absolute() {
        Some(first.to_owned())
    } else {
        machine.program(command.first()?)
    }
}

/// Returns the first line that the compiler prints when asked for its version.
fn version(command: &[&str], project: &Project, asking: &Asking<'_>) -> Option<String> {
    let mut argv: Vec<OsString> = command.iter().map(OsString::from).collect();
    argv.push("--version".into());
    let prepare = |command: &mut Command| {
        command
            .env_clear()
            .envs(&project.variables)
            .current_dir(&project.folder);
    };
    let said = child::run(&argv, prepare, QUESTION, asking.interrupt).ok()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let line = text.lines().next().map(str::to_owned);
    line.filter(|_| said.is_success())
}
