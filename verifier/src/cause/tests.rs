mod archives;
mod build_info;
mod code;
mod gates;
mod golden;
mod not_proven;
mod parts_of_c;
mod units;

use std::path::PathBuf;

use proto::buildid::BuildId;
use proto::buildinfo::BuildInfo;

use super::*;
use crate::diff::Diff;
use crate::goinfo::GoInfo;
use crate::goinfo::selfcheck::SelfCheck;
use crate::goinfo::stamped::Stamped;
use crate::image::{Format, Image, Located};
use crate::input::Input;

/// A program of which only the build information is known.
pub(crate) fn program(version: &str, modules: &str) -> Artifact {
    let info = BuildInfo::parse(modules).unwrap();
    let stamped = Stamped {
        version: Some(version.into()),
        info: Some(info),
        text: modules.into(),
    };
    Artifact {
        input: Input {
            path: PathBuf::from("program"),
            bytes: modules.as_bytes().to_vec().into(),
            sha256: [0; 32],
            identity: None,
        },
        image: Image {
            format: Format::Elf,
            ..Image::default()
        },
        go: GoInfo {
            build_id: None,
            self_check: SelfCheck::Unknown("made up"),
            host_id_origin: None,
            build_info: Some(Located {
                value: stamped,
                range: 0..0,
            }),
            stamps: Vec::new(),
            sources: None,
            variables: None,
            problems: Vec::new(),
        },
        log: None,
    }
}

/// A four-part build ID: each letter gives a part.
fn with_id(parts: [char; 4], mut artifact: Artifact) -> Artifact {
    let text = parts.map(|part| part.to_string().repeat(20)).join("/");
    artifact.image.build_id = Some(Located {
        value: BuildId::parse(&text).unwrap(),
        range: 0..0,
    });
    artifact.go.build_id = artifact.image.build_id.clone().map(|id| id.value);
    artifact
}

pub(crate) fn intact(mut artifact: Artifact) -> Artifact {
    let variant = proto::buildid::content::Variant::WithoutHostId;
    artifact.go.self_check = SelfCheck::Intact(variant);
    artifact
}

fn external(mut artifact: Artifact) -> Artifact {
    artifact.image.producers = vec!["GCC: (Debian 12.2.0) 12.2.0".into()];
    artifact
}

fn explained(a: &Artifact, b: &Artifact) -> Vec<Cause> {
    let diff = Diff::of(a, b);
    explain(&Pair::new(a, b, &diff, ["a".into(), "b".into()]))
}

fn causes(a: &Artifact, b: &Artifact) -> Vec<(Name, Confidence)> {
    explained(a, b)
        .into_iter()
        .map(|cause| (cause.name, cause.confidence))
        .collect()
}

/// Compares what is said of two programs by their build information with what is kept.
fn keep(name: &str, texts: impl IntoIterator<Item = (String, String, String)>) {
    let programs: Vec<(String, [Artifact; 2])> = texts
        .into_iter()
        .map(|(what, a, b)| (what, [a, b].map(|text| program("go1.27.3", &text))))
        .collect();
    let pairs = programs.iter();
    golden::check(name, pairs.map(|(what, [a, b])| (what.clone(), [a, b])));
}

