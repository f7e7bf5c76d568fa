//! The long checks: the whole cache audited, programs built, run and traced, the standard
//! library looked at.
//!
//! They work in a folder and a build cache of their own, which go away again. What fails here
//! shows that something is wrong with the host; that nothing fails proves nothing of an
//! installation: `verify-build toolchain` does.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proto::quantity;

use super::{Desk, Effective};
use crate::doctor::facts::{Facts, Trial};
use crate::exit::Exit;
use crate::gocache::audit;
use crate::report::printed::Printed as _;

/// How long one build, or one look at the sources, may take.
const BUILD_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The most names shown.
const SHOWN_MAX: usize = 5;

pub(super) fn look(desk: &Desk<'_>, env: &Effective, facts: &mut Facts) {
    audit_cache(desk, facts);
    let first = facts.first_go().filter(|go| go.problem.is_none());
    let Some(program) = first.map(|go| PathBuf::from(&go.program)) else {
        return;
    };
    let root = PathBuf::from(first.map_or("", |go| &go.root));
    let Ok(scratch) = tempfile::Builder::new().prefix("verify-build-").tempdir() else {
        return facts.trials.push(untried(
            "a folder to build in",
            "no temporary folder can be made",
        ));
    };
    let room = Room {
        desk,
        env,
        program,
        root,
        folder: scratch.path().to_owned(),
    };
    let has_cc = !facts.c.cc.path.is_empty() && facts.c.cc.problem.is_none();
    facts.trials.push(room.net(has_cc));
    facts
        .trials
        .push(room.sqlite(has_cc, &facts.c.pkg_config.path));
    facts.trials.push(room.gofmt());
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

fn untried(name: &str, why: &str) -> Trial {
    Trial {
        name: name.into(),
        holds: None,
        said: why.into(),
        ..Trial::default()
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

const NET: &str = "package main

import (
\t\"fmt\"
\t\"net\"
)

func main() {
\tfound, err := net.LookupHost(\"localhost\")
\tfmt.Println(len(found) > 0, err == nil)
}
";

const SQLITE: &str = "package main

// #cgo pkg-config: sqlite3
// #include <sqlite3.h>
import \"C\"
import \"fmt\"

func main() { fmt.Println(C.GoString(C.sqlite3_libversion())) }
";

impl Room<'_> {
    /// Builds a program; says why it can't be built.
    fn build(&self, name: &str, source: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        let written = fs::create_dir_all(&folder)
            .and_then(|()| {
                fs::write(
                    folder.join("go.mod"),
                    "module example.com/trial\n\ngo 1.20\n",
                )
            })
            .and_then(|()| fs::write(folder.join("main.go"), source));
        written.map_err(|error| error.to_string())?;
        let program = folder.join("trial");
        let argv = [
            OsStr::new("build"),
            OsStr::new("-trimpath"),
            OsStr::new("-o"),
            program.as_os_str(),
            OsStr::new("."),
        ];
        self.go(&folder, &argv, BUILD_TIMEOUT).map(|_| program)
    }

    /// Runs the go command with a home, module cache and build cache of its own.
    fn go(
        &self,
        folder: &Path,
        arguments: &[&OsStr],
        timeout: Duration,
    ) -> Result<[String; 2], String> {
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
        self.desk.runner.both(folder, &argv, &variables, timeout)
    }

    /// Runs a program that was built.
    fn run(&self, program: &Path, variables: &[(&str, &str)]) -> Result<[String; 2], String> {
        let variables: Vec<(&str, &OsStr)> = variables
            .iter()
            .map(|(name, value)| (*name, OsStr::new(*value)))
            .collect();
        let argv = [program.as_os_str()];
        self.desk
            .runner
            .both(&self.folder, &argv, &variables, Duration::from_secs(20))
    }

    /// Names the file of a library that a program would load: the dynamic linker says so
    /// and runs nothing.
    fn loaded(&self, program: &Path, library: &str) -> Option<String> {
        let [said, _] = self
            .run(program, &[("LD_TRACE_LOADED_OBJECTS", "1")])
            .ok()?;
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(library))?;
        let (_, place) = line.split_once("=> ")?;
        place.split(' ').next().map(str::to_owned)
    }

    /// A program with cgo that looks up `localhost`.
    fn net(&self, has_cc: bool) -> Trial {
        let name = "a program with cgo that looks up localhost";
        if !has_cc {
            return untried(name, "there is no C compiler");
        }
        let tried = self.build("net", NET).and_then(|program| {
            let [said, complained] = self.run(&program, &[("GODEBUG", "netdns=2")])?;
            if said.trim() != "true true" {
                return Err(
                    "localhost is not found: see /etc/hosts and /etc/nsswitch.conf".to_owned(),
                );
            }
            let order = complained
                .lines()
                .find_map(|line| line.split_once("hostLookupOrder(localhost) = "));
            let order = order.map_or("it does not say how", |(_, order)| order.trim());
            let library = self
                .loaded(&program, "libc.so")
                .unwrap_or_else(|| "no C library".into());
            Ok(format!(
                "built, linked with {library}, localhost found by: {order}"
            ))
        });
        trial(
            name,
            "trial-failed",
            tried,
            "builds with cgo need a C compiler, its headers, and a localhost in /etc/hosts",
        )
    }

    /// A program that calls a C library which pkg-config finds.
    fn sqlite(&self, has_cc: bool, pkg_config: &str) -> Trial {
        let name = "a program that calls libsqlite3 by pkg-config";
        if !has_cc || pkg_config.is_empty() {
            return untried(name, "there is no C compiler or no pkg-config");
        }
        let argv = [
            OsStr::new(pkg_config),
            OsStr::new("--exists"),
            OsStr::new("sqlite3"),
        ];
        if self.desk.runner.ask(&argv, &[]).is_err() {
            return untried(
                name,
                "pkg-config knows no sqlite3 (libsqlite3-dev, sqlite-devel)",
            );
        }
        let tried = self.build("sqlite", SQLITE).and_then(|program| {
            let [version, _] = self.run(&program, &[])?;
            let library = self.loaded(&program, "libsqlite3.so");
            let library = library.ok_or("the dynamic linker finds no libsqlite3.so for it")?;
            Ok(format!(
                "built, loads {library}, which is {}",
                version.trim()
            ))
        });
        trial(
            name,
            "trial-failed",
            tried,
            "headers, library and the file of pkg-config must be of one package",
        )
    }

    fn gofmt(&self) -> Trial {
        let name = "gofmt of the standard library";
        let gofmt = self.root.join("bin/gofmt");
        let source = self.root.join("src");
        if !gofmt.is_file() || !source.is_dir() {
            return untried(name, "this installation has no gofmt or no sources");
        }
        let argv = [gofmt.as_os_str(), OsStr::new("-l"), source.as_os_str()];
        // Files under testdata are odd on purpose, and make it fail.
        let said = self.desk.runner.listed(&argv, "/testdata/", BUILD_TIMEOUT);
        let tried = said.map(|said| {
            let odd: Vec<&str> = said
                .lines()
                .filter(|line| !line.contains("/testdata/"))
                .collect();
            // Releases have such files too, so that nothing follows from them.
            let shown = odd.iter().take(SHOWN_MAX);
            let shown: Vec<&str> = shown.map(|line| line.rsplit('/').next().unwrap_or(line)).collect();
            match odd.len() {
                0 => "every source file is as gofmt has it".to_owned(),
                count => format!(
                    "gofmt would write {} otherwise ({}); releases have some such files, so this tells of no change",
                    quantity::count(count, "file", "files"),
                    shown.join(", ")
                ),
            }
        });
        trial(
            name,
            "trial-failed",
            tried,
            "install that Go anew: its gofmt does not run",
        )
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
