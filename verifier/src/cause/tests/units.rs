//! What units of debug information tell of compilers and their flags.

use super::debug_units::{Units, evidence};
use super::*;
use crate::dwarf::{Dwarf, Language, Unit};

fn unit(language: Language, name: &str, producer: &str) -> Unit {
    Unit {
        language,
        producer: producer.into(),
        name: name.into(),
        folder: "/go/src/runtime/cgo".into(),
        offset: name.len(),
    }
}

fn c(name: &str, producer: &str) -> Unit {
    unit(Language::C, name, producer)
}

fn go(name: &str, producer: &str) -> Unit {
    unit(Language::Go, name, producer)
}

fn units(a: Vec<Unit>, b: Vec<Unit>) -> Units {
    let [a, b] = [a, b].map(|units| Dwarf { units });
    Units { a, b }
}

/// A program that the host's linker made.
fn linked(settings: &str) -> Artifact {
    external(program("go1.27.3", &format!("path\tp\n{settings}")))
}

type Explained = (Name, Confidence, String, Vec<[String; 3]>);

fn told(
    explain: fn(&Pair<'_>, &Units) -> Vec<Cause>,
    files: [&Artifact; 2],
    units: &Units,
) -> Vec<Explained> {
    let diff = Diff::of(files[0], files[1]);
    let pair = Pair::new(files[0], files[1], &diff, ["a".into(), "b".into()]);
    let shown = |cause: Cause| {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
        let rows = cause.evidence.iter();
        let rows = rows.map(|one| [one.place.clone(), side(&one.a), side(&one.b)]);
        (cause.name, cause.confidence, cause.summary, rows.collect())
    };
    explain(&pair, units).into_iter().map(shown).collect()
}

/// The names alone of what is said of two programs linked alike.
fn names(explain: fn(&Pair<'_>, &Units) -> Vec<Cause>, units: &Units) -> Vec<Name> {
    let (a, b) = (linked(""), linked(""));
    let found = told(explain, [&a, &b], units).into_iter();
    found.map(|(name, ..)| name).collect()
}

#[test]
fn units_are_paired_by_language_and_name_in_their_order() {
    let found = units(
        vec![
            c("a.c", "1"),
            go("p", "2"),
            c("a.c", "3"),
            c("only.c", "4"),
            c("b.c", "5"),
        ],
        vec![
            c("b.c", "6"),
            c("a.c", "7"),
            go("p", "8"),
            c("a.c", "9"),
            go("a.c", "0"),
        ],
    );
    let pairs = |is_go: bool| -> Vec<(String, String)> {
        let pairs = found.paired(is_go).into_iter();
        pairs
            .map(|same| (same.a.producer.clone(), same.b.producer.clone()))
            .collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        pairs(false),
        [pair("1", "7"), pair("3", "9"), pair("5", "6")]
    );
    assert_eq!(pairs(true), [pair("2", "8")]);
    assert_eq!(found.c_counts(), [4, 3]);
}

#[test]
fn each_two_values_are_shown_once() {
    let producers = |values: &[&str]| -> Vec<Unit> {
        let units = values.iter().enumerate();
        units
            .map(|(index, value)| c(&format!("{index}.c"), value))
            .collect()
    };
    let shown = |a: &[&str], b: &[&str]| {
        let units = units(producers(a), producers(b));
        evidence("what", units.paired(false).iter(), |unit| {
            unit.producer.clone()
        })
    };
    let rows = shown(&["1", "1", "3", "4"], &["2", "2", "3", "5"]);
    let places: Vec<&str> = rows.iter().map(|row| row.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "what of 0.c (.debug_info at 0x3 and 0x3 once unpacked)",
            "what of 3.c (.debug_info at 0x3 and 0x3 once unpacked)"
        ]
    );
    assert_eq!(
        (rows[0].a.as_deref(), rows[0].b.as_deref()),
        (Some("1"), Some("2"))
    );
    let many: Vec<String> = (0..20).map(|index| index.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(shown(&many, &["x"; 20]).len(), 12);
}

#[test]
fn compilers_and_flags_of_c() {
    let found = |a: &str, b: &str| {
        names(
            producers::explain,
            &units(vec![c("a.c", a)], vec![c("a.c", b)]),
        )
    };
    assert_eq!(found("GNU C17 12.2.0 -O2", "GNU C17 12.2.0 -O2"), []);
    assert_eq!(
        found("GNU C17 12.2.0 -O2", "GNU C17 13.1.0 -O2"),
        [Name::CCompiler]
    );
    assert_eq!(
        found("GNU C17 12.2.0 -O2", "GNU C17 12.2.0 -O1"),
        [Name::CgoFlags]
    );
    // Flags of two compilers are no more than that.
    assert_eq!(
        found("GNU C17 12.2.0 -O2", "GNU C17 13.1.0 -O1"),
        [Name::CCompiler]
    );
    let map = "GNU C17 12.2.0 -ffile-prefix-map=/a=/x";
    assert_eq!(found(map, "GNU C17 12.2.0 -ffile-prefix-map=/b=/x"), []);
    assert_eq!(
        found("GNU C17 12.2.0", "GNU GIMPLE 12.2.0"),
        [Name::Lto, Name::CCompiler]
    );
    assert_eq!(
        found("GNU C17 12.2.0 -flto", "GNU C17 12.2.0"),
        [Name::Lto, Name::CgoFlags]
    );
    assert_eq!(
        found("GNU C17 12.2.0 -flto -O2", "GNU C17 12.2.0 -flto -O2"),
        []
    );
    let flags = |count: usize, flag: &str| -> Vec<Unit> {
        let names = (0..count).map(|index| format!("{index}.c"));
        names
            .map(|name| c(&name, &format!("GNU C17 12.2.0 {flag}{name}")))
            .collect()
    };
    let (a, b) = (linked(""), linked(""));
    let many = units(flags(20, "-DX="), flags(20, "-DY="));
    let (name, confidence, summary, rows) = told(producers::explain, [&a, &b], &many).remove(0);
    assert_eq!((name, confidence), (Name::CgoFlags, Confidence::Proven));
    assert_eq!(summary, "the C parts were compiled with different flags");
    assert_eq!(rows.len(), 12);
    assert_eq!(
        rows[0],
        [
            "flags in DW_AT_producer of 0.c (.debug_info at 0x3 and 0x3 once unpacked), those of one file only",
            "-DX=0.c",
            "-DY=0.c"
        ]
    );
    // The same flags of many files are shown once; what one side has is nothing on the other.
    let more: Vec<Unit> = ["0.c", "1.c"]
        .map(|name| c(name, "GNU C17 12.2.0 -O1"))
        .to_vec();
    let none: Vec<Unit> = ["0.c", "1.c"]
        .map(|name| c(name, "GNU C17 12.2.0"))
        .to_vec();
    let (.., rows) = told(producers::explain, [&a, &b], &units(more, none)).remove(0);
    assert_eq!(
        (rows.len(), rows[0][1].as_str(), rows[0][2].as_str()),
        (1, "-O1", "-")
    );
}

#[test]
fn c_that_one_side_compiled_without_debug_information() {
    let one_sided = || {
        units(
            vec![c("a.c", "GNU C17"), c("b.c", "GNU C17")],
            vec![go("p", "Go")],
        )
    };
    let of = |a: &Artifact, b: &Artifact, units: &Units| told(producers::explain, [a, b], units);
    let found = of(&linked(""), &linked(""), &one_sided());
    let place = ".debug_info: 2 and 0 units of C".to_owned();
    assert_eq!(found.len(), 1);
    let (name, confidence, summary, rows) = &found[0];
    assert_eq!((*name, *confidence), (Name::CgoFlags, Confidence::Likely));
    assert!(summary.contains("without -g"));
    assert_eq!(*rows, [[place, "a.c b.c".to_owned(), "-".to_owned()]]);
    let silent = |a: &Artifact, b: &Artifact| of(a, b, &one_sided()).is_empty();
    assert!(silent(&linked("build\t-tags=x\n"), &linked("")));
    assert!(silent(&program("go1.27.3", "path\tp\n"), &linked("")));
    let both = units(vec![c("a.c", "GNU C17")], vec![c("b.c", "GNU C17")]);
    assert!(of(&linked(""), &linked(""), &both).is_empty());
    assert!(of(&linked(""), &linked(""), &units(Vec::new(), Vec::new())).is_empty());
}

#[test]
fn flags_of_the_go_compiler() {
    let two = || {
        units(
            vec![go("p", "Go cmd/compile go1.27.3")],
            vec![go("p", "Go cmd/compile go1.27.3; -N")],
        )
    };
    assert_eq!(names(producers::explain, &two()), [Name::CompilerFlags]);
    let newer = external(program("go1.27.4", "path\tp\n"));
    assert!(told(producers::explain, [&linked(""), &newer], &two()).is_empty());
}

#[test]
fn seeds_of_generated_files_and_of_runtime_cgo() {
    let seeded = |name: &str, seed: &str| c(name, &format!("GNU C17 12.2.0 -frandom-seed={seed}"));
    let of = |generated: [&str; 2], own: [&str; 2]| {
        let side = |index: usize| {
            vec![
                seeded("_cgo_export.c", generated[index]),
                seeded("gcc_a.c", own[index]),
            ]
        };
        units(side(0), side(1))
    };
    assert_eq!(
        names(seeds::explain, &of(["1", "2"], ["3", "3"])),
        [Name::CgoTempPath]
    );
    assert_eq!(names(seeds::explain, &of(["1", "1"], ["3", "3"])), []);
    assert_eq!(
        names(seeds::explain, &of(["1", "2"], ["3", "4"])),
        [Name::CgoFlags]
    );
    let (a, b) = (linked(""), linked(""));
    let found = told(seeds::explain, [&a, &b], &of(["1", "2"], ["3", "3"])).remove(0);
    assert_eq!(
        found.3,
        [[
            "-frandom-seed of _cgo_export.c in .debug_info at 0xd and 0xd once unpacked: a generated file; the seeds of \
             files of one package agree",
            "1",
            "2"
        ]]
    );
    let flags = || of(["1", "1"], ["3", "4"]);
    assert_eq!(names(seeds::explain, &flags()), [Name::CgoFlags]);
    // Another Go, or another way to link, has other inputs; and so has another package.
    let newer = external(program("go1.27.4", "path\tp\n"));
    assert!(told(seeds::explain, [&a, &newer], &flags()).is_empty());
    assert!(told(seeds::explain, [&a, &linked("build\t-tags=x\n")], &flags()).is_empty());
    let mut elsewhere = flags();
    elsewhere
        .a
        .units
        .iter_mut()
        .for_each(|unit| unit.folder = "/p".into());
    assert_eq!(names(seeds::explain, &elsewhere), []);
    // A file without a seed is passed over.
    let unseeded = units(vec![c("gcc_a.c", "GNU C17")], vec![seeded("gcc_a.c", "4")]);
    assert_eq!(names(seeds::explain, &unseeded), []);
    let many: Vec<[Unit; 2]> = (0..12)
        .map(|index| {
            let name = format!("{index}.c");
            [seeded(&name, "3"), seeded(&name, "4")]
        })
        .collect();
    let side = |side: usize| many.iter().map(|pair| pair[side].clone()).collect();
    let found = told(seeds::explain, [&a, &b], &units(side(0), side(1))).remove(0);
    assert_eq!(found.3.len(), 8);
}