fn names(a: &str, b: &str) -> Vec<Name> {
    let found = causes(&program("go1.27.3", a), &program("go1.27.3", b));
    found.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn c_flags_that_one_build_does_not_tell() {
    let build = |lines: &str| format!("path\tp\n{lines}");
    let told = |flags: &str| build(&format!("build\tCGO_CFLAGS={flags}\n"));
    let trimmed = build("build\t-trimpath=true\n");
    assert!(!names(&told(""), &trimmed).contains(&Name::CgoFlags));
    let hidden = causes(
        &program("go1.27.3", &told("-O1")),
        &program("go1.27.3", &trimmed),
    );
    assert!(hidden.contains(&(Name::CgoFlags, Confidence::Possible)));
    let both = causes(
        &program("go1.27.3", &told("-O1")),
        &program("go1.27.3", &told("-O2")),
    );
    assert_eq!(both[0], (Name::CgoFlags, Confidence::Proven));
}

#[test]
fn dependencies_by_what_differs() {
    let dep = |line: &str| format!("path\tp\nmod\tp\t(devel)\t\ndep\t{line}\n");
    let table = [
        (
            "d\tv1.0.0\th1:A=",
            "d\tv1.0.1\th1:B=",
            Name::DependencyVersion,
        ),
        (
            "d\tv1.0.0\th1:A=",
            "e\tv1.0.0\th1:A=",
            Name::DependencyVersion,
        ),
        // The alarm: one version, two contents.
        ("d\tv1.0.0\th1:A=", "d\tv1.0.0\th1:B=", Name::DependencySum),
        ("d\tv1.0.0\th1:A=", "d\tv1.0.0\t", Name::DependencyVendored),
        (
            "d\tv1.0.0\th1:A=",
            "d\tv1.0.0\n=>\t../d\t(devel)\t",
            Name::DependencyReplaced,
        ),
        ("d\tv1.0.0\th1:A=", "d\t(devel)\t", Name::DependencyReplaced),
        (
            "d\tv1\n=>\tf\tv1\th1:A=",
            "d\tv1\n=>\tf\tv1\th1:B=",
            Name::DependencySum,
        ),
        (
            "d\tv1\n=>\tf\tv1\th1:A=",
            "d\tv1\n=>\tf\tv2\th1:B=",
            Name::DependencyVersion,
        ),
        (
            "d\tv1\n=>\tf\tv1\th1:A=",
            "d\tv1\n=>\tg\tv1\th1:A=",
            Name::DependencyReplaced,
        ),
    ];
    for (a, b, want) in table {
        assert_eq!(names(&dep(a), &dep(b))[0], want, "{a:?} {b:?}");
    }
    keep(
        "dependencies",
        table.map(|(a, b, _)| (format!("{a:?} and {b:?}"), dep(a), dep(b))),
    );
}

#[test]
fn settings_by_key() {
    let build = |line: &str| format!("path\tp\nbuild\tGOOS=linux\nbuild\tGOARCH=amd64\n{line}");
    let table = [
        ("build\t-race=true\n", Name::Instrumentation),
        ("build\t-pgo=default.pgo\n", Name::PgoProfile),
        ("build\tGOFIPS140=v1.0.0\n", Name::Fips140),
        ("build\tGOEXPERIMENT=arenas\n", Name::GoExperiment),
        ("build\t-compiler=gccgo\n", Name::Compiler),
        ("build\tCGO_LDFLAGS=-lm\n", Name::CgoFlags),
        ("build\tvcs=git\n", Name::VcsMissing),
        ("build\t-ldflags=-H=windowsgui\n", Name::LinkerFlags),
        ("build\t-ldflags=\"-B 0x00\"\n", Name::GnuBuildIdFlag),
        ("build\t-trimpath=true\n", Name::SourcePath),
    ];
    for (line, want) in table {
        assert_eq!(names(&build(""), &build(line)), [want], "{line:?}");
        assert_eq!(names(&build(line), &build("")), [want], "{line:?}");
    }
    keep(
        "settings",
        table.map(|(line, _)| (line.trim_end().to_owned(), build(""), build(line))),
    );
    // A setting from the future is shown, not passed over.
    assert_eq!(
        names(&build(""), &build("build\t-future=1\n")),
        [Name::Unexplained]
    );
    assert_eq!(
        names(&build(""), &build("future\tline\n")),
        [Name::Unexplained]
    );
}

#[test]
fn experiments_behind_the_version() {
    let text = "path\tp\n";
    for (a, b) in [
        ("go1.24.1 X:arenas", "go1.24.1"),
        ("go1.26.0-X:nodwarf5", "go1.26.0"),
    ] {
        let found = causes(&program(a, text), &program(b, text));
        assert_eq!(found, [(Name::GoExperiment, Confidence::Proven)], "{a}");
    }
}

/// A newer go command records more; that is no cause of its own.
#[test]
fn what_follows_from_the_go_version_is_not_named_twice() {
    let old = "path\tp\nmod\tp\t(devel)\t\nbuild\tvcs.revision=1\nbuild\tvcs=git\n";
    let new = "path\tp\nmod\tp\tv0.0.0-1\t\nbuild\tDefaultGODEBUG=x=1\nbuild\tGOARM64=v8.0\nbuild\tvcs=git\n\
               build\tvcs.revision=1\n";
    let found = causes(&program("go1.21.13", old), &program("go1.27.3", new));
    assert_eq!(found, [(Name::GoVersion, Confidence::Proven)]);
    let same = causes(&program("go1.27.3", old), &program("go1.27.3", new));
    let same: Vec<Name> = same.into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        same,
        [Name::CpuLevel, Name::VersionStamp, Name::GodebugDefault]
    );
}

