//! What each explainer must not prove: inputs that look like its cause, with the
//! evidence missing.

mod files;
mod logs;

use super::*;
use crate::goinfo::sources::Sources;

/// Two files, the names that may be proven, and names that may not be said at all.
struct Row {
    what: String,
    a: Artifact,
    b: Artifact,
    proven: &'static [Name],
    never: &'static [Name],
}

fn row(what: impl Into<String>, a: Artifact, b: Artifact, proven: &'static [Name]) -> Row {
    Row {
        what: what.into(),
        a,
        b,
        proven,
        never: &[],
    }
}

impl Row {
    fn never(self, never: &'static [Name]) -> Self {
        Self { never, ..self }
    }

    #[track_caller]
    fn check(&self) {
        for (a, b) in [(&self.a, &self.b), (&self.b, &self.a)] {
            let found = causes(a, b);
            let proven: Vec<Name> = found
                .iter()
                .filter(|(_, confidence)| *confidence == Confidence::Proven)
                .map(|(name, _)| *name)
                .collect();
            assert_eq!(proven, self.proven, "{}: {found:?}", self.what);
            let said = |name: &&Name| found.iter().any(|(found, _)| found == *name);
            assert_eq!(self.never.iter().find(said), None, "{}", self.what);
            assert!(!found.is_empty(), "{}", self.what);
        }
    }
}

/// Checks rows, and what is said of them against what is kept under a name.
#[track_caller]
fn check(name: &str, rows: impl IntoIterator<Item = Row>) {
    let rows: Vec<Row> = rows.into_iter().collect();
    rows.iter().for_each(Row::check);
    let pairs = rows.iter().map(|row| (row.what.clone(), [&row.a, &row.b]));
    golden::check(name, pairs);
}

const GO: &str = "go1.27.3";

/// A program of a module, with these lines behind.
fn module(version: &str, lines: &str) -> Artifact {
    program(GO, &format!("path\tp\nmod\tp\t{version}\n{lines}"))
}

/// A program of no module, with these settings.
fn built(go: &str, settings: &str) -> Artifact {
    program(go, &format!("path\tp\n{settings}"))
}

fn in_folders(mut artifact: Artifact, set: impl FnOnce(&mut Sources)) -> Artifact {
    let mut sources = Sources {
        goroot: Some("/go".into()),
        ..Sources::default()
    };
    set(&mut sources);
    artifact.go.sources = Some(sources);
    artifact
}

/// A module on one side may follow from a setting, but not where go.mod is another one: what
/// differs in versions shows that.
#[test]
fn modules_of_another_go_mod_follow_from_no_setting() {
    let of = |go, deps: &str| program(go, &format!("path\tp\nmod\tp\t(devel)\n{deps}"));
    let (one, other) = ("dep\ta\tv1.0.0\th1:A=\n", "dep\ta\tv1.1.0\th1:B=\n");
    let more = "dep\tb\tv1.0.0\th1:C=\n";
    let rows = [
        row(
            "another release and a module more",
            of("go1.26.8", one),
            of(GO, &format!("{one}{more}")),
            &[Name::GoVersion],
        )
        .never(&[Name::DependencyVersion]),
        row(
            "another release and another go.mod",
            of("go1.26.8", one),
            of(GO, &format!("{other}{more}")),
            &[Name::GoVersion, Name::DependencyVersion],
        ),
    ];
    rows.iter().for_each(Row::check);
}

#[test]
fn one_source_is_not_assumed() {
    let vcs = |modified: &str| {
        format!("build\tvcs=git\nbuild\tvcs.revision=1\nbuild\tvcs.modified={modified}\n")
    };
    check(
        "one-source-is-not-assumed",
        [
            row(
                "go install of two versions",
                module("v1.2.3\th1:A=", ""),
                module("v1.2.4\th1:B=", ""),
                &[Name::MainVersion],
            )
            .never(&[Name::VersionStamp, Name::DependencySum]),
            row(
                "one version, two contents",
                module("v1.2.3\th1:A=", ""),
                module("v1.2.3\th1:B=", ""),
                &[Name::DependencySum],
            )
            .never(&[Name::VersionStamp, Name::MainVersion]),
            row(
                "go install and go build",
                module("v1.2.3\th1:A=", ""),
                module("(devel)\t", ""),
                &[],
            )
            .never(&[Name::MainVersion]),
            row(
                "versions of no known commit",
                module("v1.2.3\t", ""),
                module("v1.2.4\t", ""),
                &[],
            ),
            row(
                "a commit on one side",
                module("v1.2.3\t", &vcs("false")),
                module("(devel)\t", ""),
                &[Name::VcsMissing],
            )
            .never(&[Name::VersionStamp]),
            row(
                "one commit",
                module("v1.2.3\t", &vcs("false")),
                module("v0.0.0-1\t", &vcs("false")),
                &[Name::VersionStamp],
            ),
        ],
    );
    // Changes beside the commit need not be the same ones: other bytes stay open.
    let dirty = [
        module("v1.2.3+dirty\t", &vcs("true")),
        module("v0.0.0-1+dirty\t", &vcs("true")),
    ];
    let found = explained(&dirty[0], &dirty[1]);
    let stamp = found
        .iter()
        .find(|cause| cause.name == Name::VersionStamp)
        .unwrap();
    assert_eq!(stamp.reach, Reach::Stamps);
    let text = |cause: &Cause| format!("{} {}", cause.summary, cause.fix);
    let same = |cause: &Cause| text(cause).contains("same source");
    let installed = explained(&module("v1.2.3\th1:A=", ""), &module("v1.2.4\th1:B=", ""));
    assert!(!installed.iter().any(same), "{installed:#?}");
}

