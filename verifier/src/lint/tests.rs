use proto::buildid::BuildId;
use proto::finding::Status;

use super::*;
use crate::args::lint::Require;
use crate::goinfo::HostIdOrigin;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::{Content, Format, Region};

/// What the go command records of a plain build, and where its commit stands.
const PLAIN: &str = "path\texample.com/tool\nmod\texample.com/tool\t(devel)\t\n\
    build\t-compiler=gc\nbuild\t-trimpath=true\nbuild\tCGO_ENABLED=0\n";
const CLEAN: &str = "build\tvcs.revision=0123456789abcdef\n\
    build\tvcs.time=2026-11-22T18:15:00Z\nbuild\tvcs.modified=false\n";

/// A program of which build information is known, and a build ID that fits.
fn program(version: &str, text: &str) -> Artifact {
    let id = ["a", "b", "c", "d"].map(|part| part.repeat(20)).join("/");
    let mut program = crate::cause::tests::program(version, text);
    program.go.build_id = Some(BuildId::parse(&id).unwrap());
    program
}

fn plain(more: &str) -> Artifact {
    program("go1.27.3", &format!("{PLAIN}{more}"))
}

/// What a rule finds, with its level.
fn finds(artifact: &Artifact, rule: &str) -> Vec<(Level, String)> {
    let all = rules::all(&Facts::of(artifact)).into_iter();
    let named = all.filter(|found| found.rule == rule);
    named.map(|found| (found.level, found.summary)).collect()
}

#[track_caller]
fn finds_one(artifact: &Artifact, rule: &str) -> (Level, String) {
    let found = finds(artifact, rule);
    assert_eq!(found.len(), 1, "{rule}: {found:?}");
    found.into_iter().next().unwrap()
}

fn answer(artifact: &Artifact, requirement: Requirement) -> (Status, String) {
    let checked = requirement.check(&Facts::of(artifact));
    (checked.status, checked.reason)
}

#[test]
fn a_folder_in_the_repository_is_no_error() {
    let dep = "dep\texample.com/ws/api\tv0.0.0\n=>\t./api\t(devel)\t\n";
    let workspace = "dep\texample.com/ws/api\t(devel)\t\n";
    for module in [dep, workspace] {
        let (level, summary) =
            finds_one(&plain(&format!("{module}{CLEAN}")), "dependency-replaced");
        assert_eq!(level, Level::Note, "{summary}");
        let dirty = CLEAN.replace("false", "true");
        for stamp in ["", dirty.as_str()] {
            let (level, summary) =
                finds_one(&plain(&format!("{module}{stamp}")), "dependency-replaced");
            assert_eq!(level, Level::Warning, "{summary}");
        }
    }
    let elsewhere = dep.replace("./api", "/home/me/api");
    let (level, _) = finds_one(
        &plain(&format!("{elsewhere}{CLEAN}")),
        "dependency-replaced",
    );
    assert_eq!(level, Level::Error);
}

/// go1.17 and earlier record no settings: nothing follows from their absence.
#[test]
fn settings_that_no_file_records_are_unknown() {
    let bare = "path\texample.com/tool\nmod\texample.com/tool\tv1.0.0\th1:x\n";
    let old = program("go1.17.13", bare);
    assert_eq!(finds(&old, "source-path"), []);
    for require in [Require::NoRace, Require::Trimpath, Require::NoCgo] {
        let (status, reason) = answer(&old, Requirement::Is(require));
        assert_eq!(status, Status::Undecided, "{require:?}: {reason}");
    }
    let setting = |key: &str| Requirement::Setting(key.into(), String::new());
    assert_eq!(answer(&old, setting("-tags")).0, Status::Undecided);
    // Of a newer build the same absence says something, but for what -trimpath hides.
    let new = plain("");
    assert_eq!(
        answer(&new, Requirement::Is(Require::NoRace)).0,
        Status::Passed
    );
    assert_eq!(answer(&new, setting("-tags")).0, Status::Passed);
    for key in ["-ldflags", "CGO_LDFLAGS"] {
        assert_eq!(answer(&new, setting(key)).0, Status::Undecided, "{key}");
    }
}

#[test]
fn what_a_value_reads_as_is_not_said_to_be_so() {
    let variable = |name: &str, value: &str| {
        let flags = format!("build\t-ldflags=\"-X main.{name}={value}\"\n");
        let info = PLAIN.replace("build\t-trimpath=true\n", "");
        let with = |stamp: &str| program("go1.27.3", &format!("{info}{flags}{stamp}"));
        [with(""), with(CLEAN)].map(|file| finds(&file, "ldflags-variable"))
    };
    let [alone, beside] = variable("date", "2026-11-01T00:00:00Z");
    assert_eq!((alone[0].0, beside[0].0), (Level::Warning, Level::Error));
    assert!(beside[0].1.contains("does not read as the commit's"));
    assert!(!alone[0].1.contains("the time of the build"), "{alone:?}");
    let [own, ours] = variable("date", "2026-11-22T18:15:00Z");
    assert_eq!((own.len(), ours.len()), (1, 0));
    let [host, _] = variable("hostname", "api.example.com");
    assert_eq!(host[0].0, Level::Warning);
    assert!(host[0].1.contains("what reads as"), "{host:?}");
}