#[test]
fn commits_and_trees() {
    let text = |version: &str, revision: &str, modified: &str| {
        format!(
            "path\tp\nmod\tp\t{version}\t\nbuild\tvcs=git\nbuild\tvcs.revision={revision}\n\
             build\tvcs.modified={modified}\n"
        )
    };
    let clean = text("v1.0.0", "1111", "false");
    keep(
        "commits",
        [
            (
                "uncommitted changes".to_owned(),
                clean.clone(),
                text("v1.0.0+dirty", "1111", "true"),
            ),
            (
                "two commits".to_owned(),
                clean.clone(),
                text("v1.0.1", "2222", "false"),
            ),
            (
                "two commits, one changed".to_owned(),
                clean.clone(),
                text("v1.0.1+dirty", "2222", "true"),
            ),
            (
                "a tag on one side".to_owned(),
                clean.clone(),
                text("v0.0.0-1", "1111", "false"),
            ),
            (
                "no commit".to_owned(),
                clean.clone(),
                "path\tp\nmod\tp\t(devel)\t\n".to_owned(),
            ),
        ],
    );
    assert_eq!(
        names(&clean, &text("v1.0.0+dirty", "1111", "true")),
        [Name::VcsModified]
    );
    assert_eq!(
        names(&clean, &text("v1.0.1", "2222", "false")),
        [Name::VcsRevision]
    );
    assert_eq!(
        names(&clean, &text("v1.0.1+dirty", "2222", "true")),
        [Name::VcsRevision, Name::VcsModified]
    );
    assert_eq!(
        names(&clean, &text("v0.0.0-1", "1111", "false")),
        [Name::VersionStamp]
    );
}

#[test]
fn surer_causes_come_first_and_what_is_open_last() {
    let cause = |name, confidence| Cause {
        name,
        confidence,
        summary: String::new(),
        evidence: vec![Evidence::new("here", "1", "2")],
        fix: String::new(),
        reach: Reach::Stamps,
    };
    let mut causes = vec![cause(Name::LdflagsVariable, Confidence::Possible)];
    add(
        &mut causes,
        cause(Name::LdflagsVariable, Confidence::Proven),
    );
    assert_eq!(causes.len(), 1);
    assert_eq!(
        (causes[0].confidence, causes[0].evidence.len()),
        (Confidence::Proven, 2)
    );
}

#[test]
fn names_print_as_the_schema_lists_them() {
    assert_eq!(Name::Fips140.as_str(), "fips140");
    assert_eq!(Name::CCompiler.as_str(), "c-compiler");
    assert_eq!(Name::GnuBuildIdFlag.as_str(), "gnu-build-id-flag");
    assert!(Name::ALL.is_sorted());
}

/// The same with a build ID, and what a dynamic linker it asks for.
fn linked(id: &str, interpreter: &str) -> Artifact {
    let mut artifact = program("go1.27.3", "path\tp\nbuild\t-trimpath=true\n");
    artifact.go.build_id = Some(BuildId::parse(id).unwrap());
    artifact.image.interpreter = Some(interpreter.into());
    artifact
}

#[test]
fn another_dynamic_linker_does_not_change_what_package_main_was_compiled_to() {
    let id = |parts: [char; 4]| parts.map(|part| part.to_string().repeat(20)).join("/");
    let one = linked(&id(['a', 'b', 'c', 'd']), "/lib/ld.so");
    let same_main = linked(&id(['x', 'b', 'c', 'y']), "/lib/other.so");
    assert_eq!(
        causes(&one, &same_main),
        [(Name::DynamicLinker, Confidence::Proven)]
    );
    let other_main = linked(&id(['x', 'y', 'z', 'w']), "/lib/other.so");
    let found = causes(&one, &other_main);
    // Nothing that is loaded differs in these two: what was compiled is not reached.
    let linker = (Name::DynamicLinker, Confidence::Proven);
    let compiled = (Name::ImportUnreached, Confidence::Likely);
    assert_eq!(found, [linker, compiled]);
}

#[test]
fn bytes_that_no_header_names_are_no_cause_s_but_a_change_s() {
    let appended = |version: &str, tail: &str| {
        let mut artifact = program(version, "path\tp\n");
        artifact.input.bytes = tail.as_bytes().to_vec().into();
        artifact.image.regions = vec![crate::image::Region {
            name: "(after the last section)".into(),
            range: 0..tail.len(),
            address: None,
            content: crate::image::Content::Layout,
        }];
        artifact
    };
    let found = causes(
        &appended("go1.26.1", "one payload"),
        &appended("go1.27.3", "two payload"),
    );
    let version = (Name::GoVersion, Confidence::Proven);
    let open = (Name::Unexplained, Confidence::Possible);
    assert_eq!(found, [version, open]);
    // Zeros only fill up.
    let found = causes(
        &appended("go1.26.1", "\0\0"),
        &appended("go1.27.3", "\0\0\0"),
    );
    assert_eq!(found, [version]);
}
