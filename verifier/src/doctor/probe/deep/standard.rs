//! gofmt, go vet and go test over the standard library.
//!
//! Nothing follows from what gofmt and go vet say: gofmt has something to say of releases too,
//! and whoever changes an installation can do it in good form. Tests that pass are tests that
//! pass, no proof of an installation.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use proto::quantity;
use proto::visible::clean;

use super::{BUILD_TIMEOUT, Room, trial, untried};
use crate::doctor::facts::{Installation, Trial};
use crate::goinfo::version::GoVersion;

/// How long go vet may take: it compiles what it looks at.
const VET_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How long the tests may take, all of them.
const TESTS_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// The most names shown.
const SHOWN_MAX: usize = 5;

/// The most files of sources that are looked through.
const FILES_MAX: usize = 50_000;

/// The first line of Go whose `go test` takes names to leave out.
///
/// Source: go.dev/doc/go1.20
const SKIPS_SINCE: u32 = 20;

/// Tests that ask a name server and do not say so: found by looking at the calls of connect(2)
/// of tests around package net, of Go 1.21.13, 1.24.11 and 1.27.3. Not all packages were looked
/// at.
const ASKING: [&str; 1] = ["TestTransportEventTraceRealDNS"];

impl Room<'_> {
    pub(super) fn gofmt(&self) -> Trial {
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
            let odd = said.lines().filter(|line| !line.contains("/testdata/"));
            let odd: Vec<String> = odd.map(last_part).collect();
            match odd.len() {
                0 => "every source file is as gofmt has it".to_owned(),
                count => format!(
                    "gofmt would write {} otherwise ({}); releases have some such files, so this tells of no change",
                    quantity::count(count, "file", "files"),
                    shown(&odd)
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

    pub(super) fn vet(&self) -> Trial {
        let name = "go vet of the standard library";
        let source = self.root.join("src");
        if !source.is_dir() {
            return untried(name, "this installation has no sources");
        }
        let argv = ["vet", "std", "cmd"].map(OsStr::new);
        let ran = self.go(&source, &argv, VET_TIMEOUT);
        let tried = ran.and_then(|ran| {
            let remarks = remarks(&String::from_utf8_lossy(&ran.stderr));
            // It fails where it remarks anything, and where it can't look.
            if remarks.is_empty() {
                self.desk.runner.good(ran)?;
            }
            Ok(remarks)
        });
        let tried = tried.map(|remarks| match remarks.len() {
            0 => "go vet remarks nothing".to_owned(),
            count => format!(
                "go vet remarks {} ({}); whether the release has the same is not known here",
                quantity::count(count, "line", "lines"),
                shown(&remarks)
            ),
        });
        trial(
            name,
            "trial-failed",
            tried.map_err(|problem| problem.words()),
            "install that Go anew: what it vets it can't compile here",
        )
    }

    /// The tests of the standard library, but for those that need the network.
    pub(super) fn tests(&self, go: &Installation) -> Trial {
        let name = "go test of the standard library";
        let source = self.root.join("src");
        let version = GoVersion::parse(go.version().split(' ').next().unwrap_or_default());
        if version.is_none_or(|version| version.major == 1 && version.minor < SKIPS_SINCE) {
            return untried(name, "go test leaves out tests by name since Go 1.20");
        }
        let left_out = self.network_tests(&source);
        if left_out.is_empty() {
            return untried(name, "this installation has no tests");
        }
        let names: Vec<&str> = left_out.iter().map(String::as_str).chain(ASKING).collect();
        let skip = format!("^({})$", names.join("|"));
        let argv = ["test", "-vet=off", "-short", "-skip", &skip, "std"].map(OsStr::new);
        let ran = match self.go(&source, &argv, TESTS_TIMEOUT) {
            Err(problem) => return untried(name, problem.words()),
            Ok(ran) => ran,
        };
        if ran.status.is_none() {
            let minutes = TESTS_TIMEOUT.as_secs() / 60;
            return untried(name, format!("they did not end within {minutes} minutes"));
        }
        let tested = Tested::of(&String::from_utf8_lossy(&ran.stdout));
        let tried = if !tested.failed.is_empty() {
            Err(tested.failures())
        } else if tested.passed == 0 || !ran.is_success() {
            let good = self.desk.runner.good(ran);
            Err(good.map_or_else(|problem| problem.words(), |_| "no test ran".to_owned()))
        } else {
            Ok(format!(
                "{} pass, {} that need the network left out by name; a test of this host, and no proof of the installation",
                quantity::count(tested.passed, "package", "packages"),
                quantity::count(names.len(), "test", "tests"),
            ))
        };
        trial(
            name,
            "std-tests-fail",
            tried,
            "see what they say: go test -vet=off -short, and the packages; on a host that builds well, limits of a container may make some fail, and so may certificates in the tests of old releases that have expired",
        )
    }

    /// The names of tests whose sources say that they need the network.
    fn network_tests(&self, source: &Path) -> BTreeSet<String> {
        let files = walkdir::WalkDir::new(source).follow_links(false);
        let is_command = |entry: &walkdir::DirEntry| entry.path() == source.join("cmd");
        let files = files
            .into_iter()
            .filter_entry(|entry| !is_command(entry))
            .take(FILES_MAX)
            .flatten();
        let tests = files.filter(|entry| entry.file_name().to_string_lossy().ends_with("_test.go"));
        tests
            .filter_map(|entry| self.desk.disk.read_host(entry.path()).ok().flatten())
            .flat_map(|text| needing_network(&text))
            .collect()
    }
}

/// Returns the names of a file's tests that need the network, as they say.
///
/// Source: internal/testenv MustHaveExternalNetwork
fn needing_network(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut test = None;
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("func ") {
            let name = declared.split_once('(').map(|(name, _)| name);
            test = name.filter(|name| name.starts_with("Test") && is_identifier(name));
        } else if line.contains("ustHaveExternalNetwork(") {
            all.extend(test.map(str::to_owned));
        }
    }
    all
}

fn is_identifier(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_plain)
}

