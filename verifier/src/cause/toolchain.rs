//! target, go-version, go-experiment, compiler: what built the files, for what.

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, go_release, line, pair, paths};
use crate::artifact::Artifact;
use crate::diff::fields;
use crate::goinfo::GoInfo;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    [
        target(pair),
        go_version(pair),
        go_experiment(pair),
        compiler(pair),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn target(pair: &Pair<'_>) -> Option<Cause> {
    let (a, b) = (platform(pair.a), platform(pair.b));
    let both = pair.a.image.format.is_program() && pair.b.image.format.is_program();
    if a == b || !both {
        return None;
    }
    let (a_headers, b_headers) = (headers(pair.a), headers(pair.b));
    let mut evidence = vec![Evidence::new("platform", &a, &b)];
    if a_headers != b_headers {
        evidence.push(Evidence::new("file headers", a_headers, b_headers));
    }
    evidence.extend(super::dependencies::following(pair, Name::Target));
    Some(Cause {
        name: Name::Target,
        confidence: Confidence::Proven,
        summary: format!("built for different platforms: {a} and {b}"),
        evidence,
        fix: "build both with the same GOOS and GOARCH".into(),
        reach: Reach::Anything,
    })
}

/// What the build settings say, else what the headers do.
fn platform(artifact: &Artifact) -> String {
    let machine = &artifact.image.machine;
    let goos = artifact.go.setting("GOOS").or(machine.goos).unwrap_or("?");
    let goarch = artifact
        .go
        .setting("GOARCH")
        .or(machine.goarch)
        .unwrap_or("?");
    format!("{goos}/{goarch}")
}

fn headers(artifact: &Artifact) -> String {
    let machine = &artifact.image.machine;
    let bits = machine
        .bits
        .map_or_else(String::new, |bits| format!(" {bits}-bit"));
    format!(
        "{}{bits} {}",
        artifact.image.format.name(),
        machine.goarch.unwrap_or("unknown architecture")
    )
}

fn go_version(pair: &Pair<'_>) -> Option<Cause> {
    let (a, b) = (pair.a.go.version()?, pair.b.go.version()?);
    if a == b {
        return None;
    }
    let mut evidence = vec![Evidence::new(version_place(pair), a, b)];
    evidence.extend(follows(pair).into_iter().map(line));
    evidence.extend(super::dependencies::following(pair, Name::GoVersion));
    Some(Cause {
        name: Name::GoVersion,
        confidence: Confidence::Proven,
        summary: format!("built by different Go versions: {a} and {b}"),
        evidence,
        fix: go_release::advice(a, b),
        reach: Reach::Anything,
    })
}

/// Where the versions were read.
fn version_place(pair: &Pair<'_>) -> String {
    let from_variable =
        |artifact: &Artifact| artifact.image.producer_go.is_none() && !pair::has_blob(artifact);
    match pair.which(from_variable) {
        Some(which) => {
            format!("Go version (in {which}: the text that runtime.buildVersion points to)")
        }
        None => "Go version".to_owned(),
    }
}

/// Returns the fields that differ only because the newer go command records
/// more: a setting of its own, or a version made from the commit since Go 1.24.
pub(super) fn follows<'a>(pair: &Pair<'a>) -> Vec<&'a fields::Field> {
    if !pair.other_go() {
        return Vec::new();
    }
    let one_sided = |field: &&fields::Field| field.a.is_none() != field.b.is_none();
    let is_devel =
        |side: &Option<String>| side.as_ref().is_some_and(|main| main.ends_with(" (devel)"));
    let same_commit = pair.diff.setting("vcs.revision").is_none();
    let follows = |field: &&fields::Field| match &field.name {
        fields::Name::Setting(key) => {
            key == "DefaultGODEBUG"
                || one_sided(field) && (super::keys::is_cpu_level(key) || key == "GOFIPS140")
                || is_unrecorded(pair, key, field)
        }
        fields::Name::Main => same_commit && is_devel(&field.a) != is_devel(&field.b),
        _ => false,
    };
    pair.diff.fields.iter().filter(follows).collect()
}

/// Says whether one side lacks a setting because its Go does not record it. Go
/// records these whatever they are, each since some version; what an older one was
/// given, its file alone can tell.
fn is_unrecorded(pair: &Pair<'_>, key: &str, field: &fields::Field) -> bool {
    if field.a.is_some() == field.b.is_some() {
        return false;
    }
    match key {
        // Programs, libraries and position-independent programs are other kinds of
        // file.
        "-buildmode" => pair.a.image.machine.kind == pair.b.image.machine.kind,
        // Where there is a line table, what it says counts.
        "-trimpath" => paths::is_trimmed(pair.a) == paths::is_trimmed(pair.b),
        "-compiler" | "CGO_ENABLED" | "GOOS" | "GOARCH" => true,
        _ => false,
    }
}

fn go_experiment(pair: &Pair<'_>) -> Option<Cause> {
    let experiments = |go: &GoInfo| {
        go.setting("GOEXPERIMENT")
            .or_else(|| go.experiments())
            .unwrap_or_default()
            .to_owned()
    };
    let (a, b) = (experiments(&pair.a.go), experiments(&pair.b.go));
    let known = pair.a.go.build_info.is_some() && pair.b.go.build_info.is_some();
    if a == b || !known {
        return None;
    }
    let following = super::dependencies::following(pair, Name::GoExperiment);
    let show = |experiments: &str| {
        if experiments.is_empty() {
            "none".to_owned()
        } else {
            experiments.to_owned()
        }
    };
    Some(Cause {
        name: Name::GoExperiment,
        confidence: Confidence::Proven,
        summary: format!(
            "built with different Go experiments: {} and {}",
            show(&a),
            show(&b)
        ),
        evidence: std::iter::once(Evidence::new("GOEXPERIMENT", show(&a), show(&b)))
            .chain(following)
            .collect(),
        fix: "unset GOEXPERIMENT, or set it alike on both machines".into(),
        reach: Reach::Anything,
    })
}

fn compiler(pair: &Pair<'_>) -> Option<Cause> {
    let field = pair.diff.setting("-compiler")?;
    if follows(pair).contains(&field) {
        return None;
    }
    Some(Cause {
        name: Name::Compiler,
        confidence: Confidence::Proven,
        summary: "built by different compilers".into(),
        evidence: vec![line(field)],
        fix: "build both with the same -compiler (gc unless there is a reason)".into(),
        reach: Reach::Anything,
    })
}
