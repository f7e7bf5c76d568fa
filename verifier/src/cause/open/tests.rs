//! What each kind of cause accounts for, and what it leaves open.

mod places;

use super::*;
use crate::artifact::made::Piece::{self, Address, Bytes, Number};
use crate::artifact::made::{Program, datum, function};
use crate::cause::tests::intact;
use crate::diff::Diff;
use crate::diff::regions::Span;

const ONE: &[Piece<'_>] = &[Bytes(&[0xb8, 1, 0, 0, 0, 0xc3])];
const TWO: &[Piece<'_>] = &[Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])];

/// A program of two functions and two variables.
fn program(code: &[Piece<'static>], value: u64) -> Program<'static> {
    let functions = [
        function("runtime.main", "runtime/proc.go", ONE),
        function("main.main", "example.com/p/main.go", code),
    ];
    let data = [
        datum(
            ".rodata",
            "main.text",
            &[Bytes(b"a text of eight and more")],
        ),
        datum(".data", "main.number", &[Number(value)]),
        datum(".data", "main.pointer", &[Address("main.text")]),
    ];
    Program::new(functions.to_vec(), data.to_vec()).with_symbols()
}

fn cause(name: Name, confidence: Confidence, reach: Reach) -> Cause {
    Cause {
        name,
        confidence,
        summary: String::new(),
        evidence: Vec::new(),
        fix: String::new(),
        reach,
    }
}

fn region(
    name: &str,
    content: Content,
    a: Option<Range<usize>>,
    b: Option<Range<usize>>,
) -> RegionDiff {
    let spans = a.clone().zip(b.clone()).map(|(a, b)| Span { a, b });
    RegionDiff {
        name: name.into(),
        content,
        a,
        b,
        differing: 8,
        stamped: 0,
        spans: spans.into_iter().collect(),
        new: None,
    }
}

/// Differing regions of every kind, named by what they are.
fn regions(artifact: &Artifact) -> Vec<RegionDiff> {
    let place = |name: &str| {
        artifact
            .image
            .region(name)
            .map(|region| region.range.clone())
    };
    // Bytes that are not the same: the build ID.
    let some = || place(".note.go.buildid");
    vec![
        region(".text", Content::Code, place(".text"), place(".text")),
        region(".data", Content::Data, place(".data"), place(".data")),
        region("(headers)", Content::Layout, some(), some()),
        region("(after the last section)", Content::Layout, some(), None),
        region(
            ".symtab",
            Content::Symbols,
            place(".symtab"),
            place(".symtab"),
        ),
        region(".strtab", Content::Symbols, place(".strtab"), None),
        region(".debug_info", Content::Symbols, some(), some()),
        region(".debug_line", Content::Symbols, None, some()),
        region(".rodata", Content::Symbols, some(), None),
        region(".note.both", Content::Notes, some(), some()),
        region(".note.one", Content::Notes, None, some()),
        region(".gnu_debuglink", Content::Notes, some(), some()),
        region(".go.buildinfo", Content::Data, some(), None),
    ]
}

/// The names of regions that are open beside some causes.
fn open(a: &Artifact, b: &Artifact, change: impl Fn(&mut Diff), causes: &[Cause]) -> String {
    let mut diff = Diff::of(a, b);
    diff.regions = regions(a);
    change(&mut diff);
    let pair = Pair::new(a, b, &diff, ["a".into(), "b".into()]);
    let open = super::regions(&pair, causes, is_proof);
    let names: Vec<&str> = open.iter().map(|region| region.name.as_str()).collect();
    names.join(" ")
}

const ALL: &str = ".text .data (headers) (after the last section) .symtab .strtab .debug_info .debug_line .rodata \
                   .note.both .note.one .gnu_debuglink .go.buildinfo";

#[test]
fn a_cause_accounts_for_what_it_can_produce() {
    let sides = || {
        let (a, b) = (program(ONE, 1), program(TWO, 2).rebuilt());
        (a.artifact(), b.artifact())
    };
    let (proven, likely, possible) = (Confidence::Proven, Confidence::Likely, Confidence::Possible);
    let head = 0..8;
    let table = [
        (Name::VersionStamp, proven, Reach::Stamps, ALL),
        (Name::GoVersion, likely, Reach::Anything, ALL),
        (
            Name::GoVersion,
            proven,
            Reach::Anything,
            "(after the last section)",
        ),
        (
            Name::SourceContent,
            proven,
            Reach::Code,
            "(after the last section)",
        ),
        (
            Name::SymbolsStripped,
            proven,
            Reach::OneSided,
            ".text .data (after the last section) .debug_info .rodata .note.both .go.buildinfo",
        ),
        (Name::SymbolsStripped, likely, Reach::OneSided, ALL),
        (
            Name::DebugCompression,
            proven,
            Reach::Debug,
            ".text .data (after the last section) .rodata .note.both .go.buildinfo",
        ),
        (
            Name::BuildinfoMissing,
            proven,
            Reach::Sections(&[".go.buildinfo"]),
            ".text .data (after the last section) .rodata .note.both",
        ),
        (
            Name::ModifiedAfterBuild,
            proven,
            Reach::OneSided,
            ".text .data .rodata .note.both .go.buildinfo",
        ),
        (Name::ModifiedAfterBuild, proven, Reach::Anything, ""),
        (
            Name::CodeSignature,
            proven,
            Reach::Anything,
            "(after the last section)",
        ),
        (
            Name::LdflagsVariable,
            possible,
            Reach::Places(vec![head]),
            ALL,
        ),
    ];
    let (a, b) = sides();
    for (name, confidence, reach, want) in table {
        let found = open(&a, &b, |_| {}, &[cause(name, confidence, reach.clone())]);
        assert_eq!(found, want, "{name:?} {confidence:?} {reach:?}");
    }
}

#[test]
fn without_a_cause_all_is_open_that_differs_outside_of_stamps() {
    let (a, b) = (
        program(ONE, 1).artifact(),
        program(TWO, 2).rebuilt().artifact(),
    );
    assert_eq!(open(&a, &b, |_| {}, &[]), ALL);
    // Regions that differ in stamps alone are not open.
    let stamped = |diff: &mut Diff| {
        diff.regions
            .iter_mut()
            .for_each(|region| region.stamped = 8)
    };
    assert_eq!(open(&a, &b, stamped, &[]), "");
}

#[test]
fn other_code_is_open_until_a_cause_can_have_changed_it() {
    let (a, b) = (program(ONE, 1), program(TWO, 1).rebuilt());
    let is_open = |a: &Program<'_>, b: &Program<'_>, causes: &[Cause]| {
        let (a, b) = (a.artifact(), b.artifact());
        let diff = Diff::of(&a, &b);
        let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
        is_code_open(&pair, causes, is_proof)
    };
    let of = |name| [cause(name, Confidence::Proven, Reach::Anything)];
    assert!(is_open(&a, &b, &[]));
    assert!(!is_open(&a, &program(ONE, 1).rebuilt(), &[]));
    assert!(!is_open(&a, &b, &of(Name::SourceContent)));
    assert!(is_open(&a, &b, &of(Name::DynamicLinker)));
    let likely = [cause(
        Name::SourceContent,
        Confidence::Likely,
        Reach::Anything,
    )];
    assert!(is_open(&a, &b, &likely));
    // One build, changed afterwards, has other code for that; two builds have not.
    assert!(is_open(&a, &b, &of(Name::ModifiedAfterBuild)));
    let mut same_build = program(TWO, 1);
    same_build.id = ['A', 'B', 'C', 'x'];
    assert!(!is_open(&a, &same_build, &of(Name::ModifiedAfterBuild)));
    let mut newer = b;
    newer.version = "go1.27.4";
    assert!(!is_open(&a, &newer, &[]));
}

#[test]
fn package_main_is_open_until_something_is_compiled_otherwise() {
    let is_open = |id: [char; 4], causes: &[Cause]| {
        let mut other = program(ONE, 2);
        other.id = id;
        let (a, b) = (program(ONE, 1).artifact(), other.artifact());
        let diff = Diff::of(&a, &b);
        let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
        is_package_main_open(&pair, causes)
    };
    let of = |name| [cause(name, Confidence::Possible, Reach::Stamps)];
    assert!(is_open(['x', 'x', 'x', 'x'], &[]));
    assert!(!is_open(['x', 'x', 'C', 'x'], &[]));
    assert!(!is_open(['x', 'x', 'x', 'x'], &of(Name::SourceContent)));
    assert!(is_open(['x', 'x', 'x', 'x'], &of(Name::LdflagsVariable)));
    assert!(is_open(['x', 'x', 'x', 'x'], &of(Name::Unexplained)));
}

#[test]
fn zeros_and_sections_are_somebodys() {
    let a = program(ONE, 1).artifact();
    let diff = Diff::of(&a, &a);
    let pair = Pair::new(&a, &a, &diff, ["a".into(), "b".into()]);
    let zeros = a
        .bytes()
        .windows(4)
        .position(|window| window == [0; 4])
        .unwrap();
    let layout = |name: &str, range: Range<usize>| {
        is_unowned(&pair, &region(name, Content::Layout, Some(range), None))
    };
    for name in [
        "(padding after .text)",
        "(after the last section)",
        "(whole file)",
    ] {
        assert!(layout(name, 0..4), "{name}");
        assert!(!layout(name, zeros..zeros + 4), "{name}");
    }
    assert!(!layout("(headers)", 0..4));
    assert!(!layout("(section headers)", 0..4));
    assert!(!is_unowned(
        &pair,
        &region("(whole file)", Content::Data, Some(0..4), None)
    ));
    assert!(is_unowned(
        &pair,
        &region("(whole file)", Content::Layout, None, Some(0..4))
    ));
    let loaded = |name: &str| is_loaded(&pair, &region(name, Content::Symbols, None, None));
    assert!(loaded(".text") && !loaded(".symtab") && !loaded(".none"));
}