/// Returns where go vet remarks something: `runtime/x.go:12`.
fn remarks(complained: &str) -> Vec<String> {
    let place = |line: &str| {
        // A package that it can't check is not a remark, and begins with `vet: `.
        let mut parts = line.split(": ").next()?.split(':');
        let (file, number) = (parts.next()?, parts.next()?);
        let is_place = file.ends_with(".go") || file.ends_with(".s");
        (is_place && number.parse::<u32>().is_ok()).then(|| format!("{}:{number}", last_part(file)))
    };
    complained.lines().filter_map(place).collect()
}

fn last_part(path: &str) -> String {
    clean(path.rsplit('/').next().unwrap_or(path))
}

fn shown(all: &[String]) -> String {
    let first = all.iter().take(SHOWN_MAX).cloned();
    let more = all.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0);
    let more = more.map(|more| format!("{more} more"));
    first.chain(more).collect::<Vec<_>>().join(", ")
}

/// What `go test` said of packages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tested {
    passed: usize,
    /// Packages that failed, and the tests in each.
    failed: Vec<(String, Vec<String>)>,
}

impl Tested {
    fn of(said: &str) -> Self {
        let mut tested = Self::default();
        let mut tests = Vec::new();
        for line in said.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("ok"), Some(_), _) => {
                    tested.passed += 1;
                    tests.clear();
                }
                (Some("---"), Some("FAIL:"), Some(test)) if line.starts_with("---") => {
                    tests.push(clean(test));
                }
                (Some("FAIL"), Some(package), _) => {
                    tested
                        .failed
                        .push((clean(package), std::mem::take(&mut tests)));
                }
                _ => {}
            }
        }
        tested
    }

    fn failures(&self) -> String {
        let of_package = |(package, tests): &(String, Vec<String>)| match tests.as_slice() {
            [] => package.clone(),
            tests => format!("{package} ({})", shown(tests)),
        };
        let all: Vec<String> = self.failed.iter().map(of_package).collect();
        format!(
            "{} of {} fail: {}",
            all.len(),
            quantity::count(all.len() + self.passed, "package", "packages"),
            shown(&all)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_need_the_network_are_known_by_their_sources() {
        let text = "package net\n\nfunc TestA(t *testing.T) {\n\tmustHaveExternalNetwork(t)\n}\n\nfunc TestB(t *testing.T) {}\n\n\
            func helper(t *testing.T) {\n\ttestenv.MustHaveExternalNetwork(t)\n}\n\nfunc TestC(t *testing.T) {\n\tt.Run(\"x\", func(t *testing.T) { testenv.MustHaveExternalNetwork(t) })\n}\n\
            func mustHaveExternalNetwork(t *testing.T) {\n}\n";
        assert_eq!(needing_network(text), ["TestA", "TestC"]);
    }

    #[test]
    fn what_go_vet_remarks_is_told_from_what_it_can_not_check() {
        let text = "# runtime\nruntime/x.go:12:3: unkeyed fields\n# net\nvet: net/y.go:4:1: undefined: z\nsync/a_amd64.s:9: wrong size\n";
        assert_eq!(remarks(text), ["x.go:12", "a_amd64.s:9"]);
        assert_eq!(remarks("go: no such tool\n"), [""; 0]);
    }

    #[test]
    fn packages_that_fail_are_named_with_their_tests() {
        let text = "ok  \tarchive/tar\t0.4s\n?   \tx\t[no test files]\n--- FAIL: TestOne (0.00s)\n    --- FAIL: TestOne/sub (0.00s)\n    x_test.go:1: no\nFAIL\nFAIL\tnet\t1.2s\nok  \tos\t0.1s\nFAIL\tsyscall [build failed]\nFAIL\n";
        let tested = Tested::of(text);
        assert_eq!(tested.passed, 2);
        assert_eq!(
            tested.failures(),
            "2 of 4 packages fail: net (TestOne), syscall"
        );
    }
}
