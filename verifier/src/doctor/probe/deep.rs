//! The long checks: the whole cache audited, programs built, run and traced, the standard
//! library looked at and its own tests run.
//!
//! They work in a folder and a build cache of their own, which go away again. What fails here
//! shows that something is wrong with the host; that nothing fails proves nothing of an
//! installation: `verify-build toolchain` does.
//!
//! ```text
//! programs   with cgo: built, run, and traced to the libraries that they load
//! standard   gofmt, go vet and go test over the standard library
//! ```

mod programs;
mod standard;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Desk, Effective};
use crate::doctor::facts::{Facts, Problem, Trial};
use crate::exit::Exit;
use crate::gocache::audit;
use crate::host::child::Finished;
use crate::progress::Bar;
use crate::report::printed::Printed as _;

/// How long one build, or one look at the sources, may take.
const BUILD_TIMEOUT: Duration = Duration::from_secs(15 * 60);

pub(super) fn look(desk: &Desk<'_>, env: &Effective, bar: &Bar, facts: &mut Facts) {
    bar.say("auditing the build cache");
    audit_cache(desk, facts);
    let first = facts.first_go().filter(|go| go.problem.is_none());
    let Some(first) = first.cloned() else {
        return;
    };
    let Ok(scratch) = tempfile::Builder::new().prefix("verify-build-").tempdir() else {
        return facts.trials.push(untried(
            "a folder to build in",
            "no temporary folder can be made",
        ));
    };
    let room = Room {
        desk,
        env,
        program: PathBuf::from(&first.program),
        root: PathBuf::from(&first.root),
        folder: scratch.path().to_owned(),
    };
    bar.say("building programs with cgo");
    let has_cc = !facts.c.cc.path.is_empty() && facts.c.cc.problem.is_none();
    facts.trials.push(room.net(has_cc));
    facts
        .trials
        .push(room.sqlite(has_cc, &facts.c.pkg_config.path));
    bar.say("gofmt and go vet over the standard library; this takes minutes");
    facts.trials.push(room.gofmt());
    facts.trials.push(room.vet());
    bar.say("testing the standard library; this takes minutes");
    facts.trials.push(room.tests(&first));
}

fn audit_cache(desk: &Desk<'_>, facts: &mut Facts) {
    let folder = facts.cache.folder.as_ref().filter(|folder| folder.exists);
    let Some(path) = folder.map(|folder| PathBuf::from(&folder.path)) else {
        return;
    };
    match audit::run(&path, desk.host) {
        Ok(audit) => {
            facts.cache.audit_failed = audit.exit() == Exit::Different;
            facts.cache.audit = format!("audited as a whole: {}", audit.summary());
        }
        Err(error) => facts.cache.audit = format!("not audited: {error:#}"),
    }
}

/// Where programs are built.
struct Room<'a> {
    desk: &'a Desk<'a>,
    env: &'a Effective,
    program: PathBuf,
    root: PathBuf,
    folder: PathBuf,
}

impl Room<'_> {
    /// Runs the go command with a home, module cache and build cache of its own; it may reach
    /// no server.
    fn go(
        &self,
        folder: &Path,
        arguments: &[&OsStr],
        timeout: Duration,
    ) -> Result<Finished, Problem> {
        let mut argv = vec![self.program.as_os_str()];
        argv.extend(arguments);
        let own: Vec<(&str, OsString)> = [
            ("HOME", "home"),
            ("GOPATH", "gopath"),
            ("GOCACHE", "cache"),
            ("TMPDIR", ""),
        ]
        .map(|(name, part)| (name, self.folder.join(part).into_os_string()))
        .into();
        let passed = [
            "CC",
            "CXX",
            "PKG_CONFIG",
            "PKG_CONFIG_PATH",
            "PKG_CONFIG_LIBDIR",
            "CPATH",
            "LIBRARY_PATH",
            "CGO_CFLAGS",
            "CGO_LDFLAGS",
        ];
        let mut variables: Vec<(&str, &OsStr)> = passed
            .iter()
            .filter_map(|name| Some((*name, OsStr::new(self.env.get(*name)?))))
            .collect();
        variables.extend(own.iter().map(|(name, value)| (*name, value.as_os_str())));
        let fixed = [
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOENV", "off"),
            ("GOTELEMETRY", "off"),
            ("CGO_ENABLED", "1"),
        ];
        variables.extend(fixed.map(|(name, value)| (name, OsStr::new(value))));
        self.desk.runner.run(folder, &argv, &variables, timeout)
    }
}

fn untried(name: &str, why: impl Into<String>) -> Trial {
    Trial {
        name: name.into(),
        holds: None,
        said: why.into(),
        ..Trial::default()
    }
}

fn trial(name: &str, rule: &str, tried: Result<String, String>, fix: &str) -> Trial {
    let holds = tried.is_ok();
    Trial {
        name: name.into(),
        holds: Some(holds),
        said: tried.unwrap_or_else(|why| why),
        rule: if holds { String::new() } else { rule.into() },
        fix: if holds { String::new() } else { fix.into() },
    }
}
