//! The rules, one file a theme. Where a rule means the same as a cause of
//! differences, it has its name.

mod identity;
mod linking;
mod modules;
mod paths;
mod stamps;
mod toolchain;

use anyhow::bail;
use proto::finding::{Finding, Level};

use super::facts::Facts;

/// Every name that a finding can have, and what it means.
pub const RULES: [(&str, &str); 31] = [
    (
        "source-path",
        "source files are named by the folder they were built in",
    ),
    (
        "goroot-path",
        "Go's own files are named by where Go was installed",
    ),
    (
        "module-cache-path",
        "modules' files are named by where the cache was",
    ),
    (
        "cgo-temp-path",
        "what reads as a temporary folder of the build is in the file",
    ),
    ("prefix-map-flag", "a path in C flags is in the file"),
    (
        "ldflags-variable",
        "-X set a variable to what reads as a time, host, person or folder",
    ),
    ("ldflags-hidden", "what -X set can't be seen in the file"),
    ("vcs-modified", "the source was not the commit alone"),
    (
        "vcs-missing",
        "the file does not say which commit it is from",
    ),
    ("version-devel", "the main module has no version"),
    ("package-arguments", "files were named instead of a package"),
    ("dependency-replaced", "a module was replaced"),
    ("dependency-vendored", "modules have no sums"),
    ("devel-toolchain", "no release of Go built it"),
    (
        "prerelease-toolchain",
        "a candidate for a release of Go built it",
    ),
    (
        "toolchain-patched",
        "the Go that built it may be a packager's own",
    ),
    (
        "floating-toolchain",
        "nothing in the file says that the Go version is pinned",
    ),
    ("compiler", "another compiler than Go's built it"),
    ("go-experiment", "experiments of Go were on"),
    (
        "instrumentation",
        "built with -race, -msan, -asan or -cover",
    ),
    ("pgo-profile", "a profile took part in the build"),
    ("compiler-flags", "-gcflags or -asmflags were given"),
    ("cgo-enabled", "whether cgo is used was left to the machine"),
    ("external-linking", "a C compiler's linker made the file"),
    (
        "external-link-flags",
        "flags for that linker, or search paths",
    ),
    ("link-order", "the functions were shuffled (-randlayout)"),
    (
        "modified-after-build",
        "the file is not what go build wrote, or its build ID is not that of go build",
    ),
    (
        "build-id-flag",
        "the build ID was set by hand, or is missing",
    ),
    ("gnu-build-id-flag", "the GNU build ID is not Go's"),
    ("missing-build-info", "build information is missing"),
    ("pe-timestamp", "a time is in the PE header"),
];

/// Asks every rule about a file.
pub fn all(facts: &Facts<'_>) -> Vec<Finding> {
    if facts.obstacle().is_some() {
        return Vec::new();
    }
    [
        identity::find,
        paths::find,
        stamps::find,
        modules::find,
        toolchain::find,
        linking::find,
    ]
    .into_iter()
    .flat_map(|rule| rule(facts))
    .map(|finding| Finding {
        artifact: facts.path(),
        ..finding
    })
    .collect()
}

/// Refuses names that no rule has.
///
/// # Errors
/// The first of them.
pub fn check_names(names: &[String]) -> anyhow::Result<()> {
    for name in names {
        if !RULES.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
            bail!(
                "--allow {name}: no such finding; there are {}",
                known.join(", ")
            );
        }
    }
    Ok(())
}

fn found(rule: &'static str, level: Level, summary: impl Into<String>) -> Finding {
    Finding {
        rule: rule.into(),
        level,
        confidence: None,
        artifact: String::new(),
        summary: summary.into(),
        evidence: Vec::new(),
        fix: String::new(),
    }
}
