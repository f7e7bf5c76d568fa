//! Toolchain, environment and flags, most of them recorded.

use proto::buildinfo::DEVEL;
use proto::buildinfo::keys::{C_FLAGS, CPU_LEVELS};

use super::place::Origin;
use super::release::{FETCHED_SINCE, release};
use super::{Basis, Element, GO, GOTOOLCHAIN, Source};
use crate::artifact::Artifact;

/// The first Go that stamps what version control says.
const STAMPS_SINCE: (u32, u32) = (1, 18);

/// Settings that are flags without a value when they are `true`.
const SWITCHES: [&str; 5] = ["-trimpath", "-race", "-msan", "-asan", "-cover"];

/// Settings that are flags with a value.
const WITH_VALUE: [&str; 6] = [
    "-covermode",
    "-coverpkg",
    "-tags",
    "-gcflags",
    "-asmflags",
    "-gccgoflags",
];

/// Returns the release: as GOTOOLCHAIN, or, before that was known, as the program that
/// golang.org/dl installs.
pub(super) fn toolchain(artifact: &Artifact) -> Option<Element> {
    let release = release(artifact)?;
    let version = artifact.go.version()?;
    let name = match (release.major, release.minor) >= FETCHED_SINCE {
        true => GOTOOLCHAIN,
        false => GO,
    };
    Some(Element::new(name, version, Basis::Recorded, "Go version"))
}

pub(super) fn environment(artifact: &Artifact) -> Vec<Element> {
    let go = &artifact.go;
    let machine = &artifact.image.machine;
    let variable = |key: &str| {
        let value = go.setting(key).filter(|value| !value.is_empty());
        let by_headers = match key {
            "GOOS" => machine.goos,
            "GOARCH" => machine.goarch,
            _ => None,
        };
        match (value, by_headers) {
            (Some(value), _) => Some(Element::recorded(key, value)),
            (None, Some(value)) => Some(Element::new(key, value, Basis::Read, "file headers")),
            (None, None) => None,
        }
    };
    let target = ["GOOS", "GOARCH"].into_iter().chain(CPU_LEVELS);
    let cgo = ["CGO_ENABLED"].into_iter().chain(C_FLAGS);
    let all = target.chain(cgo).chain(["GOFIPS140"]);
    let mut found: Vec<Element> = all.filter_map(variable).collect();
    found.extend(experiments(artifact));
    found
}

fn experiments(artifact: &Artifact) -> Option<Element> {
    let go = &artifact.go;
    if let Some(value) = go.setting("GOEXPERIMENT") {
        return Some(Element::recorded("GOEXPERIMENT", value));
    }
    let value = go.experiments()?;
    Some(Element::new(
        "GOEXPERIMENT",
        value,
        Basis::Recorded,
        "Go version",
    ))
}

pub(super) fn flags(artifact: &Artifact, source: &Source) -> Vec<Element> {
    let go = &artifact.go;
    let mut flags = Vec::new();
    let compiler = go.setting("-compiler").filter(|compiler| *compiler != "gc");
    flags.extend(compiler.map(|compiler| Element::recorded("-compiler", compiler)));
    let is_on = |key: &&&str| go.setting(key) == Some("true");
    let switches = SWITCHES.iter().filter(is_on);
    flags.extend(switches.map(|key| Element {
        value: String::new(),
        ..Element::recorded(key, "")
    }));
    flags.extend(trimmed_by_table(artifact));
    flags.extend(build_mode(artifact));
    let valued = WITH_VALUE.iter().filter_map(|key| {
        let value = go.setting(key).filter(|value| !value.is_empty())?;
        Some(Element::recorded(key, value))
    });
    flags.extend(valued);
    flags.extend(profile(artifact));
    flags.extend(version_control(artifact, source));
    flags.extend(module_mode(artifact));
    flags
}

/// Before Go 1.19 the flag is not recorded; what is read off the line table shows it.
fn trimmed_by_table(artifact: &Artifact) -> Option<Element> {
    let is_recorded = artifact.go.setting("-trimpath").is_some();
    let sources = artifact.go.sources.as_ref()?;
    let version = release(artifact)?;
    let records = (version.major, version.minor) >= (1, 19);
    (!is_recorded && !records && sources.goroot.is_none()).then(|| {
        Element::new(
            "-trimpath",
            "",
            Basis::Read,
            "line table: no folder of the building machine",
        )
    })
}

/// A program of the platform's own mode is recorded as exe, whatever that mode is.
fn build_mode(artifact: &Artifact) -> Option<Element> {
    let mode = artifact
        .go
        .setting("-buildmode")
        .filter(|mode| *mode != "exe")?;
    Some(Element::recorded("-buildmode", mode))
}

/// A profile called default.pgo beside package main is found without a flag.
fn profile(artifact: &Artifact) -> Option<Element> {
    let path = artifact.go.setting("-pgo")?;
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    (name != "default.pgo").then(|| Element::recorded("-pgo", path))
}

/// A checkout without a stamp: the flag, or a folder outside any repository, which give
/// the same bytes.
fn version_control(artifact: &Artifact, source: &Source) -> Option<Element> {
    let version = release(artifact)?;
    let stamps = (version.major, version.minor) >= STAMPS_SINCE;
    let is_checkout = source.origin == Origin::Checkout;
    // A version would have come from a tag of the repository.
    let is_plain = source.version.as_deref() == Some(DEVEL);
    (stamps && is_checkout && is_plain && source.revision.is_none()).then(|| {
        Element::new(
            "-buildvcs",
            "false",
            Basis::Likely,
            "build info: no build vcs",
        )
    })
}

/// Modules of a vendor folder have no sums in the build information.
fn module_mode(artifact: &Artifact) -> Option<Element> {
    let deps = &artifact.go.info()?.deps;
    let from_cache = |module: &proto::buildinfo::Module| match &module.replace {
        Some(by) => !by.sum.is_empty() || by.version.is_empty(),
        None => !module.sum.is_empty() || module.version == DEVEL,
    };
    let vendored = !deps.is_empty() && !deps.iter().any(from_cache);
    vendored.then(|| {
        Element::new(
            "-mod",
            "vendor",
            Basis::Likely,
            "build info: no dep has a sum",
        )
    })
}