#[test]
fn modules_that_settings_pull_in_are_no_cause() {
    let dep = "dep\td\tv1.0.0\th1:A=\n";
    let with = |settings: &str| module("(devel)\t", &format!("{dep}{settings}"));
    let without = |settings: &str| module("(devel)\t", settings);
    let on = "build\tCGO_ENABLED=1\n";
    let off = "build\tCGO_ENABLED=0\n";
    let linux = "build\tGOARCH=amd64\nbuild\tGOOS=linux\n";
    let plan9 = "build\tGOARCH=amd64\nbuild\tGOOS=plan9\n";
    let other_dep = "dep\te\tv1.0.1\th1:B=\n";
    let same_dep = "dep\te\tv1.0.0\th1:A=\n";
    check(
        "modules-that-settings-pull-in-are-no-cause",
        [
            row(
                "-tags",
                with("build\t-tags=x\n"),
                without(""),
                &[Name::BuildTags],
            )
            .never(&[Name::DependencyVersion]),
            row("cgo", with(on), without(off), &[Name::CgoEnabled])
                .never(&[Name::DependencyVersion]),
            row("GOOS", with(linux), without(plan9), &[Name::Target])
                .never(&[Name::DependencyVersion]),
            row(
                "-race",
                with("build\t-race=true\n"),
                without(""),
                &[Name::Instrumentation],
            )
            .never(&[Name::DependencyVersion]),
            row(
                "another package",
                module("(devel)\t", dep),
                program(GO, "path\tp/q\nmod\tp\t(devel)\t\n"),
                &[Name::PackageArguments],
            )
            .never(&[Name::DependencyVersion]),
            row(
                "another Go",
                module("(devel)\t", dep),
                program("go1.26.1", "path\tp\nmod\tp\t(devel)\t\n"),
                &[Name::GoVersion],
            )
            .never(&[Name::DependencyVersion]),
            // A version that differs on both sides comes from no tag.
            row(
                "-tags and a version",
                module("(devel)\t", &format!("{dep}{other_dep}build\t-tags=x\n")),
                module("(devel)\t", same_dep),
                &[Name::BuildTags, Name::DependencyVersion],
            ),
            row(
                "nothing else",
                with(""),
                without(""),
                &[Name::DependencyVersion],
            ),
        ],
    );
    let found = explained(&with("build\t-tags=x\n"), &without(""));
    let places: Vec<&str> = found[0]
        .evidence
        .iter()
        .map(|evidence| evidence.place.as_str())
        .collect();
    assert_eq!(places, ["build info: build -tags", "build info: dep d"]);
}

#[test]
fn what_a_go_version_does_not_record_is_unknown() {
    let kind = |kind: &'static str, mut artifact: Artifact| {
        artifact.image.machine.kind = Some(kind);
        artifact
    };
    let mode = "build\t-buildmode=exe\nbuild\t-compiler=gc\n";
    let trimmed = |artifact: Artifact| in_folders(artifact, |sources| sources.goroot = None);
    let old_go = |go: &str| kind("executable", built(go, "build\t-compiler=gc\n"));
    check(
        "what-a-go-version-does-not-record-is-unknown",
        [
            row(
                "go1.19 and its successors",
                old_go("go1.19.8"),
                kind("executable", built("go1.21.13", mode)),
                &[Name::GoVersion],
            )
            .never(&[Name::BuildMode]),
            row(
                "the same, packed by a distribution",
                old_go("go1.19 (Red Hat 1.19.8-1.el9)"),
                kind("executable", built("go1.27.3", mode)),
                &[Name::GoVersion],
            )
            .never(&[Name::BuildMode]),
            // The kind of file decides, and the host's linker can change it.
            row(
                "go1.19 and another kind of file",
                kind("shared object", built("go1.19.8", "")),
                kind("executable", built("go1.21.13", mode)),
                &[Name::GoVersion],
            ),
            row(
                "go1.18 has no -trimpath on record",
                trimmed(built("go1.18.1", "")),
                trimmed(built("go1.21.13", "build\t-trimpath=true\n")),
                &[Name::GoVersion],
            )
            .never(&[Name::SourcePath, Name::GorootPath]),
            row(
                "go1.18 in a folder, go1.21 trimmed",
                in_folders(built("go1.18.1", ""), |_| {}),
                trimmed(built("go1.21.13", "build\t-trimpath=true\n")),
                &[Name::GoVersion, Name::SourcePath],
            ),
        ],
    );
}

/// Without both versions, other code says nothing of source or toolchain.
#[test]
fn a_version_that_is_not_known_is_not_equal() {
    let unknown = || {
        let mut artifact = built(GO, "");
        if let Some(found) = &mut artifact.go.build_info {
            found.value.version = None;
        }
        artifact
    };
    let nothing = || {
        let mut artifact = built(GO, "");
        artifact.go.build_info = None;
        artifact
    };
    for (a, b) in [
        (unknown(), unknown()),
        (unknown(), built(GO, "")),
        (nothing(), nothing()),
        (nothing(), built(GO, "")),
    ] {
        let diff = Diff::of(&a, &b);
        let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
        assert!(!pair.same_go() && !pair.other_go());
    }
}
