//! Functions of made programs side by side.

use super::*;
use crate::artifact::made::Piece::{self, Bytes, Number, Relative};
use crate::artifact::made::{Function, Program, datum, function};

/// Code that returns a number, and another number.
const ONE: &[Piece<'_>] = &[Bytes(&[0xb8, 1, 0, 0, 0, 0xc3])];
const TWO: &[Piece<'_>] = &[Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])];

fn diff(a: &Program<'_>, b: &Program<'_>) -> FunctionsDiff {
    let (a, b) = (a.artifact(), b.artifact());
    crate::diff::Diff::of(&a, &b).functions.unwrap()
}

fn program<'p>(functions: &[Function<'p>]) -> Program<'p> {
    Program::new(functions.to_vec(), Vec::new())
}

/// Changed, only in a, only in b, unclear, shifted, other lines, the same.
fn counts(diff: &FunctionsDiff) -> [usize; 7] {
    let counts = &diff.counts;
    [
        counts.changed,
        counts.only_a,
        counts.only_b,
        counts.unclear,
        counts.shifted,
        counts.lines,
        counts.same,
    ]
}

fn named<'p>(name: &'p str, code: &[Piece<'p>]) -> Function<'p> {
    function(name, "example.com/p/main.go", code)
}

/// The same code from another line.
fn at_line(name: &str, line: u8) -> Function<'_> {
    let mut function = named(name, ONE);
    function.lines[0].1 = line;
    function
}

#[test]
fn each_function_is_told_by_what_became_of_it() {
    let a = program(&[
        named("main.same", ONE),
        named("main.changed", ONE),
        named("main.only_a", ONE),
        at_line("main.lines", 7),
    ]);
    let b = program(&[
        named("main.same", ONE),
        named("main.changed", TWO),
        at_line("main.lines", 8),
        named("example.com/p/q.only_b", ONE),
        named("example.com/p/q.more", ONE),
    ]);
    let found = diff(&a, &b);
    assert_eq!(counts(&found), [1, 1, 2, 0, 0, 1, 1]);
    assert!(!found.is_same_code() && !found.is_in_place);
    assert_eq!(found.counts.differing(), 4);
    let rows = found.functions.iter().map(|one| {
        let sizes = [one.a, one.b].map(|place| place.map(|place| place.size));
        (one.name.as_str(), one.package.as_str(), one.change, sizes)
    });
    let both = [Some(16), Some(16)];
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ("main.changed", "main", Change::Changed, both),
            ("main.only_a", "main", Change::OnlyA, [Some(16), None]),
            (
                "example.com/p/q.only_b",
                "example.com/p/q",
                Change::OnlyB,
                [None, Some(16)]
            ),
            (
                "example.com/p/q.more",
                "example.com/p/q",
                Change::OnlyB,
                [None, Some(16)]
            ),
            ("main.lines", "main", Change::Lines, both),
        ]
    );
    let files = found.functions.iter().map(|one| one.file.as_deref());
    assert!(
        files
            .into_iter()
            .all(|file| file == Some("example.com/p/main.go"))
    );
    let packages: Vec<(&str, usize)> = found
        .packages
        .iter()
        .map(|(name, counts)| (name.as_str(), counts.differing() + counts.lines))
        .collect();
    assert_eq!(packages, [("main", 3), ("example.com/p/q", 2)]);
    // What is the same is named by no package.
    let none = diff(
        &program(&[named("main.f", ONE)]),
        &program(&[named("main.f", ONE)]),
    );
    assert_eq!((none.packages.len(), none.functions.len()), (0, 0));
    assert!(none.is_same_code() && none.is_in_place && none.is_entry_same);
}

#[test]
fn a_place_is_that_of_each_file() {
    let (a, b) = (
        program(&[named("main.f", ONE), named("main.g", ONE)]),
        program(&[
            named("main.new", ONE),
            named("main.f", TWO),
            named("main.g", ONE),
        ]),
    );
    let (one, other) = (a.artifact(), b.artifact());
    let found = diff(&a, &b);
    let changed = &found.functions[0];
    let (place, moved) = (changed.a.unwrap(), changed.b.unwrap());
    assert_eq!(moved.address - place.address, 16);
    for (artifact, place, code) in [(&one, place, 1), (&other, moved, 2)] {
        assert_eq!(artifact.bytes()[place.offset..][..2], [0xb8, code]);
        assert_eq!(artifact.image.address_of(place.offset), Some(place.address));
    }
    // The program begins with the first function, which is another one.
    assert!(!found.is_entry_same);
    assert!(found.moves.any() && found.moves.lead(place.address, moved.address));
    assert!(!found.moves.lead(place.address, place.address));
}

