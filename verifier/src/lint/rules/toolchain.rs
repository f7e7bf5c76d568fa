//! Which Go built the file, and how.

use proto::finding::{Finding, Level};

use super::found;
use crate::goinfo::version::GoVersion;
use crate::lint::facts::Facts;

/// Folders where packagers, some of whom patch it, install Go.
const PACKAGED: [(&str, &str); 6] = [
    ("/usr/lib/go-1", "Debian or Ubuntu"),
    ("/usr/share/go-1", "Debian or Ubuntu"),
    ("/usr/lib/golang", "Fedora or Red Hat"),
    ("/usr/lib/go", "Alpine or Arch"),
    ("/nix/store/", "Nix"),
    ("/Cellar/go", "Homebrew"),
];

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = version(facts).into_iter().collect();
    all.extend(packaged(facts));
    all.extend(experiments(facts));
    all.extend(compiler(facts));
    all.extend(instrumentation(facts));
    all.extend(profile(facts));
    all.extend(flags(facts));
    all
}

fn version(facts: &Facts<'_>) -> Option<Finding> {
    let version = facts.artifact.go.version()?;
    let Some(parsed) = GoVersion::parse(version) else {
        let (rule, what) = if version.starts_with("go") {
            (
                "toolchain-patched",
                "built with a Go whose version no release has: mostly a packager's own",
            )
        } else if version.starts_with("devel") {
            (
                "devel-toolchain",
                "built with Go from a development tree, which its version may not name fully",
            )
        } else {
            (
                "devel-toolchain",
                "the version of Go in the file is not that of a release",
            )
        };
        let fix = "build with a release from go.dev/dl (verify-build toolchain checks it)";
        return Some(
            found(rule, Level::Warning, what)
                .seen("Go version", version)
                .fix(fix),
        );
    };
    if parsed.prerelease.is_some() {
        return Some(
            found(
                "prerelease-toolchain",
                Level::Warning,
                "built with a Go that came before a release",
            )
            .seen("Go version", version)
            .fix("build with the release"),
        );
    }
    Some(
        found(
            "floating-toolchain",
            Level::Note,
            format!(
                "built with {version}: whether anything pins that version, the file does not say"
            ),
        )
        .seen("Go version", version)
        .fix(pin(version, &parsed)),
    )
}

/// go1.21 was the first that chooses a Go by go.mod or GOTOOLCHAIN.
fn pin(version: &str, parsed: &GoVersion) -> String {
    if (parsed.major, parsed.minor) < (1, 21) {
        return format!("install {version} itself wherever it is built");
    }
    format!(
        "pin it: a line `toolchain {version}` in go.mod, or GOTOOLCHAIN={version} where it is built"
    )
}

fn packaged(facts: &Facts<'_>) -> Option<Finding> {
    let goroot = facts.artifact.go.sources.as_ref()?.goroot.as_ref()?;
    let is_of = |(folder, _): &&(&str, &str)| {
        goroot == folder || (goroot.contains(folder) && *folder != "/usr/lib/go")
    };
    let (_, packager) = PACKAGED.iter().find(is_of)?;
    Some(
        found(
            "toolchain-patched",
            Level::Warning,
            format!("Go was installed where {packager} installs it: packagers may patch it, and then the release of the same version builds something else"),
        )
        .seen("GOROOT", goroot.clone())
        .fix("build with the release from go.dev/dl (verify-build toolchain checks it)"),
    )
}

fn experiments(facts: &Facts<'_>) -> Option<Finding> {
    let experiments = facts
        .artifact
        .go
        .experiments()
        .filter(|text| !text.is_empty());
    let setting = facts
        .setting("GOEXPERIMENT")
        .filter(|text| !text.is_empty());
    let value = experiments.or(setting)?;
    Some(
        found(
            "go-experiment",
            Level::Warning,
            "experiments of Go were on or off, by GOEXPERIMENT or a Go that was built so",
        )
        .seen("GOEXPERIMENT", value)
        .fix(format!(
            "build without them, or set GOEXPERIMENT={value} wherever it is built"
        )),
    )
}

fn compiler(facts: &Facts<'_>) -> Option<Finding> {
    let compiler = facts
        .setting("-compiler")
        .filter(|compiler| *compiler != "gc")?;
    Some(
        found(
            "compiler",
            Level::Warning,
            "another compiler than Go's own built it",
        )
        .seen("build info: -compiler", compiler)
        .fix("build with -compiler=gc"),
    )
}

fn instrumentation(facts: &Facts<'_>) -> Option<Finding> {
    let flags = ["-race", "-msan", "-asan", "-cover"];
    let set: Vec<&str> = flags
        .into_iter()
        .filter(|flag| facts.setting(flag) == Some("true"))
        .collect();
    if set.is_empty() {
        return None;
    }
    Some(
        found(
            "instrumentation",
            Level::Warning,
            "built to be tested: code was added that watches it run",
        )
        .seen("build info", set.join(" "))
        .fix(format!("build without {}", set.join(" "))),
    )
}

fn profile(facts: &Facts<'_>) -> Option<Finding> {
    let profile = facts.setting("-pgo")?;
    let tree = facts.artifact.go.sources.as_ref();
    let tree = tree.and_then(|sources| sources.tree.as_deref());
    // Without -trimpath a profile beside package main has its whole path on record.
    let is_inside = tree.is_some_and(|tree| std::path::Path::new(profile).starts_with(tree));
    let is_path = crate::goinfo::sources::is_absolute(profile);
    let level = if is_path && !is_inside {
        Level::Warning
    } else {
        Level::Note
    };
    Some(
        found(
            "pgo-profile",
            level,
            "a profile took part in the build: with another, or none, the compiler may build another program",
        )
        .seen("build info: -pgo", profile)
        .fix("commit the profile as default.pgo beside package main, or pass -pgo=off"),
    )
}

fn flags(facts: &Facts<'_>) -> Option<Finding> {
    let given = ["-gcflags", "-asmflags"].map(|flag| (flag, facts.setting(flag)));
    let mut given = given
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value?)))
        .peekable();
    given.peek()?;
    let finding = found(
        "compiler-flags",
        Level::Note,
        "flags for the compiler were given",
    );
    let finding = given.fold(finding, |finding, (flag, value)| {
        finding.seen(format!("build info: {flag}"), value)
    });
    Some(finding.fix("pass the same flags wherever it is built, or none"))
}