#[test]
fn a_version_that_no_release_has_is_called_that_and_no_more() {
    let of = |version: &str| {
        let file = program(version, PLAIN);
        let found = rules::all(&Facts::of(&file));
        let rule = |found: &&proto::finding::Finding| {
            found.rule.ends_with("toolchain") || found.rule.ends_with("patched")
        };
        let found = found.iter().find(rule).unwrap();
        (
            found.rule.clone(),
            found.level,
            format!("{} {}", found.summary, found.fix),
        )
    };
    let (rule, level, _) = of("go1.22.9 (Red Hat 1.22.9-2.el9)");
    assert_eq!(
        (rule.as_str(), level),
        ("toolchain-patched", Level::Warning)
    );
    for version in ["devel go1.28-0123456789 Sun Nov 22 18:15:00 2026", "weird"] {
        let (rule, level, words) = of(version);
        assert_eq!(
            (rule.as_str(), level),
            ("devel-toolchain", Level::Warning),
            "{version}"
        );
        assert!(!words.contains("nobody"), "{words}");
    }
    assert!(!of("weird").2.contains("development tree"));
    // A line that go.mod of an older Go does not know is no advice.
    assert!(!of("go1.20.14").2.contains("toolchain go1.20.14"));
    assert!(of("go1.21.13").2.contains("toolchain go1.21.13"));
}

#[test]
fn a_build_id_that_was_never_finished_is_no_later_change() {
    let mut file = plain("");
    let id = ["a", "b", "c", "a"].map(|part| part.repeat(20)).join("/");
    let changed = SelfCheck::Changed {
        recorded: proto::buildid::Part::parse(&"a".repeat(20)).unwrap(),
        computed: proto::buildid::Part::parse(&"x".repeat(20)).unwrap(),
    };
    file.go.self_check = changed;
    let (_, summary) = finds_one(&file, "modified-after-build");
    assert!(summary.contains("or was given that ID"), "{summary}");
    file.go.build_id = Some(BuildId::parse(&id).unwrap());
    let (level, summary) = finds_one(&file, "modified-after-build");
    assert_eq!(level, Level::Error);
    assert!(!summary.contains("was changed after"), "{summary}");
    file.go.self_check = SelfCheck::Intact(proto::buildid::content::Variant::WithoutHostId);
    let (_, reason) = answer(&file, Requirement::Is(Require::SelfCheck));
    assert!(
        !reason.contains("unchanged"),
        "anybody can make the ID anew: {reason}"
    );
}

#[test]
fn a_uuid_of_the_programs_bytes_still_tells() {
    let mut file = plain("");
    file.go.build_id = None;
    let (_, summary) = finds_one(&file, "build-id-flag");
    assert!(summary.contains("can't be checked"), "{summary}");
    file.go.host_id_origin = Some(HostIdOrigin::Content);
    let (_, summary) = finds_one(&file, "build-id-flag");
    assert!(summary.contains("still fits"), "{summary}");
    assert_eq!(finds(&file, "gnu-build-id-flag"), []);
}

/// A literal of the program can look like one.
#[test]
fn a_temporary_folder_is_sure_in_symbols_alone() {
    let mut file = plain("");
    let mut bytes = file.bytes().to_vec();
    let start = bytes.len();
    bytes.extend_from_slice(b"\0/tmp/go-build123/b001\0");
    let range = start..bytes.len();
    file.input.bytes = bytes.into();
    let mut level = |content: Content| {
        file.image.regions = vec![Region {
            name: "region".into(),
            range: range.clone(),
            address: None,
            content,
        }];
        finds_one(&file, "cgo-temp-path").0
    };
    assert_eq!(level(Content::Symbols), Level::Error);
    assert_eq!(level(Content::Data), Level::Warning);
}

#[test]
fn a_seed_that_is_on_record_can_be_given_again() {
    let flags = |seed: &str| {
        let info = PLAIN.replace("build\t-trimpath=true\n", "");
        let flags = format!("build\t-ldflags=-randlayout={seed}\n");
        finds(
            &program("go1.27.3", &format!("{info}{flags}")),
            "link-order",
        )
    };
    assert_eq!(
        flags("7").first().map(|(level, _)| *level),
        Some(Level::Note)
    );
    assert_eq!(flags("0"), [], "the functions stay where they are");
}

/// What cannot be judged is not clean.
#[test]
fn what_is_not_one_whole_program_is_not_judged() {
    for format in [Format::MachOFat, Format::GoArchive] {
        let mut file = plain("");
        file.image.format = format;
        let judged = judge(&Facts::of(&file), &[], &[]);
        assert!(judged.obstacle.is_some(), "{format:?}");
        let outcome = Outcome {
            files: vec![judged],
            fail_on: Some(Level::Warning),
        };
        assert_eq!(outcome.exit(), crate::exit::Exit::Inconclusive);
        let static_ = answer(&file, Requirement::Is(Require::SelfCheck));
        let is_first_alone = format == Format::MachOFat;
        assert!(
            !is_first_alone || static_.1.contains("architectures"),
            "{static_:?}"
        );
    }
    let mut broken = plain("");
    broken.image.problems = vec!["ELF header: bad".into()];
    assert!(Facts::of(&broken).obstacle().is_some());
}