#[test]
fn functions_in_another_order_are_counted() {
    let (f, g, h) = (
        named("main.f", ONE),
        named("main.g", ONE),
        named("main.h", ONE),
    );
    let of = |functions: &[Function<'static>]| program(functions);
    let a = of(&[f.clone(), g.clone(), h.clone()]);
    let reordered = |functions: &[Function<'static>]| diff(&a, &of(functions)).reordered;
    assert_eq!(reordered(&[f.clone(), g.clone(), h.clone()]), 0);
    assert_eq!(reordered(&[g.clone(), f.clone(), h.clone()]), 1);
    assert_eq!(reordered(&[h.clone(), g.clone(), f.clone()]), 2);
    // In the source they stand in another order, too: one of them comes from other lines.
    assert_eq!(reordered(&[at_line("main.g", 3), f.clone(), h.clone()]), 0);
    assert_eq!(reordered(&[g.clone(), at_line("main.f", 9), h.clone()]), 0);
    // Where packages stand is no matter of their source.
    let other = at_line("example.com/d.f", 7);
    let of_two = of(&[f.clone(), other]);
    let swapped = of(&[at_line("example.com/d.f", 9), f]);
    assert_eq!(diff(&of_two, &swapped).reordered, 1);
    let found = diff(&a, &of(&[h, g]));
    assert_eq!(
        found.first,
        [vec!["main.f", "main.g", "main.h"], vec!["main.h", "main.g"]]
    );
}

#[test]
fn as_many_functions_are_listed_as_a_bound_says() {
    let names: Vec<String> = (0..LISTED_MAX + 3)
        .map(|index| format!("main.f{index}"))
        .collect();
    let of = |code: &[Piece<'static>]| -> FunctionsDiff {
        let functions: Vec<Function<'_>> = names.iter().map(|name| named(name, code)).collect();
        diff(
            &program(&[&functions[..], &[named("main.main", ONE)]].concat()),
            &{
                let functions: Vec<Function<'_>> =
                    names.iter().map(|name| named(name, TWO)).collect();
                program(&[&functions[..], &[named("main.main", ONE)]].concat())
            },
        )
    };
    let found = of(ONE);
    assert_eq!(
        (found.functions.len(), found.functions_omitted),
        (LISTED_MAX, 3)
    );
    assert_eq!(found.counts.changed, LISTED_MAX + 3);
    assert_eq!(found.first[0].len(), 8);
    assert_eq!(counts(&of(TWO)), [0, 0, 0, 0, 0, 0, LISTED_MAX + 4]);
}

#[test]
fn calls_of_what_moved_and_data_that_moved_are_no_other_code() {
    let call: &[Piece<'_>] = &[Bytes(&[0xe8]), Relative("main.callee"), Bytes(&[0xc3])];
    let load: &[Piece<'_>] = &[
        Bytes(&[0x48, 0x8b, 0x05]),
        Relative("main.text"),
        Bytes(&[0xc3]),
    ];
    let with = |extra: &[Function<'static>], other: &'static str, text: &'static [u8]| {
        let more: &[Piece<'_>] = &[Bytes(&[0xe8]), Relative(other), Bytes(&[0xc3])];
        let own = [
            named("main.main", call),
            named("main.load", load),
            named("main.other", more),
        ];
        let callees = [named("main.callee", ONE), named("main.second", ONE)];
        let functions = [&own[..], extra, &callees].concat();
        Program::new(
            functions,
            vec![datum(".rodata", "main.text", &[Bytes(text)])],
        )
    };
    let text = b"a text of more than sixteen bytes";
    let a = with(&[], "main.second", text);
    let moved = [named("main.new", ONE), named("main.newer", ONE)];
    let found = diff(&a, &with(&moved, "main.second", text));
    assert_eq!(counts(&found), [0, 0, 2, 0, 3, 0, 2], "{found:#?}");
    // A call of another function.
    let found = diff(&a, &with(&moved, "main.callee", text));
    assert_eq!(counts(&found), [1, 0, 2, 0, 2, 0, 2]);
    assert_eq!(found.functions[0].name, "main.other");
    // The same place, another function.
    let found = diff(&a, &with(&[], "main.callee", text));
    assert_eq!(counts(&found), [1, 0, 0, 0, 0, 0, 4]);
    assert!(found.is_in_place);
    // Another text, all alone: nothing says that it is the same one.
    let found = diff(
        &a,
        &with(
            &moved,
            "main.second",
            b"TEXT of many more than sixteen bytes",
        ),
    );
    assert_eq!(counts(&found), [0, 0, 2, 1, 2, 0, 2]);
}

#[test]
fn code_outside_of_all_functions() {
    let with = |c: &[Piece<'static>], constant: u64| {
        let mut program = program(&[named("main.main", ONE)]);
        program.c_functions = vec![function("c_one", "", ONE), function("c_two", "", c)];
        program.data = vec![datum(".noptrdata", "main.n", &[Number(constant)])];
        program
    };
    let a = with(ONE, 1);
    let found = diff(&a, &with(TWO, 1));
    // The differing byte of the only gap, its fillers left out.
    assert_eq!(found.outside.len(), 1);
    let start = a.artifact().image.region(".text").unwrap().range.start;
    assert_eq!(found.outside[0].a, start + 33..start + 34);
    assert!(found.has_other_code_outside() && found.is_same_code());
    // Other data alone: no code is looked at.
    let found = diff(&a, &with(ONE, 2));
    assert_eq!(found.outside, []);
    assert!(!found.has_other_code_outside());
    let longer = [Bytes(&[0x90; 20]), Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])];
    let found = diff(&a, &with(&longer, 1));
    assert_eq!(found.outside.len(), 1);
    assert!(!found.is_in_place && !found.has_other_code_outside());
}

#[test]
fn files_of_a_function_and_where_its_other_code_comes_from() {
    let of = |code: &[Piece<'static>], inner: u8| Function {
        name: "main.main",
        code: code.to_vec(),
        lines: vec![
            ("example.com/p/main.go", 7, 1),
            ("example.com/d/d.go", 3, inner),
            ("example.com/p/main.go", 8, 1),
        ],
    };
    let found = |a: &[Piece<'static>], b: Function<'static>| {
        let found = diff(&program(&[of(a, 4)]), &program(&[b]));
        let [one] = found.functions.as_slice() else {
            panic!("{found:#?}");
        };
        (one.files.clone(), one.differs_in.clone(), one.change)
    };
    let (files, differs_in, change) = found(ONE, of(TWO, 4));
    assert_eq!(files, ["example.com/d/d.go", "example.com/p/main.go"]);
    assert_eq!(differs_in.as_deref(), Some("example.com/d/d.go"));
    assert_eq!(change, Change::Changed);
    // The last byte is its own.
    let (_, differs_in, _) = found(ONE, of(&[Bytes(&[0xb8, 1, 0, 0, 0, 0xcb])], 4));
    assert_eq!(differs_in.as_deref(), Some("example.com/p/main.go"));
    // A jump over what grew differs before it.
    let longer = of(&[Bytes(&[0xb9, 1, 0, 0, 0, 0x90, 0xc3])], 5);
    let (_, differs_in, _) = found(ONE, longer);
    assert_eq!(differs_in.as_deref(), Some("example.com/d/d.go"));
    // Other lines of what was put into it are none of its own.
    let mut inner = of(ONE, 4);
    inner.lines[1].1 = 4;
    let found = diff(&program(&[of(ONE, 4)]), &program(&[inner]));
    assert_eq!(counts(&found), [0, 0, 0, 0, 0, 0, 1]);
    let mut own = of(ONE, 4);
    own.lines[2].1 = 9;
    let found = diff(&program(&[of(ONE, 4)]), &program(&[own]));
    assert_eq!(counts(&found), [0, 0, 0, 0, 0, 1, 0]);
}

#[test]
fn other_machines_and_files_without_functions_have_none_side_by_side() {
    let one = || program(&[named("main.main", ONE)]).artifact();
    let found = |b: &Artifact| FunctionsDiff::of(&one(), b, &[]).is_some();
    assert!(found(&one()));
    let mut other = one();
    other.image.machine.goarch = Some("arm64");
    assert!(!found(&other));
    let mut other = one();
    other.image.format = crate::image::Format::Pe;
    assert!(!found(&other));
    assert!(!found(&program(&[]).artifact()));
}

#[test]
fn line_tables_that_describe_functions_alike() {
    let alike =
        |a: &Program<'_>, b: &Program<'_>| described::are_alike(&a.artifact(), &b.artifact());
    let a = program(&[named("main.f", ONE), named("main.g", ONE)]);
    assert!(alike(&a, &a));
    assert!(alike(
        &a,
        &program(&[named("main.f", TWO), named("main.g", ONE)])
    ));
    for other in [
        program(&[named("main.f", ONE)]),
        program(&[named("main.f", ONE), named("main.h", ONE)]),
        program(&[
            named("main.f", ONE),
            named("main.g", ONE),
            named("main.h", ONE),
        ]),
        program(&["main.f", "main.g"].map(|name| function(name, "example.com/p/other.go", ONE))),
        program(&[]),
    ] {
        assert!(!alike(&a, &other) && !alike(&other, &a));
    }
}

#[test]
fn code_that_is_not_there_stays_unclear() {
    let diff = |offset| {
        let place = Place {
            address: 0x1000,
            size: 32,
            offset,
        };
        let function = FunctionDiff {
            name: "main.main".into(),
            package: "main".into(),
            file: None,
            change: Change::Unclear,
            files: Vec::new(),
            differs_in: None,
            a: Some(place),
            b: Some(place),
        };
        let mut diff = FunctionsDiff {
            functions: vec![function],
            ..FunctionsDiff::default()
        };
        diff.counts.add(Change::Unclear);
        diff.settle();
        (diff.functions[0].change, diff.counts.changed)
    };
    assert_eq!(diff(0), (Change::Unclear, 0));
    assert_eq!(diff(0x400), (Change::Changed, 1));
}
