//! Programs with cgo: built, run, and traced to the libraries that they load.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{BUILD_TIMEOUT, Room, trial, untried};
use crate::doctor::facts::Trial;

/// How long a program that was built may run.
const RUN_TIMEOUT: Duration = Duration::from_secs(20);

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
    /// A program with cgo that looks up `localhost`.
    pub(super) fn net(&self, has_cc: bool) -> Trial {
        let name = "a program with cgo that looks up localhost";
        if !has_cc {
            return untried(name, "there is no C compiler");
        }
        // Whoever is not named there is asked for over the network.
        let hosts = self.desk.disk.text("/etc/hosts").unwrap_or_default();
        if !hosts.lines().any(names_localhost) {
            return untried(
                name,
                "/etc/hosts has no localhost, and no server may be asked",
            );
        }
        let tried = self.build("net", NET).and_then(|program| {
            let [said, complained] = self.run(&program, &[("GODEBUG", "netdns=2")])?;
            if said.trim() != "true true" {
                return Err("localhost is not found: see /etc/nsswitch.conf".to_owned());
            }
            let library = self
                .loaded(&program, "libc.so")
                .unwrap_or_else(|| "no C library".into());
            Ok(format!("built, loads {library}; {}", resolver(&complained)))
        });
        trial(
            name,
            "trial-failed",
            tried,
            "builds with cgo need a C compiler and its headers; names are found as /etc/nsswitch.conf says",
        )
    }

    /// A program that calls a C library which pkg-config finds.
    pub(super) fn sqlite(&self, has_cc: bool, pkg_config: &str) -> Trial {
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
        let built = self.go(&folder, &argv, BUILD_TIMEOUT);
        let built = built.and_then(|built| self.desk.runner.good(built));
        built.map(|_| program).map_err(|problem| problem.words())
    }

    /// Runs a program that was built; returns what it printed and what it complained.
    fn run(&self, program: &Path, variables: &[(&str, &str)]) -> Result<[String; 2], String> {
        let variables: Vec<(&str, &OsStr)> = variables
            .iter()
            .map(|(name, value)| (*name, OsStr::new(*value)))
            .collect();
        let runner = &self.desk.runner;
        let argv = [program.as_os_str()];
        let ran = runner.run(&self.folder, &argv, &variables, RUN_TIMEOUT);
        let ran = ran.and_then(|ran| runner.good(ran));
        let ran = ran.map_err(|problem| problem.words())?;
        Ok([&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
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
}

/// Says whether a line of /etc/hosts has localhost in it.
fn names_localhost(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default();
    line.split_whitespace()
        .skip(1)
        .any(|name| name == "localhost")
}

/// Says who looked localhost up, by the lines that `GODEBUG=netdns=2` has the net package print.
fn resolver(complained: &str) -> String {
    let order = complained
        .lines()
        .find_map(|line| line.split_once("hostLookupOrder(localhost) = "));
    match order.map(|(_, order)| order.trim()) {
        Some("cgo") => "localhost was looked up by the C library (cgo)".to_owned(),
        Some(order) => format!("localhost was looked up by Go itself ({order})"),
        None => "it does not say how localhost was looked up".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_one_of_the_names_of_a_line() {
        assert!(names_localhost("127.0.0.1\tx localhost # here"));
        assert!(!names_localhost(
            "127.0.0.1 localhost.localdomain # localhost"
        ));
        assert!(!names_localhost("localhost"));
    }

    #[test]
    fn who_looks_names_up_is_told() {
        let line = |order: &str| {
            format!(
                "go package net: confVal.netCgo = false  netGo = false\ngo package net: hostLookupOrder(localhost) = {order}\n"
            )
        };
        let cgo = resolver(&line("cgo"));
        assert!(cgo.contains("by the C library (cgo)"), "{cgo}");
        let own = resolver(&line("files,dns"));
        assert!(own.contains("by Go itself (files,dns)"), "{own}");
        assert!(resolver("").contains("does not say"));
    }
}
