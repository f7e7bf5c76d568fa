//! What must hold for an explainer to speak: each condition broken alone, and it is silent.

mod linked;

use super::*;
use crate::artifact::made::Piece::{self, Address, Bytes, Number, Relative};
use crate::artifact::made::{Program, datum, function};

const ONE: &[Piece<'_>] = &[Bytes(&[0xb8, 1, 0, 0, 0, 0xc3])];
const TWO: &[Piece<'_>] = &[Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])];

fn told(explain: Explainer, a: &Artifact, b: &Artifact) -> Vec<Name> {
    let diff = Diff::of(a, b);
    let pair = Pair::new(a, b, &diff, ["a".into(), "b".into()]);
    explain(&pair).into_iter().map(|cause| cause.name).collect()
}

/// A change of both files that an explainer is silent about, and why.
type Broken = (&'static str, fn(&mut Artifact, &mut Artifact));

/// Checks that an explainer says this and nothing else, and says it no more once anything is
/// broken.
#[track_caller]
fn gate(explain: Explainer, files: &dyn Fn() -> [Artifact; 2], says: &[Name], broken: &[Broken]) {
    let [a, b] = files();
    assert_eq!(told(explain, &a, &b), says);
    assert_eq!(told(explain, &b, &a), says, "the other way round");
    for (why, change) in broken {
        let [mut a, mut b] = files();
        change(&mut a, &mut b);
        assert_eq!(told(explain, &a, &b), [], "{why}");
    }
}

fn set_version(artifact: &mut Artifact, version: &str) {
    artifact.go.build_info.as_mut().unwrap().value.version = Some(version.into());
}

fn set_info(artifact: &mut Artifact, text: &str) {
    artifact.go.build_info.as_mut().unwrap().value.info = BuildInfo::parse(text).ok();
}

fn set_id(artifact: &mut Artifact, parts: [char; 4]) {
    let text = parts.map(|part| part.to_string().repeat(20)).join("/");
    artifact.go.build_id = BuildId::parse(&text).ok();
}

const OTHER_GO: Broken = ("another version of Go", |_, b| set_version(b, "go1.27.4"));
const SAME_INPUTS: Broken = ("equal inputs", |_, b| set_id(b, ['A', 'x', 'y', 'z']));
const NO_ID: Broken = ("no build ID", |_, b| b.go.build_id = None);
const OTHER_FORMAT: Broken = ("another format", |_, b| b.image.format = Format::Pe);

#[test]
fn functions_say_whose_source_differs() {
    let files = || {
        let of = |code| {
            Program::new(
                vec![function("main.main", "example.com/p/main.go", code)],
                Vec::new(),
            )
        };
        [of(ONE).artifact(), of(TWO).rebuilt().artifact()]
    };
    gate(
        content::explain,
        &files,
        &[Name::SourceContent],
        &[OTHER_GO, SAME_INPUTS, OTHER_FORMAT],
    );
    let [a, mut b] = files();
    set_id(&mut b, ['x', 'B', 'y', 'z']);
    assert_eq!(
        told(content::explain, &a, &b),
        [Name::CompilerNondeterminism]
    );
    // Part C equal, too: then it is not what package main was compiled to.
    set_id(&mut b, ['x', 'B', 'C', 'z']);
    assert_eq!(told(content::explain, &a, &b), [Name::SourceContent]);
}

/// A program with a string variable that code loads; `end` is what follows the text.
fn variable(text: &'static [u8], end: &'static [u8]) -> Program<'static> {
    let load = [
        Bytes(&[0x48, 0x8b, 0x05]),
        Relative("main.text"),
        Bytes(&[0xc3]),
    ];
    let data = [
        datum(".rodata", "main.text.str", &[Bytes(text), Bytes(end)]),
        datum(
            ".data",
            "main.text",
            &[Address("main.text.str"), Number(text.len() as u64)],
        ),
        datum(".data", "main.last", &[Number(0)]),
    ];
    Program::new(
        vec![function("main.main", "example.com/p/main.go", &load)],
        data.to_vec(),
    )
}

const UNTRIMMED: &str = "path\texample.com/p\nmod\texample.com/p\t(devel)\t\n";

#[test]
fn variables_that_the_linker_set() {
    let files = || {
        let [a, b] = [variable(b"one", b"\0"), variable(b"two", b"\0").rebuilt()];
        [a.artifact(), b.artifact()]
    };
    let broken: &[Broken] = &[
        OTHER_GO,
        SAME_INPUTS,
        NO_ID,
        OTHER_FORMAT,
        ("a record of the flag", |a, _| set_info(a, UNTRIMMED)),
        ("the same in the other", |_, b| set_info(b, UNTRIMMED)),
        ("names in both", |a, b| {
            (a.go.variables, b.go.variables) = (Some(Vec::new()), Some(Vec::new()));
        }),
    ];
    gate(
        set_strings::explain,
        &files,
        &[Name::LdflagsVariable],
        broken,
    );
    let [mut a, b] = files();
    a.go.variables = Some(Vec::new());
    assert_eq!(told(set_strings::explain, &a, &b), [Name::LdflagsVariable]);
    // What the linker put in is not the source's.
    assert_eq!(told(literals::explain, &a, &b), []);
    // Neither is ended: the source has another text.
    let own = [
        variable(b"one", b"12345"),
        variable(b"two", b"12345").rebuilt(),
    ];
    let [a, b] = own.map(|program| program.artifact());
    assert_eq!(told(set_strings::explain, &a, &b), []);
    assert_eq!(told(strings::explain, &a, &b), [Name::SourceContent]);
    assert_eq!(told(literals::explain, &a, &b), [Name::SourceContent]);
}

#[test]
fn texts_of_variables_that_no_code_names() {
    let of = |text, end| {
        let mut program = variable(text, end);
        program.functions = vec![function("main.main", "example.com/p/main.go", ONE)];
        program
    };
    let files = |end: &'static [u8]| {
        [
            of(b"one text", end).artifact(),
            of(b"two text", end).rebuilt().artifact(),
        ]
    };
    let set = || files(b"\0");
    let own = || files(b"behind it");
    let broken = [OTHER_GO, SAME_INPUTS, NO_ID, OTHER_FORMAT];
    gate(strings::explain, &set, &[Name::LdflagsVariable], &broken);
    gate(
        strings::set_by_linker,
        &set,
        &[Name::LdflagsVariable],
        &broken,
    );
    gate(strings::explain, &own, &[Name::SourceContent], &broken);
    assert_eq!(told(strings::set_by_linker, &own()[0], &own()[1]), []);
    for change in [
        (|a, _| set_info(a, UNTRIMMED)) as fn(&mut Artifact, &mut Artifact),
        |_, b| set_info(b, UNTRIMMED),
        |a, b| (a.go.variables, b.go.variables) = (Some(Vec::new()), Some(Vec::new())),
        |a, _| {
            let data = a
                .image
                .regions
                .iter_mut()
                .find(|region| region.name == ".data");
            data.unwrap().name = ".noptrdata".into();
        },
    ] {
        let [mut a, mut b] = set();
        change(&mut a, &mut b);
        let told = told(strings::explain, &a, &b);
        assert!(!told.contains(&Name::LdflagsVariable), "{told:?}");
    }
    // A package main that is equal has another text in what it imports, and no other file.
    let [a, mut b] = own();
    set_id(&mut b, ['x', 'B', 'C', 'z']);
    assert_eq!(told(strings::explain, &a, &b), [Name::DependencyContent]);
}

/// A program, and another that lacks its build information.
fn without_information() -> [Artifact; 2] {
    let of = |code| {
        Program::new(
            vec![function("main.main", "example.com/p/main.go", code)],
            Vec::new(),
        )
    };
    let (a, mut b) = (of(ONE).artifact(), of(ONE).rebuilt());
    b.info = "";
    let mut b = b.artifact();
    let start = b.image.region(".go.buildinfo").unwrap().range.clone();
    let mut bytes = b.bytes().to_vec();
    bytes[start].fill(0);
    b.input.bytes = bytes.into();
    b.go.build_info = None;
    b.image
        .regions
        .retain(|region| region.name != ".go.buildinfo");
    [a, b]
}

#[test]
fn build_information_that_one_file_lacks() {
    let broken: &[Broken] = &[
        OTHER_FORMAT,
        ("none in either", |a, _| a.go.build_info = None),
        ("no program of Go", |_, b| {
            (b.go.build_id, b.go.sources) = (None, None);
        }),
        ("no program", |a, b| {
            (a.image.format, b.image.format) = (Format::GoArchive, Format::GoArchive);
        }),
        ("WebAssembly, which has none", |a, b| {
            (a.image.format, b.image.format) = (Format::Wasm, Format::Wasm);
        }),
        ("a section that can't be read", |_, b| {
            b.image.regions[0].name = ".go.buildinfo".into();
        }),
        ("it lies elsewhere", |a, b| {
            b.input.bytes = a.bytes().to_vec().into()
        }),
    ];
    gate(
        buildinfo_missing::explain,
        &without_information,
        &[Name::BuildinfoMissing],
        broken,
    );
}

#[test]
fn how_build_information_came_to_lack_is_told() {
    let said = |a: &Artifact, b: &Artifact| {
        let diff = Diff::of(a, b);
        let pair = Pair::new(a, b, &diff, ["a".into(), "b".into()]);
        buildinfo_missing::explain(&pair).remove(0)
    };
    let [a, mut b] = without_information();
    assert_eq!(
        said(&a, &b).summary,
        "b has no build information: it was removed after the build, or the file was linked without"
    );
    let shown = &said(&a, &b).evidence[0];
    let place = a.go.build_info.as_ref().unwrap().range.clone();
    let at = format!("{} bytes at {:#x}", place.len(), place.start);
    assert_eq!(
        (shown.place.as_str(), shown.a.as_deref(), shown.b.as_deref()),
        ("section .go.buildinfo", Some(at.as_str()), None)
    );
    b = intact(b);
    assert_eq!(
        said(&a, &b).summary,
        "b has no build information: it was linked without"
    );
    assert!(said(&b, &a).summary.starts_with("a has no"));
    let [mut a, mut b] = without_information();
    (a.image.format, b.image.format) = (Format::MachO, Format::MachO);
    assert_eq!(said(&a, &b).evidence[0].place, "section __go_buildinfo");
    (a.image.format, b.image.format) = (Format::Pe, Format::Pe);
    assert_eq!(said(&a, &b).evidence[0].place, "build information");
}

#[test]
fn what_is_compiled_otherwise_need_not_reach_the_program() {
    let files = || {
        let of = || {
            Program::new(
                vec![function("main.main", "example.com/p/main.go", ONE)],
                Vec::new(),
            )
        };
        [of().artifact(), of().rebuilt().artifact()]
    };
    let broken: &[Broken] = &[
        OTHER_GO,
        SAME_INPUTS,
        NO_ID,
        ("package main is the same", |_, b| {
            set_id(b, ['w', 'x', 'C', 'z'])
        }),
        ("other settings", |a, _| set_info(a, UNTRIMMED)),
        ("linked by the host's linker", |_, b| {
            b.image.producers = vec!["GCC: 12".into()]
        }),
        ("the other too", |a, _| {
            a.image.producers = vec!["GCC: 12".into()]
        }),
    ];
    gate(
        import_unreached::explain,
        &files,
        &[Name::ImportUnreached],
        broken,
    );
    let of = |code| {
        Program::new(
            vec![function("main.main", "example.com/p/main.go", code)],
            Vec::new(),
        )
    };
    let (a, b) = (of(ONE).artifact(), of(TWO).rebuilt().artifact());
    assert_eq!(told(import_unreached::explain, &a, &b), []);
    // Names and debug information follow, and headers.
    let named = |name| {
        let functions = vec![function("runtime.main", "runtime/proc.go", ONE)];
        let data = vec![datum(".rodata", name, &[Bytes(b"a text")])];
        Program::new(functions, data).with_symbols()
    };
    let (a, b) = (named("main.one"), named("main.two").rebuilt());
    let (a, b) = (a.artifact(), b.artifact());
    let diff = Diff::of(&a, &b);
    let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
    let names = a.image.region(".strtab").unwrap().range.clone();
    let reach = import_unreached::explain(&pair).remove(0).reach;
    assert_eq!(reach, Reach::Places(vec![names]));
}

#[test]
fn tables_in_another_order_are_told_where_nothing_else_differs() {
    let table = |order: [u64; 4]| {
        let words = [&[7; 6][..], &order, &[9; 6]].concat();
        let words: Vec<Piece<'_>> = words.into_iter().map(Number).collect();
        let data = vec![datum(".noptrdata", "main.table", &words)];
        Program::new(
            vec![function("main.main", "example.com/p/main.go", ONE)],
            data,
        )
    };
    let files = || {
        [
            table([1, 2, 3, 4]).artifact(),
            table([4, 3, 1, 2]).rebuilt().artifact(),
        ]
    };
    let broken: &[Broken] = &[SAME_INPUTS, OTHER_FORMAT];
    gate(order::explain, &files, &[Name::GeneratedOrder], broken);
    // Other code may be what gave other data.
    let mut other = table([4, 3, 1, 2]).rebuilt();
    other.functions[0] = function("main.main", "example.com/p/main.go", TWO);
    assert_eq!(told(order::explain, &files()[0], &other.artifact()), []);
    let functions = |names: [&'static str; 3]| {
        let functions = names.map(|name| function(name, "example.com/p/main.go", ONE));
        Program::new(functions.to_vec(), Vec::new())
    };
    let linked = || {
        let (a, b) = (
            ["main.a", "main.b", "main.c"],
            ["main.c", "main.a", "main.b"],
        );
        [functions(a).artifact(), functions(b).rebuilt().artifact()]
    };
    gate(order::explain, &linked, &[Name::LinkOrder], broken);
    let more = functions(["main.c", "main.a", "main.d"])
        .rebuilt()
        .artifact();
    assert_eq!(told(order::explain, &linked()[0], &more), []);
}

#[test]
fn other_code_is_weaker_beside_what_can_change_it() {
    let of = |code| {
        let functions = ["main.main", "example.com/d.Do"];
        let functions = functions.map(|name| function(name, "example.com/p/main.go", code));
        Program::new(functions.to_vec(), Vec::new())
    };
    let (a, b) = (of(ONE).artifact(), of(TWO).rebuilt().artifact());
    let diff = Diff::of(&a, &b);
    let pair = Pair::new(&a, &b, &diff, ["a".into(), "b".into()]);
    let beside = |name, confidence| {
        let known = Cause {
            name,
            confidence,
            summary: String::new(),
            evidence: Vec::new(),
            fix: String::new(),
            reach: Reach::Anything,
        };
        let found = by_content(&pair, &[known]).into_iter();
        found
            .map(|cause| (cause.name, cause.confidence))
            .collect::<Vec<_>>()
    };
    let source = |confidence| (Name::SourceContent, confidence);
    let dependency = |confidence| (Name::DependencyContent, confidence);
    let (proven, likely) = (Confidence::Proven, Confidence::Likely);
    let all = [source(proven), dependency(proven)];
    assert_eq!(beside(Name::VcsRevision, proven), all);
    // The host's linker writes other instructions into every package.
    for name in [Name::LinkMode, Name::ExternalLinkFlags, Name::HostLinker] {
        assert_eq!(beside(name, proven), [source(likely)]);
        assert_eq!(beside(name, likely), all);
    }
    for name in [
        Name::CCompiler,
        Name::CLibrary,
        Name::CgoFlags,
        Name::SdkVersion,
    ] {
        assert_eq!(beside(name, proven), [source(likely), dependency(likely)]);
        assert_eq!(beside(name, likely), all);
    }
}
