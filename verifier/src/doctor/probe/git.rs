//! git, and the file of passwords that git and go read.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::Desk;
use crate::doctor::facts::{Git, Problem, Tool};

pub(super) fn look(desk: &Desk<'_>) -> Git {
    let mut git = Git {
        tool: Tool {
            name: "git".into(),
            ..Tool::default()
        },
        netrc_open: netrc_is_open(desk),
        ..Git::default()
    };
    let Some(program) = desk.runner.find("git") else {
        return git;
    };
    git.tool.path = program.display().to_string();
    match desk
        .runner
        .ask(&[program.as_os_str(), OsStr::new("--version")], &[])
    {
        Ok(said) if said.starts_with("git version ") => {
            git.tool.version = desk.runner.shown(said.as_bytes())
        }
        Ok(said) => {
            git.tool.problem = Some(Problem::Garbage(desk.runner.shown(said.as_bytes())));
        }
        Err(problem) => git.tool.problem = Some(problem),
    }
    if git.tool.problem.is_none() {
        settings(desk, &program, &mut git);
    }
    git
}

/// Asks for the settings that change files; of addresses only how many are replaced is
/// kept: they hold tokens.
fn settings(desk: &Desk<'_>, program: &std::path::Path, git: &mut Git) {
    let names = [
        "HOME",
        "XDG_CONFIG_HOME",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
    ];
    let set = names.map(|name| (name, desk.var(name)));
    let variables: Vec<(&str, &OsStr)> = set
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
        .collect();
    let argv = [
        "config",
        "--get-regexp",
        r"^(core\.(autocrlf|eol|filemode)|url\..*\.insteadof)$",
    ];
    let mut words = vec![program.as_os_str()];
    words.extend(argv.iter().map(OsStr::new));
    let said = match desk.runner.ask_if_any(&words, &variables) {
        Ok(said) => said,
        Err(problem) => {
            git.tool.problem = Some(problem);
            return;
        }
    };
    for line in said.lines() {
        let (name, value) = line.split_once(' ').unwrap_or((line, "true"));
        let value = match value {
            "true" | "false" | "input" | "lf" | "crlf" | "native" => value,
            _ => "something else",
        };
        match name {
            "core.autocrlf" => git.autocrlf = value.into(),
            "core.eol" => git.eol = value.into(),
            "core.filemode" => git.filemode = value.into(),
            _ => git.rewrites += 1,
        }
    }
}

fn netrc_is_open(desk: &Desk<'_>) -> bool {
    let named = desk.var("NETRC").map(PathBuf::from);
    let file = named.or_else(|| desk.home().map(|home| home.join(".netrc")));
    let metadata = file.and_then(|file| fs::metadata(file).ok());
    metadata.is_some_and(|metadata| metadata.mode() & 0o044 != 0)
}
